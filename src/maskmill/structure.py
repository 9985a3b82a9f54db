"""The rules of the two data classes, checked once, where a batch is built from foreign columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill import ragged
from maskmill.errors import InvalidMaskError, InvalidPolygonError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

MAX_COORDINATE: Final = 2.0**22
"""Largest absolute coordinate: products of two extents on a grid of 1/256 pixel fit in 64 bits."""


def check_masks(bounds: Array, offsets: Array, sizes: Array) -> None:
    """Raise unless the columns are those of `maskmill.Masks`."""
    ragged.check_column("Masks", "bounds", bounds, np.uint32, ndim=1)
    ragged.check_column("Masks", "offsets", offsets, np.int64, ndim=1)
    ragged.check_sizes("Masks", sizes, InvalidMaskError)
    ragged.check_offsets("Masks", "offsets", offsets, len(sizes), len(bounds), InvalidMaskError)
    lengths = np.diff(offsets)
    odd = lengths % 2 != 0
    if odd.any():
        i = int(np.argmax(odd))
        raise InvalidMaskError(
            f"Masks: bounds of mask {i} must come in pairs (start, stop), got {lengths[i]} values. "
            "Use Masks.from_coco or from_counts to build masks from run lengths."
        )
    falling = np.flatnonzero(bounds[1:] <= bounds[:-1]) + 1
    falling = falling[~np.isin(falling, offsets)]  # a new mask may start lower
    if len(falling):
        at = int(falling[0])
        i = int(np.searchsorted(offsets, at, side="right")) - 1
        raise InvalidMaskError(
            f"Masks: bounds of mask {i} must increase strictly, got {bounds[at - 1]} followed by "
            f"{bounds[at]}. Use from_counts to normalise run lengths that hold zeros."
        )
    filled = np.flatnonzero(lengths)
    last = bounds[offsets[filled + 1] - 1].astype(np.int64)
    n_pixels = sizes[filled].astype(np.int64).prod(axis=1)
    beyond = last > n_pixels
    if beyond.any():
        k = int(np.argmax(beyond))
        raise InvalidMaskError(
            f"Masks: bounds of mask {filled[k]} must stay within height*width = {n_pixels[k]}, got "
            f"{last[k]}. Check that sizes are (height, width) of the image."
        )


def check_polygons(
    coords: Array, ring_offsets: Array, part_offsets: Array, mask_offsets: Array, sizes: Array
) -> None:
    """Raise unless the columns are those of `maskmill.Polygons`."""
    ragged.check_column("Polygons", "coords", coords, np.float64, ndim=2)
    if coords.shape[1] != 2:
        raise InvalidPolygonError(
            f"Polygons: coords must have shape (V, 2), got {coords.shape}. Give x and y."
        )
    columns = {
        "ring_offsets": ring_offsets,
        "part_offsets": part_offsets,
        "mask_offsets": mask_offsets,
    }
    for name, column in columns.items():
        ragged.check_column("Polygons", name, column, np.int64, ndim=1)
    ragged.check_sizes("Polygons", sizes, InvalidPolygonError)
    n_values = len(coords)
    for name, column in columns.items():
        n_rows = len(sizes) if name == "mask_offsets" else max(len(column) - 1, 0)
        ragged.check_offsets("Polygons", name, column, n_rows, n_values, InvalidPolygonError)
        n_values = n_rows
    bad = ~(np.abs(coords) <= MAX_COORDINATE).all(axis=1)
    if bad.any():
        v = int(np.argmax(bad))
        ring = int(np.searchsorted(ring_offsets, v, side="right")) - 1
        part = int(np.searchsorted(part_offsets, ring, side="right")) - 1
        mask = int(np.searchsorted(mask_offsets, part, side="right")) - 1
        x, y = coords[v]
        raise InvalidPolygonError(
            f"Polygons: coords of mask {mask} must be finite and within 2**22 pixels, got "
            f"({x}, {y}) at vertex {v - ring_offsets[ring]} of ring {ring}. "
            "Repair or drop the mask."
        )
