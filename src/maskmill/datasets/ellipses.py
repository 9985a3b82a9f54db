"""Polygons of the ellipses and turned boxes that annotation tools draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskmill.structure import MAX_COORDINATE

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["ellipse", "turned_box"]


def ellipse(x: float, y: float, radius_x: float, radius_y: float, degrees: float = 0.0) -> Array:
    """Polygon of an ellipse, nowhere farther beside it than half a pixel.

    Parameters
    ----------
    x, y : float
        Centre, in pixels.
    radius_x, radius_y : float
        Half of the axes.
    degrees : float
        How far it is turned, clockwise as images are seen.

    Returns
    -------
    float64 array, shape (V, 2)
        At least 12 vertices, on the ellipse.
    """
    longest = min(max(abs(radius_x), abs(radius_y)), MAX_COORDINATE)
    n = 12
    if longest > 1:
        n = max(n, math.ceil(math.pi / math.acos(1 - 0.5 / longest)))
    angles = 2 * np.pi / n * np.arange(n)
    along, across = radius_x * np.cos(angles), radius_y * np.sin(angles)
    turn = math.radians(degrees) if math.isfinite(degrees) else math.nan
    cosine, sine = math.cos(turn), math.sin(turn)
    return np.stack(
        [x + along * cosine - across * sine, y + along * sine + across * cosine], axis=1
    )


def turned_box(box: Sequence[float], degrees: float) -> Array:
    """Corners of a box that is turned about its first one."""
    x, y, width, height = box
    turn = np.deg2rad(degrees)
    offsets = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    cosine, sine = np.cos(turn), np.sin(turn)
    corners: Array = offsets @ np.array([[cosine, sine], [-sine, cosine]]) + [x, y]
    return corners
