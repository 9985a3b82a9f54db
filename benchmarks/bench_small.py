"""The smallest calls: one mask of 64x64. What counts here is the way into the extension."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import workloads
from benchmarks.data import Array, DenseData, ImagePairs, MaskData, PairData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row
from maskmill import _core


def one_pair(size: float) -> PairData:
    masks = workloads.tiny(size).rles
    return PairData([ImagePairs(masks[:1], masks[-1:], [0])])


def one_call(data: Any) -> Run:
    """A call that takes two arrays and gives one: the area of one mask."""
    rles = data.truths.rles if isinstance(data, PairData) else data.rles[:1]
    masks = MaskData(rles).masks
    return partial(_core.area, masks.bounds, masks.offsets, 1)


def encoded(data: DenseData) -> list[Rle]:
    return data.rles[:1]


def decoded(data: MaskData) -> Array:
    dense: Array = data.dense[0]
    return dense


def compared(data: PairData) -> Array:
    return np.asarray(coco_mask.iou(*data.images[0]))


_GOAL = Goal(
    "at most 4 µs; a direct call at most the best peer", seconds=4e-6, direct_at_most_best=True
)
_LIMIT = Limit("one call into the extension", one_call)

ROWS = [
    Row(
        name="encode_one",
        title="smallest call: encode one 64x64 mask",
        workload="tiny",
        operation="encode_one",
        data=lambda size: workloads.dense_fortran(workloads.tiny(size)),
        reference=encoded,
        amount=lambda _: 1,
        unit="calls",
        quick=1.0,
        goal=_GOAL,
        limit=_LIMIT,
    ),
    Row(
        name="decode_one",
        title="smallest call: decode one 64x64 mask",
        workload="tiny",
        operation="decode_one",
        data=workloads.tiny,
        reference=decoded,
        amount=lambda _: 1,
        unit="calls",
        quick=1.0,
        goal=_GOAL,
        limit=_LIMIT,
    ),
    Row(
        name="iou_one",
        title="smallest call: IoU of one 64x64 mask with one other",
        workload="tiny",
        operation="iou_one",
        data=one_pair,
        reference=compared,
        amount=lambda _: 1,
        unit="calls",
        quick=1.0,
        goal=_GOAL,
        limit=_LIMIT,
    ),
]
