"""Polygons to masks: where each edge crosses each pixel column; parity fills, parts unite.

Both rules walk down the pixel columns. An edge crosses a column at one row at most; the pixels of
a column are inside between odd and even crossings, so a crossing is a flip at that row, and
crossings at the same place cancel.

``coco`` (pycocotools' ``rleFrPoly`` in closed form). Vertices are rounded to a grid five times
finer. A column's crossing lies between the fine columns 5c+2 and 5c+3. All arithmetic is float64 in
the order of the C source, without fused multiply-add.

``center``. Vertices are snapped to 1/256 pixel; the crossing of the line x = column + 1/2 is
rounded up to the next pixel centre by exact integer division.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.contract import RasterRule
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_depth, masks_from_flips, rows_of
from maskmill.masks import Masks
from maskmill.polygons import Polygons

GRID = 256
"""Steps of the ``center`` rule's grid in a pixel."""


def rasterize(polygons: Polygons, rule: RasterRule) -> Masks:
    part_of_ring = rows_of(polygons.part_offsets)
    mask_of_part = rows_of(polygons.mask_offsets)
    ring = rows_of(polygons.ring_offsets)
    following = xp.arange(1, len(ring) + 1)
    filled = xp.diff(polygons.ring_offsets) > 0
    following[polygons.ring_offsets[1:][filled] - 1] = polygons.ring_offsets[:-1][filled]
    start, stop = polygons.coords, polygons.coords[following]
    part = part_of_ring[ring]
    height, width = polygons.sizes[mask_of_part[part]].astype(np.int64).T
    crossings = _coco_crossings if rule == "coco" else _center_crossings
    edge, column, row = crossings(start, stop, height, width)
    keys = (part[edge] << SHIFT) + column * height[edge] + row
    parts = masks_from_flips(keys, polygons.sizes[mask_of_part])
    step = xp.where(xp.arange(len(parts.bounds)) % 2 == 0, 1, -1)
    united = (mask_of_part[rows_of(parts.offsets)] << SHIFT) + parts.bounds
    least = xp.ones(len(polygons), np.int64)
    return masks_from_depth(united, step, least, polygons.sizes)


def _columns(first: Array, last: Array, width: Array) -> tuple[Array, Array]:
    """Edge and column of every column from first to last that lies in the image."""
    first = xp.maximum(first, 0)
    last = xp.minimum(last, width - 1)
    n = xp.maximum(last - first + 1, 0)
    return xp.repeat(xp.arange(len(n)), n), ragged.spread(first, n)


def _coco_crossings(
    start: Array, stop: Array, height: Array, width: Array
) -> tuple[Array, Array, Array]:
    # Conversion to integers truncates towards zero, as in C.
    (xs, ys), (xe, ye) = ((5.0 * v + 0.5).astype(np.int64).T for v in (start, stop))
    steep = xp.abs(xe - xs) < xp.abs(ye - ys)
    turn = xp.where(steep, ys > ye, xs > xe)  # walk in the direction of the longer extent
    xs, xe = xp.where(turn, xe, xs), xp.where(turn, xs, xe)
    ys, ye = xp.where(turn, ye, ys), xp.where(turn, ys, ye)
    # Column c is crossed where the walk passes from x <= 5c+2 to x >= 5c+3 or back.
    low, high = xp.minimum(xs, xe), xp.maximum(xs, xe)
    edge, column = _columns(-((2 - low) // 5), (high - 3) // 5, width)
    xs, ys, xe, ye, steep = xs[edge], ys[edge], xe[edge], ye[edge], steep[edge]
    dx, dy = xe - xs, ye - ys
    across = xp.where(steep, dy, dx).astype(np.float64)
    slope = xp.where(steep, dx, dy).astype(np.float64) / across
    flat = 5 * column + 2 - xs  # the step before the crossing, if x advances one a step

    def at(origin: Array, t: Array) -> Array:
        walked: Array = origin.astype(np.float64) + slope * t.astype(np.float64) + 0.5
        return walked.astype(np.int64)

    # A steep edge: guess the step by division, correct it with the walk's own expression.
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = xp.where(steep, (5.0 * column + 2.5 - xs) / slope, 0.0)
    t = xp.clip(guess, 0, xp.maximum(dy - 1, 0)).astype(np.int64)
    rising = dx > 0

    def beyond(step: Array) -> Array:
        x = at(xs, step)
        return xp.where(rising, x >= 5 * column + 3, x <= 5 * column + 2)

    while (back := steep & (t > 0) & beyond(t)).any():
        t = t - back
    while (ahead := steep & (t < dy - 1) & ~beyond(t + 1)).any():
        t = t + ahead
    fine = xp.where(steep, t + ys, xp.minimum(at(ys, flat), at(ys, flat + 1)))
    row = xp.where(fine <= 2, 0, xp.minimum((fine + 2) // 5, height[edge]))
    return edge, column, row


def _center_crossings(
    start: Array, stop: Array, height: Array, width: Array
) -> tuple[Array, Array, Array]:
    (xs, ys), (xe, ye) = (xp.floor(GRID * v + 0.5).astype(np.int64).T for v in (start, stop))
    turn = xs > xe
    xs, xe = xp.where(turn, xe, xs), xp.where(turn, xs, xe)
    ys, ye = xp.where(turn, ye, ys), xp.where(turn, ys, ye)
    # Centres x = 256c + 128 with xs <= x < xe: a vertex on a line of centres counts once.
    half = GRID // 2
    edge, column = _columns(-((half - xs) // GRID), (xe - 1 - half) // GRID, width)
    xs, ys, xe, ye = xs[edge], ys[edge], xe[edge], ye[edge]
    # The edge passes the centre line at y = ys + (x - xs) * (ye - ys) / (xe - xs); the first
    # centre at or below it, 256r + 128 >= y, flips.
    run, rise = xe - xs, ye - ys
    numerator = (ys - half) * run + (GRID * column + half - xs) * rise
    row = -(-numerator // (GRID * run))
    return edge, column, xp.clip(row, 0, height[edge])
