"""Which detection matches which object: COCO's greedy rule, for all cells of a dataset at once.

A cell is one category of one image: only its detections and objects meet. Detections of a cell take
their turns by score; all cells take a turn together, at every threshold and area range.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from maskmill import ragged

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Layout", "Matches", "lay_out", "left_out", "match"]

HIGHEST_FLOOR: Final = 1 - 1e-10
"""A threshold of 1 accepts what rounding made a little less than 1, as in pycocotools."""


class Layout(NamedTuple):
    """Rows of both sides, cell after cell."""

    cells: Array
    """int64 (C,): numbers of the cells that have rows, rising."""
    gt_order: Array
    """int64 (G,): objects by cell, in their given order inside one."""
    gt_offsets: Array
    """int64 (C+1,): cell c owns ``gt_order[gt_offsets[c]:gt_offsets[c+1]]``."""
    dt_order: Array
    """int64 (D,): detections by cell, the best score first, equal scores in their given order."""
    dt_offsets: Array
    """int64 (C+1,)"""
    dt_rank: Array
    """int64 (D,): place of a detection in its cell, from 0."""

    @property
    def dt_cells(self) -> Array:
        """Number of the cell of each detection in ``dt_order``."""
        return np.repeat(self.cells, np.diff(self.dt_offsets))

    @property
    def gt_cells(self) -> Array:
        """Number of the cell of each object in ``gt_order``."""
        return np.repeat(self.cells, np.diff(self.gt_offsets))


def lay_out(gt_cell: Array, dt_cell: Array, scores: Array, max_detections: int) -> Layout:
    """Sort rows into cells; of the detections of a cell the best ``max_detections`` stay."""
    cells = np.unique(np.concatenate([gt_cell, dt_cell]))
    gt_order = np.argsort(gt_cell, kind="stable")
    gt_offsets = np.searchsorted(gt_cell[gt_order], cells)
    dt_order = np.lexsort((-scores, dt_cell))
    sorted_cell = dt_cell[dt_order]
    rank = np.arange(len(sorted_cell)) - np.searchsorted(sorted_cell, sorted_cell)
    kept = rank < max_detections
    dt_order, rank, sorted_cell = dt_order[kept], rank[kept], sorted_cell[kept]
    dt_offsets = np.searchsorted(sorted_cell, cells)
    return Layout(
        cells,
        gt_order,
        np.append(gt_offsets, len(gt_order)),
        dt_order,
        np.append(dt_offsets, len(dt_order)),
        rank,
    )


class Matches(NamedTuple):
    """What `match` returns, for A area ranges and T thresholds."""

    gt_of_dt: Array
    """int32 (A, T, D): the object that each detection matches, or -1."""
    dt_of_gt: Array
    """int32 (A, T, G): the last detection that matches each object, or -1."""


def match(
    overlaps: Array,
    layout: Layout,
    gt_ignored: Array,
    gt_crowd: Array,
    thresholds: Array,
    blocks: Array | None = None,
) -> Matches:
    """Match greedily, as COCO does.

    Parameters
    ----------
    overlaps : float64 array (P,)
        One row-major matrix a cell, detections by objects, end to end.
    layout : Layout
    gt_ignored : bool array (A, G)
        Objects that do not count in an area range, in the order of the layout.
    gt_crowd : bool array (G,)
        Objects that any number of detections may match.
    thresholds : float64 array (T,)
    blocks : bool array (D,), optional
        Detections that take the object they match away from later ones. Default: all.

    Returns
    -------
    Matches

    Raises
    ------
    ValueError
        If an overlap is not a number.

    Notes
    -----
    A detection takes the object of the largest overlap that is at least the threshold, the later
    one of equals, among those that count and are free; only if there is none, among the ignored.
    Pairs below all thresholds are dropped first. O(P + pairs above the lowest threshold * A * T).
    """
    if np.isnan(overlaps).any():
        raise ValueError(
            "match: overlaps must be numbers, got nan. Check the coordinates for nan and infinity."
        )
    n_ranges, n_gt = gt_ignored.shape
    n_dt = len(layout.dt_order)
    shape = (n_ranges, len(thresholds))
    gt_of_dt = np.full((*shape, n_dt), -1, np.int32)
    dt_of_gt = np.full((*shape, n_gt), -1, np.int32)
    floors = np.minimum(thresholds, HIGHEST_FLOOR)
    if not len(floors) or not len(overlaps):
        return Matches(gt_of_dt, dt_of_gt)
    pair = np.flatnonzero(overlaps >= floors.min())
    dt, gt = _sides(pair, layout)
    overlap = overlaps[pair]
    order = np.lexsort((gt, overlap, dt, layout.dt_rank[dt]))
    dt, gt, overlap = dt[order], gt[order], overlap[order]
    taken = np.zeros((*shape, n_gt), bool)
    ranks = layout.dt_rank[dt]
    turns = np.append(np.flatnonzero(np.diff(ranks, prepend=-1)), len(ranks)).tolist()
    for start, stop in pairwise(turns):
        d, g = dt[start:stop], gt[start:stop]
        n = stop - start
        possible = overlap[start:stop] >= floors[:, np.newaxis]
        possible = possible & (gt_crowd[g] | ~taken[:, :, g])
        # Inside a detection pairs rise by overlap, then by place: the last possible one is best.
        value = np.arange(1, n + 1, dtype=np.int64) + (n + 1) * ~gt_ignored[:, g]
        firsts = np.flatnonzero(np.diff(d, prepend=-1))
        best = np.maximum.reduceat(np.where(possible, value[:, np.newaxis, :], 0), firsts, axis=2)
        a, t, which = np.nonzero(best)
        at = (best[a, t, which] - 1) % (n + 1)
        won, by = g[at], d[at]
        gt_of_dt[a, t, by] = won
        dt_of_gt[a, t, won] = by
        taken[a, t, won] = True if blocks is None else blocks[by]
    return Matches(gt_of_dt, dt_of_gt)


def left_out(matches: Matches, matched: Array, gt_ignored: Array, outside: Array) -> Array:
    """Detections that count neither way, bool (A, T, D).

    Those that match an ignored object, and of the others (not ``matched``, bool (A, T, D)) those
    ``outside`` an area range, bool (A, D).
    """
    padded = np.pad(gt_ignored, ((0, 0), (0, 1)))  # no match, -1, finds the False at the end
    place = matches.gt_of_dt.astype(np.int64)
    of_match = np.take_along_axis(padded[:, np.newaxis, :], place, axis=2)
    out: Array = of_match | (~matched & outside[:, np.newaxis, :])
    return out


def _sides(pair: Array, layout: Layout) -> tuple[Array, Array]:
    """Detection and object of each pair, given its place in the matrices."""
    n_gt = np.diff(layout.gt_offsets)
    cell_of_dt = np.repeat(np.arange(len(layout.cells)), np.diff(layout.dt_offsets))
    starts = ragged.offsets_from_lengths(n_gt[cell_of_dt])
    dt = np.searchsorted(starts, pair, side="right") - 1
    return dt, layout.gt_offsets[cell_of_dt[dt]] + pair - starts[dt]
