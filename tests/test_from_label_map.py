from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import maskmill
from maskmill import from_label_map, label_map
from maskmill.backend.contract import BackendName
from tests.oracles import dense_from_masks
from tests.strategies import sizes

Array = npt.NDArray[Any]
THREADS: dict[BackendName, tuple[int, ...]] = {"cpu": (1, 2, 7)}
INTEGERS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")


@st.composite
def maps(draw: st.DrawFn, dtype: str = "i4") -> Array:
    """A stack of label maps: few labels or many, in patches or as noise."""
    n = draw(st.integers(0, 3))
    height, width = draw(st.one_of(sizes(24), st.tuples(st.integers(1, 5), st.integers(60, 200))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = draw(st.sampled_from([1, 2, 5, 100]))
    patch = draw(st.sampled_from([1, 4, 30]))
    low = -(labels // 2) if np.dtype(dtype).kind == "i" else 0
    coarse = rng.integers(low, low + labels, (n, height // patch + 1, width // patch + 1))
    fine = coarse.repeat(patch, axis=1).repeat(patch, axis=2)
    return np.ascontiguousarray(fine[:, :height, :width]).astype(dtype)


def check(found: maskmill.LabelledMasks, stack: Array, ignore: tuple[int, ...]) -> None:
    """Compare with one comparison a label."""
    dense = dense_from_masks(found.masks)
    assert found.labels.dtype == np.int64
    assert found.groups.dtype == np.int64
    assert found.groups[0] == 0
    assert len(found.groups) == len(stack) + 1
    assert found.groups[-1] == len(found.masks) == len(found.labels)
    for n, one in enumerate(stack):
        expected = [label for label in np.unique(one).tolist() if label not in ignore]
        own = slice(found.groups[n], found.groups[n + 1])
        assert found.labels[own].tolist() == expected
        for label, mask in zip(expected, dense[own], strict=True):
            np.testing.assert_array_equal(mask, one == label)


@given(data=st.data(), stack=maps())
def test_one_mask_a_label(backend: BackendName, data: st.DataObject, stack: Array) -> None:
    ignore = data.draw(st.sampled_from([(), (0,), (0, 1), (-1, 2, 7)]))
    check(from_label_map(stack, ignore=ignore, backend=backend), stack, ignore)


@pytest.mark.parametrize("dtype", INTEGERS)
@given(data=st.data())
def test_every_dtype_and_layout(backend: BackendName, dtype: str, data: st.DataObject) -> None:
    stack = data.draw(maps(dtype))
    wide = np.repeat(np.repeat(stack, 2, axis=1), 3, axis=2)
    unaligned = np.zeros((*stack.shape,), np.dtype([("pad", "u1"), ("label", dtype)]))
    unaligned["label"] = stack
    layouts = {
        "C": stack,
        "Fortran": np.asfortranarray(stack),
        "column-major": np.ascontiguousarray(stack.transpose(0, 2, 1)).transpose(0, 2, 1),
        "row-gaps": wide[:, ::2, ::3],
        "upside down": np.ascontiguousarray(stack[:, ::-1])[:, ::-1],
        "mirrored": np.ascontiguousarray(stack[:, :, ::-1])[:, :, ::-1],
        "turned": np.ascontiguousarray(stack[::-1, ::-1, ::-1])[::-1, ::-1, ::-1],
        "mirrored columns": np.asfortranarray(stack[:, :, ::-1])[:, :, ::-1],
        "unaligned": unaligned["label"],
        "other byte order": stack.astype(stack.dtype.newbyteorder()),
    }
    expected = from_label_map(stack, backend="numpy")
    check(expected, stack, (0,))
    for layout in layouts.values():
        layout.flags.writeable = False
        for threads in THREADS.get(backend, (1,)):
            with maskmill.threads(threads):
                found = from_label_map(layout, backend=backend)
            assert found.masks == expected.masks
            np.testing.assert_array_equal(found.labels, expected.labels)
            np.testing.assert_array_equal(found.groups, expected.groups)


@given(stack=maps())
def test_painting_the_masks_gives_the_map(backend: BackendName, stack: Array) -> None:
    found = from_label_map(stack, ignore=(), backend=backend)
    again = label_map(
        found.masks,
        found.labels,
        groups=found.groups,
        sizes=stack.shape[1:],
        dtype=stack.dtype,
        backend=backend,
    )
    assert isinstance(again, np.ndarray)
    np.testing.assert_array_equal(again, stack if len(stack) else np.zeros((0, 0, 0), np.int32))


def test_one_map(backend: BackendName) -> None:
    found = from_label_map(np.array([[0, 5, 5], [9, 9, 5]]), backend=backend)
    assert found.labels.tolist() == [5, 9]
    assert found.groups.tolist() == [0, 2]
    assert found.masks.bounds.tolist() == [2, 3, 4, 6, 1, 2, 3, 4]
    assert found.masks.sizes.tolist() == [[2, 3], [2, 3]]


def test_a_run_goes_on_in_the_next_column(backend: BackendName) -> None:
    found = from_label_map(np.full((300, 300), 4, np.uint8), backend=backend)
    assert found.masks.bounds.tolist() == [0, 90_000]


def test_bool_maps_and_scalar_ignore(backend: BackendName) -> None:
    found = from_label_map(np.eye(2, dtype=bool), backend=backend)
    assert found.labels.tolist() == [1]
    assert from_label_map(np.eye(2, dtype=bool), ignore=1, backend=backend).labels.tolist() == [0]


def test_extreme_labels_sort_as_numbers(backend: BackendName) -> None:
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    found = from_label_map(np.array([[high, low, -1, 0, 1]]), ignore=(high,), backend=backend)
    assert found.labels.tolist() == [low, -1, 0, 1]
    unsigned = np.array([[2**63 - 1, 0, 2**32]], np.uint64)
    assert from_label_map(unsigned, ignore=(), backend=backend).labels.tolist() == [
        0,
        2**32,
        2**63 - 1,
    ]


def test_labels_of_all_bits_in_many_maps(backend: BackendName) -> None:
    # A label and the number of its map have more than 64 bits together.
    extremes = np.array([np.iinfo(np.int64).min, -1, 0, np.iinfo(np.int64).max])
    stack = extremes[np.random.default_rng(3).integers(0, 4, (300, 3, 2))]
    check(from_label_map(stack, ignore=(0,), backend=backend), stack, (0,))


def test_every_pixel_its_own_label(backend: BackendName) -> None:
    side = 600 if backend == "cpu" else 90
    labels = np.random.default_rng(0).permutation(side**2).reshape(side, side).astype(np.int32)
    expected = np.delete(np.argsort(labels.T.reshape(-1)), 7)
    for threads in THREADS.get(backend, (1,)):
        with maskmill.threads(threads):
            found = from_label_map(labels, ignore=(7,), backend=backend)
        np.testing.assert_array_equal(found.masks.bounds[::2], expected)
        np.testing.assert_array_equal(found.masks.bounds[1::2], expected + 1)


def test_large_maps_on_many_threads(backend: BackendName) -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 40, (3, 13, 19)).astype(np.uint16)
    down, across = (61, 97) if backend == "cpu" else (7, 11)
    stack = coarse.repeat(down, axis=1).repeat(across, axis=2)
    stack[1] = 3  # every piece but the first starts without a run
    expected = from_label_map(stack, backend="numpy")
    for threads in THREADS.get(backend, (1,)):
        with maskmill.threads(threads):
            for layout in (stack, np.asfortranarray(stack)):
                found = from_label_map(layout, backend=backend)
                assert found.masks == expected.masks
                np.testing.assert_array_equal(found.labels, expected.labels)
                np.testing.assert_array_equal(found.groups, expected.groups)


def test_areas_and_boxes_equal_scikit_image(backend: BackendName) -> None:
    from skimage.measure import regionprops

    rng = np.random.default_rng(2)
    labels = rng.integers(0, 9, (8, 11)).repeat(7, axis=0).repeat(5, axis=1)
    found = from_label_map(labels, backend=backend)
    regions = regionprops(labels)  # type: ignore[no-untyped-call]
    assert found.labels.tolist() == [r.label for r in regions]
    assert maskmill.area(found.masks, backend=backend).tolist() == [r.area for r in regions]
    boxes = maskmill.bbox(found.masks, format="xyxy", backend=backend)
    assert boxes.tolist() == [[r.bbox[k] for k in (1, 0, 3, 2)] for r in regions]


def test_no_maps(backend: BackendName) -> None:
    for shape in ((0, 4, 5), (0, 0, 0)):
        found = from_label_map(np.zeros(shape, np.int32), backend=backend)
        assert len(found.masks) == len(found.labels) == 0
        assert found.groups.tolist() == [0]


@pytest.mark.parametrize(
    ("given_map", "ignore", "error", "message"),
    [
        (np.zeros((2, 2)), (0,), TypeError, "label_map must be integers, got float64"),
        (np.zeros(3, int), (0,), ValueError, r"shape \(H, W\) or \(N, H, W\), got \(3,\)"),
        (np.zeros((1, 1, 1, 1), int), (0,), ValueError, "must have shape"),
        (np.zeros((0, 3), int), (0,), ValueError, "at least 1 and fewer than"),
        (np.array([[2**63]], np.uint64), (0,), ValueError, "below 2"),
        (np.zeros((2, 2), int), (0.5,), TypeError, "ignore must be integers, got float64"),
        (np.zeros((2, 2), int), (2**63,), ValueError, "ignore must be below"),
        (np.zeros((2, 2), int), None, TypeError, "ignore must be integers, got object"),
    ],
)
def test_bad_input(
    backend: BackendName,
    given_map: Array,
    ignore: object,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match="from_label_map: .*" + message):
        from_label_map(given_map, ignore=ignore, backend=backend)


def test_more_pixels_than_positions(backend: BackendName) -> None:
    huge = np.broadcast_to(np.uint8(0), (2**16, 2**16))
    with pytest.raises(ValueError, match=r"fewer than 2\*\*32 pixels"):
        from_label_map(huge, backend=backend)
