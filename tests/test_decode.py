from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import maskmill
from maskmill import Masks, decode, encode
from maskmill.backend.contract import BackendName
from tests.oracles import Dense, coco_rle, dense_from_masks, masks_from_dense
from tests.strategies import batches

Bytes = npt.NDArray[np.uint8]


def guarded(shape: tuple[int, ...]) -> Bytes:
    """Bytes that decoding must overwrite; whatever surrounds a view of them must stay."""
    return np.full(shape, 77, np.uint8)


# Writable views of shape (n, height, width), and the array that they are cut from.
OUTS = {
    "c": lambda n, h, w: (a := guarded((n, h, w)), a),
    "fortran": lambda n, h, w: (a := guarded((w, h, n)), a.T),
    "columns": lambda n, h, w: (a := guarded((n, w, h)), a.transpose(0, 2, 1)),
    "masks last": lambda n, h, w: (a := guarded((h, w, n)), a.transpose(2, 0, 1)),
    "reversed": lambda n, h, w: (a := guarded((n, h, w)), a[::-1, ::-1, ::-1]),
    "reversed columns": lambda n, h, w: (a := guarded((n, w, h)), a[:, ::-1, ::-1].swapaxes(1, 2)),
    "every third": lambda n, h, w: (a := guarded((n, h, 3 * w)), a[:, :, 1::3]),
    "every third row": lambda n, h, w: (a := guarded((n, 3 * h, w)), a[:, 1::3]),
    "padded rows": lambda n, h, w: (a := guarded((n, h, w + 8)), a[:, :, 3:-5]),
    "padded columns": lambda n, h, w: (a := guarded((n, w, h + 8)), a.transpose(0, 2, 1)[:, 3:-5]),
    "every other mask": lambda n, h, w: (a := guarded((2 * n, h, w)), a[::2]),
}  # fmt: skip


@pytest.mark.parametrize("out", OUTS)
@given(masks=batches(one_size=True, largest=80))
def test_out_of_every_stride(backend: BackendName, out: str, masks: Masks) -> None:
    dense = np.array(dense_from_masks(masks))
    shape = dense.shape if len(masks) else (0, 5, 6)
    whole, view = OUTS[out](*shape)
    assert decode(masks, out=view, backend=backend) is view
    np.testing.assert_array_equal(view, dense.reshape(shape))
    view[...] = 77
    assert (whole == 77).all()


@given(masks=batches(one_size=True, largest=80), kind=st.sampled_from([np.uint8, np.bool_]))
def test_new_array(backend: BackendName, masks: Masks, kind: type[np.generic]) -> None:
    got = decode(masks, dtype=kind, backend=backend)
    assert isinstance(got, np.ndarray)
    assert got.dtype == kind
    assert got.tobytes() == np.array(dense_from_masks(masks), np.uint8).tobytes()
    assert got.shape == ((len(masks), *masks.sizes[0]) if len(masks) else (0, 0, 0))


@given(masks=batches())
def test_sizes_that_differ_give_a_list(backend: BackendName, masks: Masks) -> None:
    got = decode(masks, backend=backend)
    assert isinstance(got, list) == (len(np.unique(masks.sizes, axis=0)) > 1)
    for one, expected in zip(got, dense_from_masks(masks), strict=True):
        assert one.dtype == np.uint8
        np.testing.assert_array_equal(one, expected)


@given(masks=batches())
def test_equals_pycocotools(backend: BackendName, masks: Masks) -> None:
    from pycocotools import mask

    for got, dense in zip(decode(masks, backend=backend), dense_from_masks(masks), strict=True):
        np.testing.assert_array_equal(got, mask.decode(coco_rle(dense)))


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 70_000), (70_000, 1), (70_001, 3), (3, 70_001), (63, 129), (257, 511), (8, 64)],
)
@pytest.mark.parametrize("out", ["c", "columns", "masks last"])
def test_thin_and_long_shapes(backend: BackendName, height: int, width: int, out: str) -> None:
    rng = np.random.default_rng(width)
    dense = np.zeros((4, height, width), bool)
    dense[1] = True
    dense[2] = rng.random((height, width)) < 0.5
    dense[3, height // 3 : height // 2 + 1, width // 4 : width // 2 + 1] = True
    masks = encode(dense, backend="numpy")
    for threads in (1, 2, 7):
        _, view = OUTS[out](*dense.shape)
        with maskmill.threads(threads):
            decode(masks, out=view, backend=backend)
        np.testing.assert_array_equal(view, dense)


@pytest.mark.parametrize("out", OUTS)
def test_larger_than_a_tile(backend: BackendName, out: str) -> None:
    rng = np.random.default_rng(1)
    dense = rng.random((3, 290, 150)) < np.array([0.5, 0.01, 1])[:, np.newaxis, np.newaxis]
    _, view = OUTS[out](*dense.shape)
    decode(masks_from_dense(list(dense)), out=view, backend=backend)
    np.testing.assert_array_equal(view, dense)


@pytest.mark.parametrize("noise", [0.3, 0.001])
@pytest.mark.parametrize("out", ["c", "columns", "masks last", "padded rows", "reversed"])
def test_threads_share_a_mask(out: str, noise: float) -> None:
    # Much noise is cut into strips of columns, little into bands of rows.
    rng = np.random.default_rng(3)
    dense = np.zeros((3, 700, 1900), bool)
    dense[0] = rng.random(dense.shape[1:]) < noise
    dense[1, 100:] = True
    dense[2, 300:400, 1000:1100] = True
    masks = encode(dense, backend="numpy")
    for threads in (1, 2, 7):
        whole, view = OUTS[out](*dense.shape)
        with maskmill.threads(threads):
            decode(masks, out=view)
        np.testing.assert_array_equal(view, dense)
        view[...] = 77
        assert (whole == 77).all()


def test_large_mask() -> None:
    dense = np.zeros((1, 5000, 9000), bool)
    dense[0, 1000:4000, 1000:8000] = True
    dense[0, :, 4000:4100] = True
    np.testing.assert_array_equal(decode(encode(dense, backend="numpy")), dense)


ONE = masks_from_dense([np.eye(3, dtype=bool)])
TWO_SIZES = masks_from_dense([np.eye(3, dtype=bool), np.eye(4, dtype=bool)])


def bools(*shape: int) -> Dense:
    return np.zeros(shape, bool)


def read_only() -> Dense:
    out = np.zeros((1, 3, 3), bool)
    out.flags.writeable = False
    return out


@pytest.mark.parametrize(
    ("masks", "out", "dtype", "error", "message"),
    [
        (ONE, np.zeros((1, 3, 3), "i1"), None, TypeError, "dtype must be uint8 or bool, got int8"),
        (ONE, None, np.float32, TypeError, "dtype must be uint8 or bool, got float32"),
        (ONE, bools(1, 3, 3), np.uint8, TypeError, "out must be an array of uint8, got bool"),
        (ONE, bools(3, 3), None, ValueError, r"out must have shape \(1, 3, 3\), got \(3, 3\)"),
        (ONE, bools(1, 3, 4), None, ValueError, r"out must have shape .* got \(1, 3, 4\)"),
        (ONE, bools(2, 3, 3), None, ValueError, r"out must have shape .* got \(2, 3, 3\)"),
        (ONE, read_only(), None, ValueError, "out must be writeable, got a read-only array"),
        (
            ONE,
            np.lib.stride_tricks.as_strided(np.zeros(3, bool), (1, 3, 3), (0, 0, 1)),
            None,
            ValueError,
            r"out must not overlap itself, got strides \(0, 0, 1\)",
        ),
        (TWO_SIZES, bools(2, 4, 4), None, ValueError, "masks must have one size when out is given"),
        (ONE, [[[0]]], np.uint8, TypeError, "out must be an array of uint8 or bool, got list"),
        (ONE, [[[0]]], None, TypeError, "out must be an array of uint8 or bool, got list"),
        ([ONE], None, None, TypeError, "masks must be Masks, got list"),
    ],
)
def test_bad_input(
    backend: BackendName,
    masks: Masks,
    out: Dense | None,
    dtype: npt.DTypeLike,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=f"decode: {message}"):
        decode(masks, out=out, dtype=dtype, backend=backend)


def test_binding_refuses_what_it_cannot_write() -> None:
    from maskmill import _core

    with pytest.raises(TypeError, match="out must be uint8 or bool"):
        _core.decode(ONE.bounds, ONE.offsets, np.zeros((1, 3, 3), np.int8), 1)
    with pytest.raises(ValueError, match="out must have shape"):
        _core.decode(ONE.bounds, ONE.offsets, np.zeros((2, 3, 3), np.uint8), 1)
    with pytest.raises(ValueError, match="not writeable"):
        _core.decode(ONE.bounds, ONE.offsets, read_only(), 1)
