"""Set operations."""

from __future__ import annotations

from pycocotools import mask as coco_mask

from benchmarks import limits, workloads
from benchmarks.data import MaskData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def by_pycocotools(data: MaskData) -> list[Rle]:
    return [coco_mask.merge(data.rles)]


def copy_runs(data: MaskData) -> Run:
    return limits.copy(data.masks.nbytes)


ROWS = [
    Row(
        name="union_20",
        title="union of 20 overlapping masks",
        workload="stack_of_20",
        operation="union",
        data=workloads.stack_of_20,
        reference=by_pycocotools,
        amount=lambda _: 1,
        unit="calls",
        quick=1.0,
        goal=Goal("at most 15 µs", seconds=15e-6),
        limit=Limit("copy of the runs", copy_runs),
    ),
]
