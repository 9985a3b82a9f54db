"""Intersection over union of pairs of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import limits, workloads
from benchmarks.data import Array, PairData
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def by_pycocotools(data: PairData) -> list[Array]:
    """One matrix an image."""
    matrices: list[Any] = [coco_mask.iou(*image) for image in data.images]
    shapes = [(len(image.detections), len(image.truths)) for image in data.images]
    return [np.reshape(m, shape) for m, shape in zip(matrices, shapes, strict=True)]


def all_boxes(data: PairData) -> Run:
    a, b = data.detections.masks, data.truths.masks
    groups_a, groups_b = data.groups
    return limits.box_tests(
        [
            (a[groups_a[g] : groups_a[g + 1]], b[groups_b[g] : groups_b[g + 1]])
            for g in range(len(data.images))
        ]
    )


def read_runs(data: PairData) -> Run:
    return limits.read_pairs(data.detections.masks, data.truths.masks)


def _pairs(data: PairData) -> float:
    return data.n_pairs


ROWS = [
    Row(
        name="iou_dataset",
        title="IoU of all pairs of every image, the dataset in one call",
        workload="coco_detections",
        operation="iou",
        data=workloads.coco_detections,
        reference=by_pycocotools,
        amount=_pairs,
        unit="pairs",
        quick=0.005,
        goal=Goal("at least 60M pairs/s", rate=60e6),
        limit=Limit("box tests", all_boxes),
        scales=True,
    ),
    Row(
        name="iou_crowded",
        title="IoU of 500 x 500 masks of 480x640, most boxes overlapping",
        workload="crowded",
        operation="iou",
        data=workloads.crowded_pairs,
        reference=by_pycocotools,
        amount=_pairs,
        unit="pairs",
        quick=0.0004,
        goal=Goal("at least 20M pairs/s", rate=20e6),
        limit=Limit("read of both masks' runs for every pair", read_runs),
        scales=True,
    ),
]
