from __future__ import annotations

from typing import Any, Literal

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import maskmill
from maskmill import Masks, label_map
from maskmill.backend.contract import BackendName
from tests.oracles import Dense, dense_from_masks, masks_from_dense
from tests.strategies import batches, stacks

Array = npt.NDArray[Any]
Order = Literal["input", "area", "score"]
ORDERS: tuple[Order, ...] = ("input", "area", "score")
WIDTHS = (1, 2, 63, 64, 65, 127, 128, 130, 300)


def painted(
    stack: list[Dense],
    labels: list[int],
    size: tuple[int, int],
    key: list[float],
    *,
    first: bool = False,
    background: int = 0,
) -> Array:
    """Paint in the order of the key, mask by mask."""
    out = np.full(size, background, np.int64)
    order = sorted(range(len(stack)), key=lambda i: key[i])  # stable
    for i in reversed(order) if first else order:
        out[stack[i]] = labels[i]
    return out


@given(data=st.data(), stack=stacks(one_size=True))
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("overlap", ["last", "first"])
def test_paints_as_dense_loops_do(
    backend: BackendName,
    order: Order,
    overlap: Literal["last", "first"],
    data: st.DataObject,
    stack: list[Dense],
) -> None:
    size = stack[0].shape if stack else (3, 5)
    n = len(stack)
    labels = data.draw(st.lists(st.integers(-300, 70_000), min_size=n, max_size=n))
    scores = data.draw(st.lists(st.sampled_from([-1.5, 0.0, 0.25, 3.0]), min_size=n, max_size=n))
    background = data.draw(st.sampled_from([0, 255, -1]))
    key: list[float] = {
        "input": [0.0] * n,
        "area": [-float(d.sum()) for d in stack],
        "score": scores,
    }[order]
    got = label_map(
        masks_from_dense(stack),
        np.array(labels, np.int64),
        order=order,
        scores=scores,
        overlap=overlap,
        background=background,
        sizes=(size[0], size[1]),
        backend=backend,
    )
    expected = painted(
        stack, labels, (size[0], size[1]), key, first=overlap == "first", background=background
    )
    assert isinstance(got, np.ndarray)
    np.testing.assert_array_equal(got, expected)


@given(data=st.data(), masks=batches())
def test_groups_of_any_size_and_empty_ones(
    backend: BackendName, data: st.DataObject, masks: Masks
) -> None:
    # One group a mask, and empty groups of their own size in between.
    groups, sizes = [0], []
    for i in range(len(masks)):
        for _ in range(data.draw(st.integers(0, 2))):
            groups.append(i)
            sizes.append((2, 3))
        groups.append(i + 1)
        sizes.append(tuple(masks.sizes[i].tolist()))
    got = label_map(
        masks,
        np.arange(len(masks)) + 1,
        groups=groups,
        sizes=np.array(sizes, np.int32).reshape(-1, 2),
        background=9,
        dtype=np.int16,
        backend=backend,
    )
    dense = dense_from_masks(masks)
    assert len(got) == len(sizes)
    for g, size in enumerate(sizes):
        expected = np.full(size, 9, np.int16)
        if groups[g + 1] > groups[g]:
            expected[dense[groups[g]]] = groups[g] + 1
        assert got[g].dtype == np.int16
        np.testing.assert_array_equal(got[g], expected)


@given(masks=batches(one_size=True), data=st.data())
def test_backends_agree_on_any_number_of_threads(masks: Masks, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(masks)))
    labels = np.arange(len(masks)) + 1
    groups = [0, cut, cut, len(masks)]
    size = masks.sizes[0] if len(masks) else (24, 24)
    reference = label_map(masks, labels, groups=groups, sizes=size, backend="numpy")
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            got = label_map(masks, labels, groups=groups, sizes=size, backend="cpu")
        assert isinstance(got, np.ndarray)
        np.testing.assert_array_equal(got, reference)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_dtype_at_every_word_boundary(backend: BackendName, width: int, dtype: str) -> None:
    rng = np.random.default_rng(width)
    stack = [rng.random((37, width)) < p for p in (0.02, 0.5, 0.97)]
    stack.append(np.ones((37, width), bool))
    stack[-1][5:-4, width // 3 : -1] = False
    labels = [1, 2, 3, 127]
    got = label_map(masks_from_dense(stack), labels, dtype=dtype, background=5, backend=backend)
    assert isinstance(got, np.ndarray)
    assert got.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(got, painted(stack, labels, (37, width), [0.0] * 4, background=5))


def discs(n: int, height: int, width: int, radius: int, seed: int = 0) -> Masks:
    """Masks of round shapes anywhere, made without an operation under test."""
    rng = np.random.default_rng(seed)
    bounds: list[int] = []
    offsets = [0]
    for y, x in zip(rng.integers(0, height, n), rng.integers(0, width, n), strict=True):
        reach = int(rng.integers(1, radius + 1))
        for column in range(max(0, x - reach), min(width, x + reach + 1)):
            half = int((reach**2 - (column - x) ** 2) ** 0.5)
            start = column * height + max(0, int(y) - half)
            stop = column * height + min(height, int(y) + half + 1)
            if len(bounds) > offsets[-1] and bounds[-1] == start:
                bounds[-1] = stop
            else:
                bounds += [start, stop]
        offsets.append(len(bounds))
    return Masks(
        np.array(bounds, np.uint32),
        np.array(offsets, np.int64),
        np.tile(np.array([height, width], np.int32), (n, 1)),
    )


@pytest.mark.parametrize(
    ("n", "height", "width", "radius"),
    [
        (20, 300, 5000, 150),  # several tiles of columns
        (3, 70_000, 40, 300),  # several tiles of rows
        (400, 1030, 300, 300),  # more flips than one pass holds
        (1, 1, 100_000, 3),
        (1, 100_000, 1, 3),
    ],
)
def test_large_maps_equal_the_reference(n: int, height: int, width: int, radius: int) -> None:
    masks = discs(n, height, width, radius)
    full = Masks(
        np.array([0, height * width], np.uint32),
        np.array([0, 2]),
        np.array([[height, width]], np.int32),
    )
    both = Masks.concatenate([full, masks])
    labels = np.arange(n + 1) + 1
    reference = label_map(both, labels, backend="numpy")
    found = maskmill.from_label_map(reference, backend="numpy")
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            got = label_map(both, labels, backend="cpu")
            assert isinstance(got, np.ndarray)
            np.testing.assert_array_equal(got, reference)
            again = maskmill.from_label_map(reference, backend="cpu")
        assert again.masks == found.masks
        np.testing.assert_array_equal(again.labels, found.labels)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([0, 255], np.uint8),
        ([1, 256], np.uint16),
        ([65535], np.uint16),
        ([65536], np.int32),
        ([2**31 - 1], np.int32),
        ([2**31], np.int64),
        ([-1], np.int32),
        ([-(2**31) - 1], np.int64),
        ([2**63 - 1], np.int64),
        ([], np.uint8),
    ],
)
def test_the_smallest_dtype_that_holds_all(
    backend: BackendName, labels: list[int], dtype: type[np.integer[Any]]
) -> None:
    masks = masks_from_dense([np.eye(1, len(labels), k, bool) for k in range(len(labels))])
    got = label_map(masks, labels, sizes=(1, max(1, len(labels))), backend=backend)
    assert isinstance(got, np.ndarray)
    assert got.dtype == dtype
    assert got.tolist() == [labels or [0]]


def test_ten_thousand_instances_are_not_wrapped(backend: BackendName) -> None:
    n = 10_000
    position = np.arange(n, dtype=np.uint32)
    masks = Masks(
        np.stack([position, position + 1], axis=1).reshape(-1),
        2 * np.arange(n + 1),
        np.tile(np.array([100, 100], np.int32), (n, 1)),
    )
    got = label_map(masks, np.arange(n) + 1, backend=backend)
    assert isinstance(got, np.ndarray)
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got.T.reshape(-1), np.arange(n) + 1)


def test_more_masks_than_threads_of_a_block(backend: BackendName) -> None:
    rng = np.random.default_rng(4)
    stack = [np.zeros((70, 140), bool) for _ in range(300)]
    for mask in stack:
        y, x = rng.integers(0, 60), rng.integers(0, 130)
        mask[y : y + rng.integers(1, 40), x : x + rng.integers(1, 60)] = True
    labels = rng.integers(1, 1000, 300).tolist()
    masks = masks_from_dense(stack)
    expected = [painted(stack[:3], labels[:3], (70, 140), [0] * 3)]
    expected.append(painted(stack[3:], labels[3:], (70, 140), [0] * 297))
    found = label_map(masks, labels, groups=[0, 3, 300], backend=backend)
    np.testing.assert_array_equal(found, expected)


def test_no_masks_and_no_groups(backend: BackendName) -> None:
    one = label_map(Masks.empty(), [], sizes=(2, 3), background=7, backend=backend)
    assert isinstance(one, np.ndarray)
    np.testing.assert_array_equal(one, np.full((2, 3), 7, np.uint8))
    none = label_map(Masks.empty(), [], groups=[0], backend=backend)
    assert isinstance(none, np.ndarray)
    assert none.shape == (0, 0, 0)
    two = label_map(Masks.empty(), [], groups=[0, 0, 0], sizes=(1, 2), backend=backend)
    assert isinstance(two, np.ndarray)
    assert two.tolist() == [[[0, 0]], [[0, 0]]]


ONE = masks_from_dense([np.eye(2, dtype=bool)])
TWO = masks_from_dense([np.eye(2, dtype=bool), np.ones((2, 2), bool)])
MIXED = masks_from_dense([np.eye(2, dtype=bool), np.ones((3, 2), bool)])


@pytest.mark.parametrize(
    ("masks", "labels", "options", "error", "message"),
    [
        ([], [1], {}, TypeError, "label_map: masks must be Masks, got list"),
        (ONE, [1.5], {}, TypeError, "labels must be integers, got float64"),
        (ONE, [1, 2], {}, ValueError, r"labels must have shape \(1,\), got \(2,\)"),
        (ONE, np.array([2**63], np.uint64), {}, ValueError, "labels must be below"),
        (
            TWO,
            [0, 300],
            {"dtype": np.uint8},
            ValueError,
            "labels must fit uint8, got 300 at mask 1",
        ),
        (TWO, [-1, 3], {"dtype": "u8"}, ValueError, "labels must fit uint64, got -1 at mask 0"),
        (ONE, [1], {"dtype": np.int8, "background": 200}, ValueError, "background must fit int8"),
        (ONE, [1], {"background": 2**63}, ValueError, "background must fit int64"),
        (ONE, [1], {"background": 0.5}, TypeError, "background must be an integer, got float"),
        (ONE, [1], {"dtype": float}, TypeError, "dtype must be an integer type"),
        (ONE, [1], {"dtype": ">u2"}, TypeError, "byte order, got >u2"),
        (ONE, [1], {"order": "size"}, ValueError, "order must be one of"),
        (ONE, [1], {"overlap": "mix"}, ValueError, "overlap must be one of"),
        (ONE, [1], {"order": "score"}, ValueError, "scores must be given"),
        (ONE, [1], {"order": "score", "scores": [1, 2]}, ValueError, "scores must have shape"),
        (ONE, [1], {"order": "score", "scores": ["a"]}, TypeError, "scores must be numbers"),
        (
            TWO,
            [1, 2],
            {"order": "score", "scores": [1, np.nan]},
            ValueError,
            "scores must be finite, got nan at mask 1",
        ),
        (MIXED, [1, 2], {}, ValueError, r"one size inside a group, got \(3, 2\) at mask 1"),
        (Masks.empty(), [], {}, ValueError, "sizes must be given .* got none for image 0"),
        (ONE, [1], {"groups": [0, 0, 1]}, ValueError, "sizes must be given .* for image 0"),
        (ONE, [1], {"groups": [0, 2]}, ValueError, "groups must run from 0"),
        (ONE, [1], {"sizes": (3, 2)}, ValueError, "one size inside a group"),
    ],
)
def test_bad_input(
    backend: BackendName,
    masks: Masks,
    labels: object,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        label_map(masks, labels, **options, backend=backend)


def test_labels_outside_the_default_range_with_a_background(backend: BackendName) -> None:
    # A dtype without 0 in use: the background is one of the values that must fit.
    got = label_map(ONE, [250], background=251, dtype=np.uint8, backend=backend)
    assert isinstance(got, np.ndarray)
    assert got.tolist() == [[250, 251], [251, 250]]


@given(data=st.data(), stack=stacks(one_size=True))
def test_overlap_raise(backend: BackendName, data: st.DataObject, stack: list[Dense]) -> None:
    # Two groups with an empty one between them: only pixels shared inside a group count.
    cut = data.draw(st.integers(0, len(stack)))
    size = stack[0].shape if stack else (3, 5)
    shared = [
        int(np.sum([d.astype(int) for d in part], axis=0).sum() - np.any(part, axis=0).sum())
        if part
        else 0
        for part in (stack[:cut], [], stack[cut:])
    ]

    def paint() -> object:
        return label_map(
            masks_from_dense(stack),
            np.arange(len(stack)) + 1,
            overlap="raise",
            groups=[0, cut, cut, len(stack)],
            sizes=size,
            backend=backend,
        )

    if any(shared):
        image = next(g for g, n in enumerate(shared) if n)
        with pytest.raises(
            ValueError, match=f"got {shared[image]} pixels too many in image {image}"
        ):
            paint()
    else:
        assert isinstance(paint(), np.ndarray)


def test_a_band_that_many_layers_hide(backend: BackendName) -> None:
    # More full layers than are held at a time: later passes paint over earlier ones.
    n, height, width = 900, 640, 200
    masks = Masks(
        np.tile(np.array([0, height * width], np.uint32), n),
        2 * np.arange(n + 1),
        np.tile(np.array([height, width], np.int32), (n, 1)),
    )
    used = 40 if backend == "numpy" else n  # the array program expands every pixel
    got = label_map(masks[:used], np.arange(used), backend=backend)
    assert isinstance(got, np.ndarray)
    assert (got == used - 1).all()
