"""Overlap of boxes and of keypoints, cell by cell, rounded as pycocotools rounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill import ragged

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["COCO_SIGMAS", "box_iou", "keypoint_similarity"]

COCO_SIGMAS: Final = tuple(
    value / 10
    for value in (
        .26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89,
    )
)  # fmt: skip
"""How far annotators stray at each keypoint of a person, in COCO."""

PAIRS_AT_ONCE: Final = 1 << 17
"""Pairs whose intermediate values stay in the cache."""


def box_iou(dt: Array, gt: Array, dt_offsets: Array, gt_offsets: Array, crowd: Array) -> Array:
    """IoU of boxes (x, y, width, height); of crowds, the part of the detection inside.

    Gives float64 (P,): one row-major matrix a cell, detections by objects.
    """
    out = np.empty(_n_pairs(dt_offsets, gt_offsets))
    for where, i, j in _pairs(dt_offsets, gt_offsets):
        a, b = dt[i].T, gt[j].T
        width = np.fmin(a[0] + a[2], b[0] + b[2]) - np.fmax(a[0], b[0])
        height = np.fmin(a[1] + a[3], b[1] + b[3]) - np.fmax(a[1], b[1])
        common = width * height
        area = a[2] * a[3]
        whole = np.where(crowd[j], area, area + b[2] * b[3] - common)
        apart = (width <= 0) | (height <= 0)
        with np.errstate(all="ignore"):
            out[where] = np.where(apart, 0.0, common / whole)
    return out


def keypoint_similarity(
    dt: Array,
    gt: Array,
    gt_boxes: Array,
    gt_areas: Array,
    dt_offsets: Array,
    gt_offsets: Array,
    sigmas: Array,
) -> Array:
    """Object keypoint similarity: keypoints are (N, K, 3), x, y and visibility.

    An object without visible keypoints is compared by how far the detection's lie outside its
    box, doubled. Gives float64 (P,) as `box_iou`.
    """
    out = np.empty(_n_pairs(dt_offsets, gt_offsets))
    variances = (sigmas * 2) ** 2
    visible = gt[:, :, 2] > 0
    counts = np.count_nonzero(visible, axis=1)
    x, y, wide, high = gt_boxes.T
    left, right = (x - wide)[:, np.newaxis], (x + wide * 2)[:, np.newaxis]
    top, bottom = (y - high)[:, np.newaxis], (y + high * 2)[:, np.newaxis]
    for where, i, j in _pairs(dt_offsets, gt_offsets):
        xd, yd = dt[i, :, 0], dt[i, :, 1]
        seen = counts[j]
        outside_x = np.maximum(0, left[j] - xd) + np.maximum(0, xd - right[j])
        outside_y = np.maximum(0, top[j] - yd) + np.maximum(0, yd - bottom[j])
        unseen = (seen == 0)[:, np.newaxis]
        dx = np.where(unseen, outside_x, xd - gt[j, :, 0])
        dy = np.where(unseen, outside_y, yd - gt[j, :, 1])
        e = (dx**2 + dy**2) / variances / (gt_areas[j] + np.spacing(1))[:, np.newaxis] / 2
        near = np.exp(-e)
        similarity = np.empty(len(i))
        # Sums round by their number of terms: those of equally many keypoints go together.
        for n in np.unique(seen).tolist():
            rows = seen == n
            terms = near[rows] if n == 0 else near[rows][visible[j[rows]]].reshape(-1, n)
            similarity[rows] = terms.sum(axis=1) / terms.shape[1]
        out[where] = similarity
    return out


def _n_pairs(dt_offsets: Array, gt_offsets: Array) -> int:
    return int(np.sum(np.diff(dt_offsets) * np.diff(gt_offsets)))


def _pairs(dt_offsets: Array, gt_offsets: Array) -> Iterator[tuple[slice, Array, Array]]:
    """Detection and object of all pairs, row-major cell by cell, some rows at a time."""
    cells = np.repeat(np.arange(len(dt_offsets) - 1), np.diff(dt_offsets))
    lengths = np.diff(gt_offsets)[cells]
    ends = ragged.offsets_from_lengths(lengths)
    row = 0
    while row < len(cells):
        stop = int(np.searchsorted(ends, ends[row] + PAIRS_AT_ONCE, side="right")) - 1
        stop = min(max(stop, row + 1), len(cells))
        own = slice(row, stop)
        dt = np.repeat(np.arange(row, stop), lengths[own])
        gt = ragged.spread(gt_offsets[cells[own]], lengths[own])
        yield slice(int(ends[row]), int(ends[stop])), dt, gt
        row = stop
