"""Polygons as one ring each: holes and parts are joined by bridges of no width.

A bridge leads from the nearest vertex of one ring to that of the other and back the same way, so
that under the even-odd rule, which all rasterizers of single rings follow, it encloses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["join_rings"]

_AT_ONCE: Final = 1 << 18
"""Distances computed at a time."""


def join_rings(rings: Sequence[Array]) -> Array:
    """Join rings to one, each to what is joined already, in order.

    Parameters
    ----------
    rings : sequence of float64 arrays, shape (V, 2)
        At least one. An outline and its holes, or outlines.

    Returns
    -------
    float64 array, shape (V, 2)
        The first ring as it is, and for every other one its vertices and two more.

    Notes
    -----
    O(V**2) where V are the vertices of all, in bounded memory.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [9, 0], [9, 9], [0, 9]])
    >>> hole = np.array([[2.0, 2], [2, 5], [5, 5]])
    >>> join_rings([square, hole]).tolist()[:5]
    [[0.0, 0.0], [2.0, 2.0], [2.0, 5.0], [5.0, 5.0], [2.0, 2.0]]
    """
    joined = rings[0]
    for ring in rings[1:]:
        i, j = _nearest(joined, ring)
        loop = np.concatenate([ring[j:], ring[: j + 1]])
        joined = np.concatenate([joined[: i + 1], loop, joined[i:]])
    return joined


def _nearest(one: Array, other: Array) -> tuple[int, int]:
    """Vertices of two rings that lie nearest to each other, the first ones of equal distance."""
    best, found = np.inf, (0, 0)
    step = max(_AT_ONCE // len(other), 1)
    for first in range(0, len(one), step):
        gaps = one[first : first + step, np.newaxis] - other[np.newaxis]
        squares = (gaps**2).sum(axis=2)
        at = int(np.argmin(squares))
        if squares.flat[at] < best:
            best = float(squares.flat[at])
            row, column = divmod(at, len(other))
            found = (first + row, column)
    return found
