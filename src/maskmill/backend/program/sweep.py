"""Sorted flips: the one idea behind every operation of the array program.

Positions of different rows are told apart by a key, ``row * 2**32 + position``; positions are at
most 2**32 - 1, so keys of rows never touch.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.masks import Masks

SHIFT = 32


def rows_of(offsets: Array) -> Array:
    """Row number of every value of a ragged column."""
    return xp.repeat(xp.arange(len(offsets) - 1, dtype=np.int64), xp.diff(offsets))


def keys_of(masks: Masks, rows: Array | None = None) -> Array:
    """Key of every bound; mask i counts as row ``rows[i]``."""
    mask = rows_of(masks.offsets)
    row = mask if rows is None else rows[mask]
    return (row << SHIFT) + masks.bounds


def masks_from_flips(keys: Array, sizes: Array) -> Masks:
    """Masks whose value flips at each key; equal keys cancel in pairs. Keys in any order."""
    distinct, times = xp.unique(keys, return_counts=True)
    return masks_from_keys(distinct[times % 2 == 1], sizes)


def masks_from_depth(keys: Array, steps: Array, least: Array, sizes: Array) -> Masks:
    """Masks of the pixels at which the depth, the running sum of steps, reaches ``least[row]``.

    The steps of a row add up to zero.
    """
    distinct, inverse = xp.unique(keys, return_inverse=True)
    step = xp.zeros(len(distinct), np.int64)
    xp.add.at(step, inverse.reshape(-1), steps)
    inside = xp.cumsum(step) >= least[distinct >> SHIFT]
    before = xp.concatenate([[False], inside[:-1]])
    before &= xp.concatenate([[False], distinct[1:] >> SHIFT == distinct[:-1] >> SHIFT])
    return masks_from_keys(distinct[inside != before], sizes)


def masks_from_keys(keys: Array, sizes: Array) -> Masks:
    """Split sorted keys into the rows that they belong to."""
    lengths = xp.bincount(keys >> SHIFT, minlength=len(sizes))
    bounds = (keys & (2**SHIFT - 1)).astype(np.uint32)
    return Masks.from_trusted(bounds, ragged.offsets_from_lengths(lengths), sizes)
