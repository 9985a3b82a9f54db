from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import maskmill
from maskmill import (
    Masks,
    area,
    boundary,
    complement,
    crop,
    difference,
    dilate,
    encode,
    erode,
    from_coco_strings,
    intersection,
    pad,
    rotate90,
)
from maskmill.backend.contract import BackendName
from tests.oracles import Dense, dense_from_masks, masks_from_dense
from tests.real_data import ANNOTATION_FILES, load_annotations
from tests.strategies import batches

radii = st.sampled_from([0, 1, 2, 3, 4, 7, 30])


def eroded(dense: Dense, radius: int) -> Dense:
    """One 3x3 step after the other, zeros around."""
    for _ in range(min(radius, 40)):
        around = np.pad(dense, 1)
        height, width = dense.shape
        dense = np.logical_and.reduce(
            [around[y : y + height, x : x + width] for y in range(3) for x in range(3)]
        )
    return dense


def dilated(dense: Dense, radius: int) -> Dense:
    for _ in range(min(radius, 40)):
        around = np.pad(dense, 1)
        height, width = dense.shape
        dense = np.logical_or.reduce(
            [around[y : y + height, x : x + width] for y in range(3) for x in range(3)]
        )
    return dense


@given(masks=batches(), radius=radii)
def test_erode_and_dilate_equal_dense(backend: BackendName, masks: Masks, radius: int) -> None:
    dense = dense_from_masks(masks)
    expected = masks_from_dense([eroded(d, radius) for d in dense])
    assert erode(masks, radius, backend=backend) == expected
    assert dilate(masks, radius, backend=backend) == masks_from_dense(
        [dilated(d, radius) for d in dense]
    )
    assert boundary(masks, radius, backend=backend) == difference(masks, expected)


@given(masks=batches(), data=st.data())
def test_a_radius_a_mask(backend: BackendName, masks: Masks, data: st.DataObject) -> None:
    own = np.array(data.draw(st.lists(radii, min_size=6)), np.int64)[: len(masks)]
    for operation in (erode, dilate, boundary):
        one_by_one = [
            operation(m, int(r), backend=backend) for m, r in zip(masks, own, strict=True)
        ]
        assert operation(masks, own, backend=backend) == Masks.concatenate(one_by_one)


@given(masks=batches(), radius=radii)
def test_laws(backend: BackendName, masks: Masks, radius: int) -> None:
    smaller = erode(masks, radius, backend=backend)
    larger = dilate(masks, radius, backend=backend)
    assert intersection(smaller, masks) == smaller
    assert intersection(larger, masks) == masks
    assert erode(masks, 0, backend=backend) == masks == dilate(masks, 0, backend=backend)
    # Erosion shrinks the foreground as dilation grows the background, in an image with a margin.
    margin = radius + 1
    inverse = complement(pad(masks, [margin] * 4))
    height, width = masks.sizes.T
    inside = np.stack([height * 0 + margin, height * 0 + margin, width + margin, height + margin])
    assert smaller == complement(crop(dilate(inverse, radius, backend=backend), inside.T))
    # Squares look alike from all sides, and add up.
    assert rotate90(smaller) == erode(rotate90(masks), radius, backend=backend)
    assert erode(smaller, 2, backend=backend) == erode(masks, radius + 2, backend=backend)
    assert dilate(larger, 2, backend=backend) == dilate(masks, radius + 2, backend=backend)


@given(masks=batches(), radius=radii)
def test_backends_agree_on_any_threads(masks: Masks, radius: int) -> None:
    for operation in (erode, dilate, boundary):
        expected = operation(masks, radius, backend="numpy")
        for n in (1, 2, 7):
            with maskmill.threads(n):
                assert operation(masks, radius, backend="cpu") == expected


@given(masks=batches(), radius=st.integers(0, 5))
def test_equal_to_opencv(backend: BackendName, masks: Masks, radius: int) -> None:
    import cv2

    square = np.ones((3, 3), np.uint8)
    smaller, larger = [], []
    for dense in dense_from_masks(masks):
        padded: npt.NDArray[np.uint8] = np.pad(dense.astype(np.uint8), 1)
        smaller.append(cv2.erode(padded, square, iterations=radius)[1:-1, 1:-1] > 0)
        larger.append(cv2.dilate(dense.astype(np.uint8), square, iterations=radius) > 0)
    assert erode(masks, radius, backend=backend) == masks_from_dense(smaller)
    assert dilate(masks, radius, backend=backend) == masks_from_dense(larger)


def one(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.array([0, len(bounds)]), np.array([size], np.int32))


HUGE = {
    "full": one((30_000, 30_000), (0, 900_000_000)),
    "a few spans": one((30_000, 30_000), (5, 6), (29_990, 30_010), (10**8, 7 * 10**8)),
    "the largest": one((65537, 65535), (0, 3), (70_000, 2**32 - 1)),
}


@pytest.mark.parametrize("case", HUGE)
@pytest.mark.parametrize("radius", [1, 200, 2**40])
def test_large_masks_of_few_runs(case: str, radius: int) -> None:
    operations: list[Callable[..., Masks]] = [erode, dilate, boundary]
    for operation in operations:
        found = operation(HUGE[case], radius, backend="cpu")
        assert found == operation(HUGE[case], radius, backend="numpy")


def test_the_middle_of_a_full_image_is_left(backend: BackendName) -> None:
    assert area(erode(HUGE["full"], 200, backend=backend)).tolist() == [29_600**2]


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_real_masks(name: str) -> None:
    annotations = load_annotations(name)[:200]
    masks = from_coco_strings([a.string for a in annotations], [a.size for a in annotations])
    width: Any = np.maximum(1, np.round(0.02 * np.hypot(*masks.sizes.T))).astype(np.int64)
    for operation in (erode, dilate, boundary):
        assert operation(masks, width, backend="cpu") == operation(masks, width, backend="numpy")


def test_work_that_is_split_between_threads() -> None:
    masks = encode(np.random.default_rng(3).random((40, 90, 120)) < 0.9, backend="numpy")
    expected = [operation(masks, 2, backend="numpy") for operation in (erode, dilate, boundary)]
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert [operation(masks, 2) for operation in (erode, dilate, boundary)] == expected


def test_no_masks(backend: BackendName) -> None:
    for operation in (erode, dilate, boundary):
        assert operation(Masks.empty(), 3, backend=backend) == Masks.empty()
