"""Masks of a part of an image, as annotation tools store them, and back.

Tools write the pixels of the box of a mask and where the box lies. All of it happens on the runs:
a mask of a few pixels in an image of gigapixels costs what its runs cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskmill import ragged
from maskmill.masks import Masks
from maskmill.ops.decode import decode
from maskmill.ops.encode import encode
from maskmill.ops.measure import bbox

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["crop_masks", "place_masks", "transpose_masks"]


def place_masks(crops: Masks, corners: Array, sizes: Array) -> Masks:
    """Put masks into larger images.

    Parameters
    ----------
    crops : Masks, N masks
    corners : int64 array, shape (N, 2)
        x and y of the first pixel of each in its image; all of it must lie inside.
    sizes : int32 array, shape (N, 2)
        (height, width) of the images.

    Returns
    -------
    Masks, N masks
    """
    start, stop, row = _spans(crops)
    height = crops.sizes[row, 0].astype(np.int64)
    large = sizes[row, 0].astype(np.int64)
    # A run that goes on in the next column is one run in the image only if no row is added.
    first, last = start // height, (stop - 1) // height
    pieces = np.where(height == large, 1, last - first + 1)
    span = np.repeat(np.arange(len(start)), pieces)
    column = ragged.spread(first, pieces)
    start, stop, row, height, large = (c[span] for c in (start, stop, row, height, large))
    cut = height != large
    start = np.where(cut, np.maximum(start, column * height), start)
    stop = np.where(cut, np.minimum(stop, (column + 1) * height), stop)
    shift = (column + corners[row, 0]) * large + corners[row, 1] - column * height
    return _from_spans(start + shift, stop + shift, row, sizes)


def crop_masks(masks: Masks) -> tuple[Masks, Array]:
    """Cut masks to their boxes.

    Returns
    -------
    crops : Masks, N masks
        Each of the size of its box; an empty mask becomes one of 1x1.
    boxes : int64 array, shape (N, 4)
        x, y, width, height; zeros for an empty mask.
    """
    boxes = bbox(masks)
    sizes = np.ascontiguousarray(np.maximum(boxes[:, [3, 2]], 1), np.int32)
    start, stop, row = _spans(masks)
    large = masks.sizes[row, 0].astype(np.int64)
    height = sizes[row, 0].astype(np.int64)
    left, top = boxes[row, 0], boxes[row, 1]
    first, last = start // large, (stop - 1) // large
    new_start = (first - left) * height + start - first * large - top
    new_stop = (last - left) * height + stop - last * large - top
    # Runs that reach from the last row of a column to the first row of the next become one.
    touches = (new_start[1:] == new_stop[:-1]) & (row[1:] == row[:-1])
    begins, ends = np.ones(len(row), bool), np.ones(len(row), bool)
    begins[1:], ends[:-1] = ~touches, ~touches
    return _from_spans(new_start[begins], new_stop[ends], row[begins], sizes), boxes


def transpose_masks(masks: Masks) -> Masks:
    """Exchange rows and columns, so that column-major run lengths become row-major ones.

    What lies outside the box of a mask costs nothing.
    """
    crops, boxes = crop_masks(masks)
    turned = Masks.concatenate(encode(np.swapaxes(decode(crop), 1, 2)) for crop in crops)
    sizes = np.ascontiguousarray(masks.sizes[:, ::-1])
    return place_masks(turned, boxes[:, [1, 0]], sizes)


def _spans(masks: Masks) -> tuple[Array, Array, Array]:
    """Start, stop and mask of each run."""
    row = np.repeat(np.arange(len(masks)), np.diff(masks.offsets) // 2)
    bounds = masks.bounds.astype(np.int64)
    return bounds[0::2], bounds[1::2], row


def _from_spans(start: Array, stop: Array, row: Array, sizes: Array) -> Masks:
    bounds = np.empty(2 * len(start), np.uint32)
    bounds[0::2], bounds[1::2] = start, stop
    lengths = 2 * np.bincount(row, minlength=len(sizes))
    return Masks.from_trusted(bounds, ragged.offsets_from_lengths(lengths), sizes)
