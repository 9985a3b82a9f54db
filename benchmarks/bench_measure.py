"""Area and box of each mask."""

from __future__ import annotations

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import limits, workloads
from benchmarks.data import Array, MaskData
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def areas(data: MaskData) -> Array:
    return np.array([coco_mask.area(rle) for rle in data.rles], np.int64)


def boxes(data: MaskData) -> Array:
    return np.asarray(coco_mask.toBbox(data.rles))


def read_columns(data: MaskData) -> Run:
    return limits.both(limits.read(data.masks.bounds), limits.read(data.masks.offsets))


def masks(size: float) -> MaskData:
    return workloads.coco_instances(size, times=8).masks


_GOAL = Goal("at least 50M masks/s", rate=50e6)
_LIMIT = Limit("plain read of the columns", read_columns)

ROWS = [
    Row(
        name="area",
        title="area",
        workload="coco_instances",
        operation="area",
        data=masks,
        reference=areas,
        amount=len,
        unit="masks",
        quick=0.002,
        goal=_GOAL,
        limit=_LIMIT,
        scales=True,
    ),
    Row(
        name="bbox",
        title="bounding box",
        workload="coco_instances",
        operation="bbox",
        data=masks,
        reference=boxes,
        amount=len,
        unit="masks",
        quick=0.002,
        goal=_GOAL,
        limit=_LIMIT,
    ),
]
