"""Vertical edges of outlines: where a mask and the mask moved by one column differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import rows_of
from maskmill.masks import Masks

SHIFT = 33
"""Bits of a position: the mask that is moved by a column ends beyond 2**32."""


class Edges(NamedTuple):
    """Vertical edges, sorted by mask, column line and row."""

    mask: Array
    x: Array
    top: Array
    bottom: Array
    up: Array


def vertical_edges(masks: Masks) -> Edges:
    mask = rows_of(masks.offsets)
    height = masks.sizes[:, 0].astype(np.int64)
    own = (mask << SHIFT) + masks.bounds
    moved = own + height[mask]
    at = xp.unique(xp.concatenate([own, moved]))
    right = xp.searchsorted(own, at, side="right") % 2  # before row's end parity is even again
    left = xp.searchsorted(moved, at, side="right") % 2
    differs = xp.flatnonzero(right != left)
    start, stop, up = at[differs], at[differs + 1], right[differs] == 1
    mask, start, stop = start >> SHIFT, start & (2**SHIFT - 1), stop & (2**SHIFT - 1)
    of_edge = height[mask]
    x, last = start // of_edge, (stop - 1) // of_edge  # an edge ends with its column
    pieces = last - x + 1
    piece = xp.repeat(xp.arange(len(x)), pieces)
    column = ragged.spread(x, pieces)
    top = xp.maximum(start[piece], column * of_edge[piece]) - column * of_edge[piece]
    bottom = xp.minimum(stop[piece] - column * of_edge[piece], of_edge[piece])
    return Edges(mask[piece], column, top, bottom, up[piece])
