"""Fewer vertices of closed rings: Douglas and Peucker's method, level by level.

Three vertices of a ring stay: its first, the one farthest from that, and the one farthest from the
segment between them. Between neighbours that stay, the vertex farthest from their segment stays if
it is farther away than the tolerance, and so on. Of several farthest vertices the one nearest to
the middle of the stretch stays, of two such the first.

Squared distances are float64, of integers below 2**53, in one order of operations.
"""

from __future__ import annotations

import numpy as np

from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import rows_of


def simplify(coords: Array, ring_offsets: Array, tolerance: float) -> Array:
    """Tell which vertices stay; int64 coordinates, rings of at least four distinct vertices."""
    n = len(coords)
    index = xp.arange(n)
    ring = rows_of(ring_offsets)
    first, end = ring_offsets[:-1], ring_offsets[1:]
    kept = xp.zeros(n, bool)
    kept[first] = True
    from_first = ((coords - coords[first[ring]]) ** 2).sum(axis=1)
    farthest = _farthest(ring, -index, from_first)
    kept[farthest] = True
    limit = tolerance * tolerance
    third = True
    while True:
        last = xp.maximum.accumulate(xp.where(kept, index, -1))
        # The stretch of a vertex ends where the next vertex that stays is, or the ring.
        starts = xp.flatnonzero(kept)
        stops = xp.append(starts[1:], n)
        stops = xp.minimum(stops, end[ring[starts]])
        stop = stops[xp.cumsum(kept) - 1]
        open_ = xp.flatnonzero(~kept)
        a, b = last[open_], stop[open_]
        to = xp.where(b == end[ring[open_]], first[ring[open_]], b)
        distance = _squared_distance(coords[open_], coords[a], coords[to])
        off_middle = -xp.abs(2 * open_ - a - b)
        stretch = ring[open_] if third else a
        best = _farthest(stretch, off_middle, distance)
        if not third:
            best = best[distance[best] > limit]
        if not len(best):
            return kept
        kept[open_[best]] = True
        third = False


def _farthest(stretch: Array, preference: Array, distance: Array) -> Array:
    """One place a stretch: the largest distance, then the largest preference, then the first."""
    order = xp.lexsort((-xp.arange(len(stretch)), preference, distance, stretch))
    last = xp.append(stretch[order][1:] != stretch[order][:-1], True)[: len(order)]
    picked: Array = order[last]
    return picked


def _squared_distance(point: Array, a: Array, b: Array) -> Array:
    """From points to segments ab."""
    along, to_a, to_b = b - a, point - a, point - b
    length = (along**2).sum(axis=1)
    dot = (to_a * along).sum(axis=1)
    cross = (to_a[:, 0] * along[:, 1] - to_a[:, 1] * along[:, 0]).astype(np.float64)
    beside = cross * cross / length.astype(np.float64)
    before, beyond = (to_a**2).sum(axis=1), (to_b**2).sum(axis=1)
    nearest: Array = xp.where(dot <= 0, before, xp.where(dot >= length, beyond, beside))
    return nearest
