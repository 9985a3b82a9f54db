"""Masks to polygons."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from maskmill.backend.arrays import host
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_type
from maskmill.polygons import Polygons

__all__ = ["trace"]

LARGEST_SIDE: Final = 2**22
"""Polygons hold no larger coordinates."""


@cpu_tensors
def trace(masks: Masks, *, tolerance: float = 0.0, backend: BackendName | None = None) -> Polygons:
    """Turn masks into polygons with holes and parts: `rasterize` turned around.

    Parameters
    ----------
    masks : Masks, N masks
        At most 2**22 pixels wide and high.
    tolerance : float, pixels
        How far a dropped vertex may lie from the ring that is left. 0 keeps every vertex.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Polygons, N polygonal masks
        An empty mask has no parts. ``rasterize(trace(masks), rule="center")`` equals ``masks``.

    Raises
    ------
    TypeError
        If ``masks`` is not a `Masks`.
    ValueError
        If a mask is larger, or the tolerance is negative or not finite.

    Notes
    -----
    The vertices are corners of pixels, whole numbers; none lies between two others on a line.
    A part is a 4-connected component: pixels that touch at a corner only are two parts. Its rings
    are simple: where a part touches itself at a corner, the outline is cut there and what it
    encloses is a hole, so that each polygon is valid in the sense of OGC's Simple Features. Parts
    and holes may touch one another at corners.

    Parts are sorted by their first pixel down the columns, and so are the holes of a part. A ring
    starts at the upper left corner of its first pixel (of the mask, or of the hole). The foreground
    is on the right hand along every ring as seen on a screen: outlines run clockwise there, holes
    counterclockwise. In coordinates, an outline's shoelace area is positive, as GeoJSON asks.

    With a tolerance, rings are simplified one by one by Douglas and Peucker's method: every dropped
    vertex lies within the tolerance of the edge that replaces it. Three vertices of a ring stay in
    any case: its first, the one farthest from that, and the one farthest from their segment; so a
    ring neither vanishes nor loses all area. Rings may then cross one another, and outlines that
    two masks share may come apart. A diagonal staircase of pixels is a line at a tolerance of 0.75.

    Exact and identical on every backend. O(runs log runs); a tolerance adds O(vertices log
    vertices) for usual rings and the square of a ring's vertices at worst.

    References for the method: Douglas and Peucker, "Algorithms for the reduction of the number of
    points required to represent a digitized line or its caricature", 1973.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> ring = np.ones((3, 4), bool)
    >>> ring[1, 1:3] = False
    >>> polygons = trace(encode(ring))
    >>> polygons.coords.tolist()[:4]
    [[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]]
    >>> polygons.coords.tolist()[4:]
    [[1.0, 1.0], [1.0, 2.0], [3.0, 2.0], [3.0, 1.0]]
    """
    check_type("trace", "masks", masks, Masks)
    tolerance = _as_tolerance(tolerance)
    sizes = host(masks.sizes)
    large = (sizes > LARGEST_SIDE).any(axis=1)
    if large.any():
        i = int(np.argmax(large))
        height, width = sizes[i].tolist()
        raise ValueError(
            f"trace: masks must be at most {LARGEST_SIDE} pixels wide and high, got height "
            f"{height} and width {width} at mask {i}. Crop the mask first."
        )
    return backend_for(backend, masks.bounds).trace(masks, tolerance)


def _as_tolerance(tolerance: object) -> float:
    if isinstance(tolerance, (bool, np.bool_)) or not isinstance(
        tolerance, (int, float, np.integer, np.floating)
    ):
        raise TypeError(
            f"trace: tolerance must be a number, got {type(tolerance).__name__}. "
            "Give pixels; 0 keeps every vertex."
        )
    value = float(tolerance)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(
            f"trace: tolerance must be finite and not negative, got {value}. "
            "Give pixels; 0 keeps every vertex."
        )
    return value
