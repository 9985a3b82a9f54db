"""Coordinates in percent of the image, as Label Studio writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["from_percent", "to_percent"]


def from_percent(points: object, size: tuple[int, int]) -> Array:
    """Pixels of coordinates that are percent of the width and of the height.

    What misses a number of 8 decimals by the last bits is that number: 2.45 pixels, written as
    percent, come back as 2.45.
    """
    pixels: Array = np.asarray(points, np.float64).reshape(-1, 2) * (_extent(size) / 100.0)
    near = np.round(pixels, 8)
    return np.where(np.abs(pixels - near) <= 2 * np.spacing(np.abs(pixels)), near, pixels)


def to_percent(points: Sequence[Sequence[float]], size: tuple[int, int]) -> list[list[float]]:
    """Percent from which `from_percent` gives these pixels again, of few digits if there are such.

    Where no float does, the nearest one.
    """
    pixels = np.asarray(points, np.float64).reshape(-1, 2)
    percent = pixels * 100.0 / _extent(size)
    for candidate in (np.nextafter(percent, -np.inf), np.nextafter(percent, np.inf)):
        better = (from_percent(percent, size) != pixels) & (from_percent(candidate, size) == pixels)
        percent = np.where(better, candidate, percent)
    for digits in range(10, -1, -1):
        rounded = np.round(percent, digits)
        percent = np.where(from_percent(rounded, size) == pixels, rounded, percent)
    listed: list[list[float]] = percent.tolist()
    return listed


def _extent(size: tuple[int, int]) -> Array:
    return np.array([size[1], size[0]], np.float64)
