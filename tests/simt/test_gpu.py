"""Which operations have kernels, and what the others say."""

from __future__ import annotations

from typing import Any

import pytest

from maskmill import BackendUnavailableError, Masks, components, erode, trace
from maskmill.backend.contract import Backend
from maskmill.backend.gpu import Gpu
from tests.simt.backend import use_host_executor

WITHOUT_KERNELS = {"components", "dilate", "erode", "gather", "trace", "transpose"}


def test_all_other_operations_have_kernels() -> None:
    operations = {name for name in vars(Backend) if not name.startswith("_") and name != "name"}
    assert operations - set(vars(Gpu)) == WITHOUT_KERNELS


def erode_by_one(masks: Masks, **options: Any) -> Masks:
    return erode(masks, 1, **options)


@pytest.mark.parametrize("operation", [components, trace, erode_by_one])
def test_an_operation_without_a_kernel_says_so(operation: Any) -> None:
    if (state := use_host_executor()) != "available":
        pytest.skip(state)
    with pytest.raises(BackendUnavailableError, match="must have a kernel for it, got 'simt'"):
        operation(Masks.empty(), backend="simt")
