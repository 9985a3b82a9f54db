"""Every way in which the GPU counts common pixels, on the host executor."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import maskmill
from maskmill import Masks
from maskmill.backend.dispatch import backend_for
from tests.simt.backend import HostCall, host_module, use_host_executor
from tests.simt.build import usual_mode

METHODS = ("walk", "popcount", "binary_mma")
RNG = np.random.default_rng(4)
CROWD = RNG.random(70) < 0.5


def shapes(n: int, size: tuple[int, int]) -> Masks:
    """Empty and full masks, noise and discs."""
    y, x = np.mgrid[: size[0], : size[1]]
    stack = RNG.random((n, *size)) < RNG.random(n).reshape(n, 1, 1)
    for mask in stack[::2]:
        cy, cx = RNG.random(2) * size
        mask[...] = np.hypot(y - cy, x - cx) < RNG.uniform(1, max(size))
    stack[1::5] = False
    stack[2::5] = True
    return maskmill.encode(stack, backend="numpy")


def measure(
    name: str, a: Masks, b: Masks, groups: tuple[list[int], list[int]], **options: Any
) -> npt.NDArray[Any]:
    call = HostCall(host_module(usual_mode()))
    columns = [getattr(masks, c) for masks in (a, b) for c in ("bounds", "offsets", "sizes")]
    crowd = call.read(CROWD[: len(b)]) if name == "iou" else None
    out, n_pairs = host_module(usual_mode()).measure_pairs(
        call.device,
        *(call.read(column) for column in columns),
        *(call.read(np.array(offsets, np.int64)) for offsets in groups),
        name,
        crowd,
        **options,
    )
    return call.give(out, np.int64 if name == "intersection_area" else np.float64, n_pairs)


def expected(
    name: str, a: Masks, b: Masks, groups: tuple[list[int], list[int]]
) -> npt.NDArray[Any]:
    crowd = (CROWD[: len(b)],) if name == "iou" else ()
    offsets = (np.array(offsets, np.int64) for offsets in groups)
    result: npt.NDArray[Any] = getattr(backend_for("numpy"), name)(a, b, *offsets, *crowd)
    return result


@pytest.fixture(autouse=True)
def _executor() -> None:
    if (state := use_host_executor()) != "available":
        pytest.skip(state)


@pytest.mark.parametrize("name", ["intersection_area", "iou", "dice"])
@pytest.mark.parametrize("method", METHODS)
def test_methods_on_groups(method: str, name: str) -> None:
    a, b = shapes(9, (37, 41)), shapes(14, (37, 41))
    groups = [0, 0, 3, 9, 9], [0, 2, 5, 13, 14]
    got = measure(name, a, b, groups, method=method)
    assert got.tobytes() == expected(name, a, b, groups).tobytes()


@pytest.mark.parametrize("method", METHODS[1:])
def test_words_in_chunks(method: str) -> None:
    a, b = shapes(4, (37, 41)), shapes(7, (37, 41))
    groups = [0, 4], [0, 7]
    whole = expected("intersection_area", a, b, groups)
    for chunk_words in (4, 36):
        got = measure("intersection_area", a, b, groups, method=method, chunk_words=chunk_words)
        np.testing.assert_array_equal(got, whole)


@pytest.mark.parametrize("method", METHODS[1:])
def test_more_masks_than_a_tile(method: str) -> None:
    a, b = shapes(140, (8, 9)), shapes(70, (8, 9))
    groups = [0, 140], [0, 70]
    got = measure("intersection_area", a, b, groups, method=method)
    np.testing.assert_array_equal(got, expected("intersection_area", a, b, groups))


@pytest.mark.parametrize("method", METHODS[1:])
def test_words_shared_by_blocks(method: str) -> None:
    a, b = shapes(3, (80, 81)), shapes(5, (80, 81))
    groups = [0, 3], [0, 5]
    got = measure("intersection_area", a, b, groups, method=method)
    np.testing.assert_array_equal(got, expected("intersection_area", a, b, groups))


def test_bits_are_chosen_for_many_pairs_of_noise() -> None:
    masks = maskmill.encode(RNG.random((60, 20, 20)) < 0.5, backend="numpy")
    groups = [0, 60], [0, 60]
    got = measure("intersection_area", masks, masks, groups)
    np.testing.assert_array_equal(got, expected("intersection_area", masks, masks, groups))
