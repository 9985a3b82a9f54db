"""Transforms: rectangles of foreground moved to the rows and columns that take their pixels.

An axis is mapped by (step, shift, divisor): output index i takes source index
``floor((step * i + shift) / divisor)``. The map rises or falls throughout, so that the indices that
take from a stretch of the source are a stretch again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.edges import vertical_edges
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_flips, rows_of
from maskmill.masks import Masks


class Rectangles(NamedTuple):
    """Foreground in the columns [left, right) and the rows [top, bottom) of a mask."""

    mask: Array
    left: Array
    right: Array
    top: Array
    bottom: Array


def rectangles(masks: Masks) -> Rectangles:
    """Cut spans into the end of a column, whole columns, and the start of a column."""
    mask = rows_of(masks.offsets // 2)
    start, stop = masks.bounds.reshape(-1, 2).astype(np.int64).T
    height = masks.sizes[mask, 0].astype(np.int64)
    first, last = start // height, stop // height
    top, bottom = start % height, stop % height
    zero = xp.zeros_like(start)
    inside = (first == last) | (stop <= (first + 1) * height)
    ends = ~inside & (top > 0)
    whole_from = first + (top > 0)
    whole = ~inside & (whole_from < last)
    starts = ~inside & (bottom > 0)
    parts = [
        Rectangles(mask, first, first + 1, top, top + stop - start)._asdict(),
        Rectangles(mask, first, first + 1, top, height)._asdict(),
        Rectangles(mask, whole_from, last, zero, height)._asdict(),
        Rectangles(mask, last, last + 1, zero, bottom)._asdict(),
    ]
    chosen = (inside, ends, whole, starts)
    return Rectangles(
        *(
            xp.concatenate([part[name][those] for part, those in zip(parts, chosen, strict=True)])
            for name in Rectangles._fields
        )
    )


def gather(masks: Masks, rows: Array, columns: Array, sizes: Array) -> Masks:
    mask, left, right, top, bottom = rectangles(masks)
    height, width = sizes[mask].astype(np.int64).T
    left, right = _indices_from(columns[mask], left, right, width)
    top, bottom = _indices_from(rows[mask], top, bottom, height)
    n_columns = xp.where(top < bottom, xp.maximum(right - left, 0), 0)
    column = ragged.spread(left, n_columns) * xp.repeat(height, n_columns)
    column += xp.repeat(mask << SHIFT, n_columns)
    flips = [column + xp.repeat(top, n_columns), column + xp.repeat(bottom, n_columns)]
    return masks_from_flips(xp.concatenate(flips), sizes)


def _indices_from(maps: Array, first: Array, stop: Array, n: Array) -> tuple[Array, Array]:
    """Output indices in [0, n) whose source index lies in [first, stop)."""
    step, shift, divisor = maps.T
    rising = step > 0
    low = xp.where(
        rising,
        -((shift - first * divisor) // xp.abs(step)),
        (shift - stop * divisor) // xp.abs(step) + 1,
    )
    high = xp.where(
        rising,
        -((shift - stop * divisor) // xp.abs(step)),
        (shift - first * divisor) // xp.abs(step) + 1,
    )
    return xp.maximum(low, 0), xp.minimum(high, n)


def transpose(masks: Masks) -> Masks:
    """A vertical edge is a flip in each row that it passes."""
    edges = vertical_edges(masks)
    length = edges.bottom - edges.top
    row = ragged.spread(edges.top, length)
    mask = xp.repeat(edges.mask, length)
    flips = (mask << SHIFT) + row * masks.sizes[mask, 1] + xp.repeat(edges.x, length)
    return masks_from_flips(flips, xp.ascontiguousarray(masks.sizes[:, ::-1]))
