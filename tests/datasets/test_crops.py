from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmill import Masks, decode, encode
from maskmill.datasets.crops import crop_masks, place_masks, transpose_masks


def masks_of(height: int, width: int, seed: int, n: int = 5) -> Masks:
    generator = np.random.default_rng(seed)
    shares = generator.random((n, 1, 1)) * generator.integers(0, 2, (n, 1, 1))
    dense = generator.random((n, height, width)) < shares
    top, left = generator.integers(0, height), generator.integers(0, width)
    dense[:2, :top] = False
    dense[:2, :, :left] = False
    return encode(dense)


sides = st.integers(1, 12)


@given(sides, sides, st.integers(0, 2**32 - 1))
def test_crops_are_the_pixels_of_the_box(height: int, width: int, seed: int) -> None:
    masks = masks_of(height, width, seed)
    crops, boxes = crop_masks(masks)
    Masks(crops.bounds, crops.offsets, crops.sizes)  # well formed
    dense = np.asarray(decode(masks))
    for crop, (x, y, w, h), whole in zip(crops, boxes.tolist(), dense, strict=True):
        expected = whole[y : y + h, x : x + w] if w else np.zeros((1, 1))
        np.testing.assert_array_equal(np.asarray(decode(crop))[0], expected)


@given(sides, sides, st.integers(0, 2**32 - 1))
def test_placing_undoes_cropping(height: int, width: int, seed: int) -> None:
    masks = masks_of(height, width, seed)
    crops, boxes = crop_masks(masks)
    placed = place_masks(crops, boxes[:, :2], masks.sizes)
    Masks(placed.bounds, placed.offsets, placed.sizes)
    assert placed == masks


@given(sides, sides, sides, sides, st.integers(0, 2**32 - 1))
def test_placing_is_padding(height: int, width: int, below: int, right: int, seed: int) -> None:
    masks = masks_of(height, width, seed)
    corners = np.tile(np.array([[right, below]]), (len(masks), 1))
    sizes = masks.sizes + np.array([below + 1, right + 2], np.int32)
    placed = np.asarray(decode(place_masks(masks, corners, sizes)))
    dense = np.asarray(decode(masks))
    np.testing.assert_array_equal(placed, np.pad(dense, ((0, 0), (below, 1), (right, 2))))


@given(sides, sides, st.integers(0, 2**32 - 1))
def test_transposing_exchanges_rows_and_columns(height: int, width: int, seed: int) -> None:
    masks = masks_of(height, width, seed)
    turned = transpose_masks(masks)
    Masks(turned.bounds, turned.offsets, turned.sizes)
    np.testing.assert_array_equal(
        np.asarray(decode(turned)), np.swapaxes(np.asarray(decode(masks)), 1, 2)
    )
    assert transpose_masks(turned) == masks


@pytest.mark.parametrize("function", [crop_masks, transpose_masks])
def test_no_masks(function: object) -> None:
    assert callable(function)
    found = function(Masks.empty())
    assert len(found[0] if isinstance(found, tuple) else found) == 0
