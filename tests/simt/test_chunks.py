"""Stacks whose bits exceed the scratch memory of a call are packed in chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from maskmill import Masks
from tests.oracles import Dense, masks_from_dense
from tests.simt.backend import HostCall, host_module
from tests.simt.build import usual_mode

LAYOUTS: dict[str, Callable[[Dense], npt.NDArray[Any]]] = {
    "rows": lambda a: a,
    "columns": np.asfortranarray,
    "wide values": lambda a: a.astype(np.int16),
}


def encode_in_chunks(dense: npt.NDArray[Any], most_words: int) -> Masks:
    simt = host_module(usual_mode())
    call = HostCall(simt)
    bounds, n_bounds, offsets, sizes = simt.encode(call.device, call.read(dense), most_words)
    return Masks(
        call.give(bounds, np.uint32, n_bounds),
        call.give(offsets, np.int64, len(dense) + 1),
        call.give(sizes, np.int32, len(dense), 2),
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("most_words", [0, 600, 1200, 10**6])
def test_chunks(layout: str, most_words: int) -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((5, 40, 300)) < np.array([0.5, 0, 1, 0.01, 0.9])[:, None, None]
    dense[4, :, 126:130] = True  # a run over the border of two chunks of columns
    assert encode_in_chunks(LAYOUTS[layout](dense), most_words) == masks_from_dense(list(dense))
