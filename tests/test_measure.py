from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import Masks, area, bbox
from maskmill.backend.contract import BackendName
from tests.oracles import coco_rle, dense_from_masks, masks_from_dense
from tests.strategies import batches


@given(masks=batches())
def test_area_counts_pixels(backend: BackendName, masks: Masks) -> None:
    expected = np.array([d.sum() for d in dense_from_masks(masks)], np.int64)
    got = area(masks, backend=backend)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, expected)


@given(masks=batches())
def test_bbox_equals_pycocotools(backend: BackendName, masks: Masks) -> None:
    from pycocotools import mask

    expected = [mask.toBbox(coco_rle(d)) for d in dense_from_masks(masks)]
    got = bbox(masks, backend=backend)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, np.array(expected, np.float64).reshape(-1, 4))


@given(masks=batches())
def test_backends_agree(masks: Masks) -> None:
    for op in (area, bbox):
        reference = op(masks, backend="numpy")
        for threads in (1, 2, 7):
            with maskmill.threads(threads):
                np.testing.assert_array_equal(op(masks, backend="cpu"), reference)


def test_many_masks_on_many_threads(backend: BackendName) -> None:
    masks = masks_from_dense([np.eye(40, dtype=bool)[:, : 20 + i] for i in range(20)])
    many = masks[np.arange(40_000) % 20]
    expected = np.arange(40_000) % 20 + 20
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            np.testing.assert_array_equal(area(many, backend=backend), expected)


def test_box_formats(backend: BackendName) -> None:
    dense = np.zeros((6, 9), bool)
    dense[2:4, 3:8] = True
    masks = masks_from_dense([dense])
    np.testing.assert_array_equal(bbox(masks, backend=backend), [[3, 2, 5, 2]])
    np.testing.assert_array_equal(bbox(masks, format="xyxy", backend=backend), [[3, 2, 8, 4]])


def test_wrong_kind_and_unknown_format(backend: BackendName) -> None:
    with pytest.raises(TypeError, match="area: masks must be Masks, got list"):
        area([1, 2], backend=backend)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"bbox: format must be one of .* got 'cxcywh'"):
        bbox(Masks.empty(), format="cxcywh", backend=backend)  # type: ignore[arg-type]
