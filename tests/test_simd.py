"""Every vector instruction set that runs here gives the bits of the array program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import (
    Masks,
    _core,
    decode,
    encode,
    from_coco_strings,
    from_counts,
    to_coco_strings,
    to_counts,
)
from tests.strategies import batches
from tests.test_decode import OUTS
from tests.test_encode import INTEGERS, VIEWS, some_values

LEVELS = _core.simd_levels()


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    _core.force_simd(request.param)
    yield request.param
    _core.force_simd(LEVELS[-1])


def test_the_portable_level_is_always_there() -> None:
    assert LEVELS[0] == "portable"


@pytest.mark.usefixtures("level")
@given(masks=batches(one_size=True, largest=300), dtype=st.sampled_from(INTEGERS))
def test_encode_and_decode(masks: Masks, dtype: str) -> None:
    dense = np.array(decode(masks, dtype=bool, backend="numpy"))
    for view in ("c", "columns", "every third"):
        again = encode(VIEWS[view](some_values(dense, dtype, 1)), backend="cpu")
        assert again == encode(dense, backend="numpy")
    for out in ("c", "columns", "padded rows", "every third"):
        whole, view_of_it = OUTS[out](*dense.shape)
        decode(masks, out=view_of_it, backend="cpu")
        np.testing.assert_array_equal(view_of_it, dense)
        view_of_it[...] = 77
        assert (whole == 77).all()


@pytest.mark.usefixtures("level")
@given(masks=batches(largest=300))
def test_counts_and_strings(masks: Masks) -> None:
    counts = to_counts(masks, backend="cpu")
    for got, expected in zip(counts, to_counts(masks, backend="numpy"), strict=True):
        np.testing.assert_array_equal(got, expected)
    strings = to_coco_strings(masks, backend="cpu")
    assert strings == to_coco_strings(masks, backend="numpy")
    assert from_counts(counts, masks.sizes, backend="cpu") == masks
    assert from_coco_strings(strings, masks.sizes, backend="cpu") == masks


@pytest.mark.usefixtures("level")
def test_results_larger_than_the_caches() -> None:
    rng = np.random.default_rng(8)
    dense = np.zeros((3, 2311, 2501), bool)
    dense[0, 200:2000, 1000:2200] = rng.random((1800, 1200)) < 0.1
    dense[1, :, 64:128] = dense[1, 7] = True
    dense[2, 30:] = True
    masks = encode(dense, backend="numpy")
    for out in ("c", "columns", "padded rows", "padded columns", "every other mask"):
        whole, view = OUTS[out](*dense.shape)
        for threads in (1, 7):
            with maskmill.threads(threads):
                view[...] = 77
                decode(masks, out=view, backend="cpu")
                np.testing.assert_array_equal(view, dense)
                assert encode(view, backend="cpu") == masks
        view[...] = 77
        assert (whole == 77).all()


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match=r"level must be one of simd_levels\(\), got 'mmx'"):
        _core.force_simd("mmx")


@pytest.mark.parametrize("level", LEVELS)
def test_the_environment_names_a_level(level: str) -> None:
    code = "from maskmill import _core; print(_core.simd_level())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MASKMILL_SIMD": level},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == level
