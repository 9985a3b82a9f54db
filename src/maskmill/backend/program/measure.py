"""Area and bounding box."""

from __future__ import annotations

import numpy as np

from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.masks import Masks


def area(masks: Masks) -> Array:
    spans = masks.bounds.reshape(-1, 2).astype(np.int64)
    before = xp.concatenate([[0], xp.cumsum(spans[:, 1] - spans[:, 0])])
    upto: Array = before[masks.offsets // 2]
    return xp.diff(upto)


def bbox(masks: Masks) -> Array:
    boxes = xp.zeros((len(masks), 4), np.int64)
    filled = xp.flatnonzero(xp.diff(masks.offsets))
    if not len(filled):
        return boxes
    spans = masks.bounds.reshape(-1, 2).astype(np.int64)
    first, last = spans[:, 0], spans[:, 1] - 1
    starts = masks.offsets[filled] // 2
    height = xp.repeat(masks.sizes[:, 0].astype(np.int64), xp.diff(masks.offsets) // 2)
    crosses = first // height != last // height  # then it touches the last and the first row
    left = xp.minimum.reduceat(first // height, starts)
    right = xp.maximum.reduceat(last // height, starts)
    top = xp.minimum.reduceat(xp.where(crosses, 0, first % height), starts)
    bottom = xp.maximum.reduceat(xp.where(crosses, height - 1, last % height), starts)
    boxes[filled] = xp.stack([left, top, right - left + 1, bottom - top + 1], axis=1)
    return boxes
