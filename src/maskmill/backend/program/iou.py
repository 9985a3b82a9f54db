"""Overlap of pairs: foreground before the stop of each span less foreground before its start."""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.measure import area
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, keys_of
from maskmill.masks import Masks


def pairs(groups_a: Array, groups_b: Array) -> tuple[Array, Array]:
    """Row of ``a`` and row of ``b`` of every pair, group after group, row-major."""
    n_a, n_b = xp.diff(groups_a), xp.diff(groups_b)
    rows_a = ragged.spread(groups_a[:-1], n_a)
    width = xp.repeat(n_b, n_a)  # pairs of each row of a
    return xp.repeat(rows_a, width), ragged.spread(xp.repeat(groups_b[:-1], n_a), width)


def intersection_area(a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
    of_a, of_b = pairs(groups_a, groups_b)
    lengths = xp.diff(b.offsets)[of_b]
    at = ragged.spread(b.offsets[of_b], lengths)  # every bound of the mask of b, pair by pair
    keys = (xp.repeat(of_a, lengths) << SHIFT) + b.bounds[at]
    covered = _foreground_before(a, keys)
    signed = xp.where(xp.arange(len(at)) % 2 == 0, -covered, covered)
    before = xp.concatenate([[0], xp.cumsum(signed)])
    ends = ragged.offsets_from_lengths(lengths)
    return xp.diff(before[ends])


def _foreground_before(masks: Masks, keys: Array) -> Array:
    """Foreground pixels of all rows before each key: of the row, but for a constant of the row."""
    bounds = keys_of(masks)
    spans = masks.bounds.reshape(-1, 2).astype(np.int64)
    total = xp.concatenate([[0], xp.cumsum(spans[:, 1] - spans[:, 0])])
    n_before = xp.searchsorted(bounds, keys, side="right")
    whole = n_before // 2  # spans that have stopped
    inside = n_before % 2 == 1
    start = bounds[xp.minimum(2 * whole, len(bounds) - 1)] if len(bounds) else xp.zeros_like(keys)
    return total[whole] + xp.where(inside, keys - start, 0)


def iou(a: Masks, b: Masks, groups_a: Array, groups_b: Array, crowd: Array | None) -> Array:
    of_a, of_b = pairs(groups_a, groups_b)
    common = intersection_area(a, b, groups_a, groups_b)
    area_a, area_b = area(a)[of_a], area(b)[of_b]
    union = area_a + area_b - common
    if crowd is not None:
        union = xp.where(crowd[of_b], area_a, union)
    return _ratio(common, union)


def dice(a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
    of_a, of_b = pairs(groups_a, groups_b)
    common = intersection_area(a, b, groups_a, groups_b)
    return _ratio(2 * common, area(a)[of_a] + area(b)[of_b])


def _ratio(part: Array, whole: Array) -> Array:
    """Divide in float64; nothing over nothing is 0."""
    return part.astype(np.float64) / xp.where(part == 0, 1, whole).astype(np.float64)
