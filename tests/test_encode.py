from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import maskmill
from maskmill import decode, encode, to_coco_strings
from maskmill.backend.contract import BackendName
from tests.oracles import Dense, coco_rle, masks_from_dense
from tests.strategies import dense_masks, sizes, stacks

INTEGERS = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]

# Views that hold the values of a (N, H, W) array in other memory.
VIEWS: dict[str, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    "c": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "columns": lambda a: np.ascontiguousarray(a.transpose(0, 2, 1)).transpose(0, 2, 1),
    "masks last": lambda a: np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1),
    "reversed": lambda a: np.ascontiguousarray(a[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
    "reversed columns": lambda a: np.asfortranarray(a[:, ::-1, ::-1])[:, ::-1, ::-1],
    "every third": lambda a: np.ascontiguousarray(np.repeat(a, 3, 2))[:, :, ::3],
    "padded rows": lambda a: np.pad(a, ((0, 0), (0, 0), (3, 5)))[:, :, 3:-5],
    "padded columns": lambda a: np.asfortranarray(np.pad(a, ((0, 0), (3, 5), (0, 0))))[:, 3:-5],
    "unaligned": lambda a: unaligned(a),
}


def unaligned(a: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    buffer = np.zeros(a.nbytes + 1, np.uint8)
    view = buffer[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    assert view.size == 0 or a.itemsize == 1 or not view.flags.aligned
    return view


def some_values(dense: Dense, dtype: str, seed: int) -> npt.NDArray[np.generic]:
    """Any non-zero values where the mask is set, among them those whose low bytes are zero."""
    if dtype == "bool":
        return dense
    bits = 8 * np.dtype(dtype).itemsize
    power = np.random.default_rng(seed).integers(0, bits, dense.shape).astype(np.uint64)
    values = np.uint64(1) << power
    return np.where(dense, values, np.uint64(0)).astype(f"u{bits // 8}").view(dtype)


@st.composite
def one_size_stacks(draw: st.DrawFn) -> Dense:
    size = draw(sizes(80))
    n = draw(st.integers(0, 4))
    return np.array([draw(dense_masks(size)) for _ in range(n)], bool).reshape(n, *size)


@pytest.mark.parametrize("view", VIEWS)
@given(dense=one_size_stacks(), dtype=st.sampled_from(INTEGERS), seed=st.integers(0, 999))
def test_every_dtype_and_memory_order(
    backend: BackendName, view: str, dense: Dense, dtype: str, seed: int
) -> None:
    array = VIEWS[view](some_values(dense, dtype, seed))
    masks = encode(array, backend=backend)
    assert masks == masks_from_dense(list(dense))
    assert masks.bounds.dtype == np.uint32
    assert masks.offsets.dtype == np.int64
    assert masks.sizes.dtype == np.int32


@given(dense=one_size_stacks())
def test_decode_gives_back(backend: BackendName, dense: Dense) -> None:
    got = np.array(decode(encode(dense, backend=backend), backend=backend))
    np.testing.assert_array_equal(got.reshape(dense.shape), dense)


@given(dense=st.integers(1, 80).flatmap(lambda s: stacks(one_size=True, largest=s)))
def test_equals_pycocotools(backend: BackendName, dense: list[Dense]) -> None:
    if dense:
        masks = encode(np.array(dense), backend=backend)
        assert to_coco_strings(masks) == [coco_rle(d)["counts"] for d in dense]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_broadcast_axis(backend: BackendName, axis: int) -> None:
    shape = [5, 70, 90]
    shape[axis] = 1
    thin = np.random.default_rng(axis).random(shape) < 0.4
    dense = np.broadcast_to(thin, (5, 70, 90))
    assert encode(dense, backend=backend) == encode(dense.copy(), backend="numpy")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32"])
def test_larger_than_a_tile(backend: BackendName, view: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    dense = rng.random((3, 290, 150)) < np.array([0.5, 0.01, 1])[:, np.newaxis, np.newaxis]
    given = VIEWS[view](some_values(dense, dtype, 2))
    assert encode(given, backend=backend) == masks_from_dense(list(dense))


def test_every_non_zero_value_is_one_foreground(backend: BackendName) -> None:
    mixed = np.array([[1, 2], [255, 0]], np.uint8)
    np.testing.assert_array_equal(encode(mixed, backend=backend).bounds, [0, 3])


def test_foreign_byte_order(backend: BackendName) -> None:
    dense = np.array([[[0, 256, 0], [1, 0, 2]]])
    for dtype in (">i2", ">u4", ">i8", "<i2"):
        np.testing.assert_array_equal(
            encode(dense.astype(dtype), backend=backend).bounds, [1, 3, 5, 6]
        )


def test_two_dimensions_give_one_mask(backend: BackendName) -> None:
    masks = encode(np.ones((3, 4), bool), backend=backend)
    np.testing.assert_array_equal(masks.bounds, [0, 12])
    np.testing.assert_array_equal(masks.sizes, [[3, 4]])


def test_no_masks(backend: BackendName) -> None:
    for shape in [(0, 3, 4), (0, 0, 0), (0, 2**20, 2**20)]:
        masks = encode(np.zeros(shape, bool), backend=backend)
        assert len(masks) == 0
        assert masks.sizes.shape == (0, 2)


def test_read_only_input(backend: BackendName) -> None:
    dense = np.eye(9, dtype=np.uint8)
    dense.flags.writeable = False
    assert encode(dense, backend=backend) == masks_from_dense([np.eye(9, dtype=bool)])


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 70_000), (70_000, 1), (70_001, 3), (3, 70_001), (63, 129), (257, 511), (8, 64)],
)
@pytest.mark.parametrize("order", "CF")
def test_thin_and_long_shapes(backend: BackendName, height: int, width: int, order: str) -> None:
    rng = np.random.default_rng(height)
    dense = np.zeros((4, height, width), np.uint8)
    dense[1] = 7
    dense[2] = rng.random((height, width)) < 0.5
    dense[3, height // 3 : height // 2 + 1, width // 4 : width // 2 + 1] = 255
    expected = encode(dense, backend="numpy")
    array = np.asarray(dense, order="C") if order == "C" else VIEWS["columns"](dense)
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert encode(array, backend=backend) == expected


@pytest.mark.parametrize("dtype", INTEGERS)
def test_threads_share_a_mask(dtype: str) -> None:
    rng = np.random.default_rng(3)
    dense = np.zeros((2, 700, 1900), bool)
    dense[0] = rng.random(dense.shape[1:]) < 0.3
    dense[1, 100:] = True
    for order in ("c", "columns", "masks last"):
        array = VIEWS[order](some_values(dense, dtype, 4))
        expected = encode(dense, backend="numpy")
        for threads in (1, 2, 7):
            with maskmill.threads(threads):
                assert encode(array, backend="cpu") == expected


def test_input_is_not_written(backend: BackendName) -> None:
    dense = np.arange(60, dtype=np.int32).reshape(1, 6, 10) % 3
    before = dense.copy()
    encode(dense, backend=backend)
    np.testing.assert_array_equal(dense, before)


@pytest.mark.parametrize(
    ("dense", "error", "message"),
    [
        (np.zeros((2, 2), np.float32), TypeError, "dense must be boolean or integer, got float32"),
        (np.zeros((2, 2), object), TypeError, "dense must be boolean or integer, got object"),
        ([["a"]], TypeError, "dense must be boolean or integer, got <U1"),
        (np.zeros(4, bool), ValueError, r"dense must have shape \(H, W\) or .* got \(4,\)"),
        (np.zeros((1, 1, 2, 2), bool), ValueError, r"dense must have shape .* got \(1, 1, 2, 2\)"),
        (np.zeros((0, 4), bool), ValueError, "must be at least 1x1 .* height 0 and width 4"),
        (np.zeros((2, 4, 0), bool), ValueError, "must be at least 1x1 .* height 4 and width 0"),
        (
            np.broadcast_to(np.False_, (2**16, 2**16)),
            ValueError,
            r"below 2\*\*32 pixels, got height 65536 and width 65536",
        ),
    ],
)
def test_bad_input(
    backend: BackendName, dense: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"encode: .*{message}"):
        encode(dense, backend=backend)


def test_binding_refuses_what_the_door_converts() -> None:
    from maskmill import _core

    for dense in (np.zeros((1, 2, 2)), np.zeros((1, 2, 2), ">i2")):
        with pytest.raises(TypeError, match="dense must be boolean or integer in native byte"):
            _core.encode(dense, 1)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.encode([[[1]]], 1)  # type: ignore[arg-type]


def test_large_mask() -> None:
    dense = np.zeros((5000, 9000), np.uint8)
    dense[1000:4000, 1000:8000] = 1
    dense[:, 4000:4100] = 1
    masks = encode(dense)
    np.testing.assert_array_equal(decode(masks)[0], dense)


@pytest.mark.parametrize("n", [2, 16, 17, 40])
@pytest.mark.parametrize("axes", [(2, 0, 1), (2, 1, 0)])
def test_masks_between_one_another(n: int, axes: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(n).integers(0, 3, (9, 300, n), np.int16)
    stack = pixels.transpose(axes)
    whole = encode(np.ascontiguousarray(stack))
    assert encode(stack) == whole
    assert encode(stack[::-1, 1::2]) == encode(np.ascontiguousarray(stack[::-1, 1::2]))
