"""Erosion and dilation by a square: rows of each column by themselves, columns by moving the mask.

A mask folded with itself moved by one column, and the result with itself moved by two, covers four
columns; the window doubles until it has the width wanted, to the left and to the right.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.combine import combine
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_depth, masks_from_keys, rows_of
from maskmill.backend.program.transform import rectangles
from maskmill.masks import Masks


def erode(masks: Masks, radii: Array) -> Masks:
    return _square(masks, radii, grows=False)


def dilate(masks: Masks, radii: Array) -> Masks:
    return _square(masks, radii, grows=True)


def _square(masks: Masks, radii: Array, grows: bool) -> Masks:
    height, width = masks.sizes.astype(np.int64).T
    rows = _square_rows(masks, xp.minimum(radii, height), grows)
    across = xp.minimum(radii, width)
    left = _fold_columns(rows, across, -1, grows)
    right = _fold_columns(rows, across, 1, grows)
    return combine(left, right, "union" if grows else "intersection")


def _square_rows(masks: Masks, radii: Array, grows: bool) -> Masks:
    mask, left, right, top, bottom = rectangles(masks)
    height, radius = masks.sizes[mask, 0].astype(np.int64), radii[mask]
    if grows:
        top, bottom = xp.maximum(top - radius, 0), xp.minimum(bottom + radius, height)
    else:
        top, bottom = top + radius, bottom - radius
    n_columns = xp.where(top < bottom, right - left, 0)
    column = ragged.spread(left, n_columns) * xp.repeat(height, n_columns)
    column += xp.repeat(mask << SHIFT, n_columns)
    keys = [column + xp.repeat(top, n_columns), column + xp.repeat(bottom, n_columns)]
    steps = xp.repeat([1, -1], len(column))
    least = xp.ones(len(masks), np.int64)
    return masks_from_depth(xp.concatenate(keys), steps, least, masks.sizes)


def _fold_columns(masks: Masks, radii: Array, direction: int, grows: bool) -> Masks:
    window = xp.ones(len(masks), np.int64)
    while (step := xp.minimum(window, radii + 1 - window)).any():
        moved = _move(masks, direction * step * masks.sizes[:, 0])
        masks = combine(masks, moved, "union" if grows else "intersection")
        window += step
    return masks


def _move(masks: Masks, by: Array) -> Masks:
    """Move by whole columns, given as positions; what leaves the image is lost."""
    mask = rows_of(masks.offsets // 2)
    spans = masks.bounds.reshape(-1, 2).astype(np.int64) + by[mask, np.newaxis]
    n_pixels = masks.sizes.astype(np.int64).prod(axis=1)
    spans = xp.clip(spans, 0, n_pixels[mask, np.newaxis])
    kept = spans[:, 0] < spans[:, 1]
    keys = (mask[kept] << SHIFT)[:, np.newaxis] + spans[kept]
    return masks_from_keys(keys.reshape(-1), masks.sizes)
