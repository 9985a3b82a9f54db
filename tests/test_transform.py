from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import maskmill
from maskmill import (
    Masks,
    area,
    bbox,
    crop,
    flip,
    from_coco_strings,
    pad,
    resize,
    rotate90,
    translate,
)
from maskmill.backend.contract import FLIP_AXES, BackendName, FlipAxis
from tests.oracles import Dense, dense_from_masks, masks_from_dense
from tests.real_data import ANNOTATION_FILES, load_annotations
from tests.strategies import batches


def window(dense: Dense, left: int, top: int, width: int, height: int) -> Dense:
    """Pixels of a box, background outside."""
    out = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            if 0 <= y + top < dense.shape[0] and 0 <= x + left < dense.shape[1]:
                out[y, x] = dense[y + top, x + left]
    return out


@given(masks=batches(), data=st.data())
def test_crop_equals_dense(backend: BackendName, masks: Masks, data: st.DataObject) -> None:
    corner, extent = st.integers(-8, 30), st.integers(1, 30)
    drawn = data.draw(st.lists(st.tuples(corner, corner, extent, extent), min_size=len(masks)))
    boxes = np.array(drawn[: len(masks)], np.int64).reshape(-1, 4)
    expected = [
        window(d, *box) for d, box in zip(dense_from_masks(masks), boxes.tolist(), strict=True)
    ]
    boxes[:, 2:] += boxes[:, :2]
    assert crop(masks, boxes, backend=backend) == masks_from_dense(expected)


@given(masks=batches(), sides=st.tuples(*[st.integers(0, 5)] * 4))
def test_pad_equals_dense(
    backend: BackendName, masks: Masks, sides: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = sides
    expected = [np.pad(d, ((top, bottom), (left, right))) for d in dense_from_masks(masks)]
    padded = pad(masks, sides, backend=backend)
    assert padded == masks_from_dense(expected)
    height, width = masks.sizes.T
    back = np.stack(
        [np.full_like(width, left), np.full_like(width, top), left + width, top + height]
    )
    assert crop(padded, back.T, backend=backend) == masks


@given(masks=batches(), right=st.integers(-30, 30), down=st.integers(-30, 30))
def test_translate_equals_dense(backend: BackendName, masks: Masks, right: int, down: int) -> None:
    expected = [window(d, -right, -down, d.shape[1], d.shape[0]) for d in dense_from_masks(masks)]
    assert translate(masks, (right, down), backend=backend) == masks_from_dense(expected)
    assert translate(masks, (0, 0), backend=backend) == masks


@given(masks=batches())
def test_flip_equals_dense(backend: BackendName, masks: Masks) -> None:
    dense = dense_from_masks(masks)
    across = flip(masks, "horizontal", backend=backend)
    assert across == masks_from_dense([d[:, ::-1] for d in dense])
    down = flip(masks, "vertical", backend=backend)
    assert down == masks_from_dense([d[::-1] for d in dense])
    assert flip(across, "horizontal", backend=backend) == masks
    assert flip(down, "vertical", backend=backend) == masks
    assert flip(across, "vertical", backend=backend) == rotate90(masks, 2, backend=backend)


@given(masks=batches(), k=st.integers(-5, 5))
def test_rotate90_equals_dense(backend: BackendName, masks: Masks, k: int) -> None:
    rotated = rotate90(masks, k, backend=backend)
    assert rotated == masks_from_dense([np.rot90(d, k) for d in dense_from_masks(masks)])
    assert rotate90(rotated, -k, backend=backend) == masks


def is_tie(source: int, target: int) -> Dense:
    """Output pixels whose centre lies between two source pixels."""
    tie: Dense = (2 * np.arange(target) + 1) * source % (2 * target) == 0
    return tie


@given(masks=batches(), height=st.integers(1, 60), width=st.integers(1, 60))
def test_resize_equals_pillow(backend: BackendName, masks: Masks, height: int, width: int) -> None:
    # Pillow adds up fractions, and so falls to either side of a tie.
    resized = dense_from_masks(resize(masks, (height, width), backend=backend))
    for dense, found in zip(dense_from_masks(masks), resized, strict=True):
        image = Image.fromarray(dense.astype(np.uint8))
        expected = np.asarray(image.resize((width, height), Image.Resampling.NEAREST)) > 0
        clear = np.ix_(~is_tie(dense.shape[0], height), ~is_tie(dense.shape[1], width))
        np.testing.assert_array_equal(found[clear], expected[clear])


@given(masks=batches(), factor=st.integers(1, 4))
def test_resize_by_a_whole_factor(backend: BackendName, masks: Masks, factor: int) -> None:
    larger = resize(masks, masks.sizes * factor, backend=backend)
    assert larger == masks_from_dense(
        [np.kron(d, np.ones((factor, factor), bool)) for d in dense_from_masks(masks)]
    )
    np.testing.assert_array_equal(area(larger), area(masks) * factor**2)
    assert resize(larger, masks.sizes, backend=backend) == masks


def by_formula(source: int, target: int) -> list[int]:
    return [(2 * i + 1) * source // (2 * target) for i in range(target)]


@given(masks=batches(), height=st.integers(1, 60), width=st.integers(1, 60))
def test_resize_takes_the_pixel_of_the_centre(
    backend: BackendName, masks: Masks, height: int, width: int
) -> None:
    expected = [
        d[np.ix_(by_formula(d.shape[0], height), by_formula(d.shape[1], width))]
        for d in dense_from_masks(masks)
    ]
    assert resize(masks, (height, width), backend=backend) == masks_from_dense(expected)


CALLS: dict[str, Callable[[Masks, Any], Masks]] = {
    "crop": lambda m, b: crop(m, (-3, 2, 20, 17), backend=b),
    "pad": lambda m, b: pad(m, (3, 2, 1, 0), backend=b),
    "translate": lambda m, b: translate(m, (3, -2), backend=b),
    "flip": lambda m, b: flip(m, "horizontal", backend=b),
    "flip down": lambda m, b: flip(m, "vertical", backend=b),
    "rotate90": lambda m, b: rotate90(m, backend=b),
    "rotate90 back": lambda m, b: rotate90(m, -1, backend=b),
    "resize": lambda m, b: resize(m, (31, 17), backend=b),
}


@pytest.mark.parametrize("name", CALLS)
@given(masks=batches())
def test_backends_agree_on_any_threads(name: str, masks: Masks) -> None:
    expected = CALLS[name](masks, "numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert CALLS[name](masks, "cpu") == expected


def one(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.array([0, len(bounds)]), np.array([size], np.int32))


HUGE = {
    "full": one((30_000, 30_000), (0, 900_000_000)),
    "a few spans": one((30_000, 30_000), (5, 6), (29_990, 30_010), (10**8, 7 * 10**8)),
}


@pytest.mark.parametrize("case", HUGE)
def test_large_masks_of_few_runs(case: str) -> None:
    masks = HUGE[case]
    for axis in FLIP_AXES:
        flipped = flip(masks, axis, backend="cpu")
        assert flipped == flip(masks, axis, backend="numpy")
        assert flip(flipped, axis) == masks
    rotated = rotate90(masks, backend="cpu")
    assert rotated == rotate90(masks, backend="numpy")
    assert rotate90(rotated, 3) == masks
    smaller = resize(masks, (3001, 2999), backend="cpu")
    assert smaller == resize(masks, (3001, 2999), backend="numpy")
    assert bbox(resize(smaller, (60_000, 60_000))).tolist() == [
        bbox(resize(smaller, (60_000, 60_000), backend="numpy")).tolist()[0]
    ]


def test_rows_and_columns_of_the_largest_size(backend: BackendName) -> None:
    row = one((1, 2**31 - 1), (7, 2**31 - 9))
    column = one((2**31 - 1, 1), (7, 2**31 - 9))
    expected = one((2**31 - 1, 1), (8, 2**31 - 8))
    assert flip(column, "vertical", backend=backend) == expected
    if backend != "numpy":  # the reference writes a line for every column
        assert rotate90(row, backend=backend) == expected
        assert flip(row, "horizontal", backend=backend).bounds.tolist() == [8, 2**31 - 8]
    assert area(resize(column, (2**31 - 1, 1), backend=backend)).tolist() == [2**31 - 16]
    assert resize(column, (16, 1), backend=backend).bounds.tolist() == [0, 16]


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_real_masks(name: str) -> None:
    annotations = load_annotations(name)[:200]
    masks = from_coco_strings([a.string for a in annotations], [a.size for a in annotations])
    for call in CALLS.values():
        assert call(masks, "cpu") == call(masks, "numpy")
    assert rotate90(rotate90(masks), 3) == masks
    axes: list[FlipAxis] = ["horizontal", "vertical"]
    for axis in axes:
        assert flip(flip(masks, axis), axis) == masks


def test_no_masks(backend: BackendName) -> None:
    none = Masks.empty()
    for name, call in CALLS.items():
        assert call(none, backend) == none, name
    assert crop(none, np.zeros((0, 4), int), backend=backend) == none
