"""Slow and obvious: what the operations must give, by dense loops and by the reference tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maskmill import Masks, Polygons

Dense = npt.NDArray[np.bool_]
Ring = Sequence[float]
"""x, y, x, y..."""


def masks_from_dense(stack: list[Dense]) -> Masks:
    """Build masks pixel by pixel, through the checked constructor."""
    bounds: list[int] = []
    offsets = [0]
    for dense in stack:
        previous = False
        flat = dense.T.reshape(-1)
        for position, value in enumerate([*flat.tolist(), False]):
            if bool(value) != previous:
                bounds.append(position)
                previous = bool(value)
        offsets.append(len(bounds))
    sizes = np.array([d.shape for d in stack], np.int32).reshape(-1, 2)
    return Masks(np.array(bounds, np.uint32), np.array(offsets, np.int64), sizes)


def dense_from_masks(masks: Masks) -> list[Dense]:
    """Fill spans one by one."""
    stack = []
    for i, (height, width) in enumerate(masks.sizes.tolist()):
        flat = np.zeros(height * width, bool)
        own = masks.bounds[masks.offsets[i] : masks.offsets[i + 1]].tolist()
        for start, stop in zip(own[::2], own[1::2], strict=True):
            flat[start:stop] = True
        stack.append(flat.reshape(width, height).T)
    return stack


NEIGHBOURS = {
    4: [(0, 1), (1, 0), (0, -1), (-1, 0)],
    8: [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x],
}


def label_components(dense: Dense, connectivity: int) -> npt.NDArray[np.int64]:
    """Number connected pixels from 1, components by their first pixel down the columns."""
    labels = np.zeros(dense.shape, np.int64)
    todo: list[tuple[int, int]] = []
    n = 0
    for x in range(dense.shape[1]):
        for y in range(dense.shape[0]):
            if dense[y, x] and not labels[y, x]:
                n += 1
                labels[y, x] = n
                todo.append((y, x))
            while todo:
                at_y, at_x = todo.pop()
                for step_y, step_x in NEIGHBOURS[connectivity]:
                    to = (at_y + step_y, at_x + step_x)
                    inside = 0 <= to[0] < dense.shape[0] and 0 <= to[1] < dense.shape[1]
                    if inside and dense[to] and not labels[to]:
                        labels[to] = n
                        todo.append(to)
    return labels


def polygons_from_lists(
    masks: Iterable[Iterable[Iterable[Ring]]], sizes: Iterable[tuple[int, int]]
) -> Polygons:
    """Lay parts of rings of numbers into columns, through the checked constructor."""
    coords: list[float] = []
    ring_offsets, part_offsets, mask_offsets = [0], [0], [0]
    for parts in masks:
        for rings in parts:
            for ring in rings:
                coords.extend(ring)
                ring_offsets.append(len(coords) // 2)
            part_offsets.append(len(ring_offsets) - 1)
        mask_offsets.append(len(part_offsets) - 1)
    return Polygons(
        coords=np.array(coords, np.float64).reshape(-1, 2),
        ring_offsets=np.array(ring_offsets, np.int64),
        part_offsets=np.array(part_offsets, np.int64),
        mask_offsets=np.array(mask_offsets, np.int64),
        sizes=np.array(list(sizes), np.int32).reshape(-1, 2),
    )


def coco_polygon_string(rings: Sequence[Ring], size: tuple[int, int]) -> bytes:
    """Rasterize rings with pycocotools, and unite them."""
    from pycocotools import mask

    merged = mask.merge(mask.frPyObjects([list(map(float, ring)) for ring in rings], *size))
    counts: bytes = merged["counts"]
    return counts


def center_dense(rings: Sequence[Ring], size: tuple[int, int]) -> Dense:
    """Even-odd at pixel centres, in Python integers: count the edges at or above each centre."""
    inside = np.zeros(size, bool)
    for ring in rings:
        steps = [int(np.floor(256 * v + 0.5)) for v in ring]
        corners = list(zip(steps[::2], steps[1::2], strict=True))
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            (left, y_left), (right, y_right) = sorted([(x0, y0), (x1, y1)])
            for column in range(size[1]):
                x = 256 * column + 128
                if left <= x < right:
                    rise = y_left * (right - left) + (y_right - y_left) * (x - left)
                    for row in range(size[0]):
                        inside[row, column] ^= (256 * row + 128) * (right - left) >= rise
    return inside


def on_boundary(rings: Sequence[Ring], size: tuple[int, int]) -> Dense:
    """Pixels whose centre lies exactly on an edge or a vertex; vertices on the 1/256 grid."""
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]] * 256 + 128
    hit = np.zeros(size, bool)
    for ring in rings:
        x, y = (np.array(ring).reshape(-1, 2) * 256).astype(np.int64).T
        for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
            straight = (columns - x0) * (y1 - y0) == (rows - y0) * (x1 - x0)
            across = (min(x0, x1) <= columns) & (columns <= max(x0, x1))
            hit |= straight & across & (min(y0, y1) <= rows) & (rows <= max(y0, y1))
    return hit


def coco_rle(dense: Dense) -> dict[str, Any]:
    """Encode with pycocotools."""
    from pycocotools import mask

    encoded: dict[str, Any] = mask.encode(np.asfortranarray(dense.astype(np.uint8)))
    return encoded
