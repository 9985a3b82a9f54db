"""Area and bounding box."""

from __future__ import annotations

import numpy as np

from maskmill.backend.arrays import Array
from maskmill.masks import Masks


def area(masks: Masks) -> Array:
    spans = masks.bounds.reshape(-1, 2).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    upto: Array = before[masks.offsets // 2]
    return np.diff(upto)


def bbox(masks: Masks) -> Array:
    boxes = np.zeros((len(masks), 4), np.int64)
    filled = np.flatnonzero(np.diff(masks.offsets))
    if not len(filled):
        return boxes
    spans = masks.bounds.reshape(-1, 2).astype(np.int64)
    first, last = spans[:, 0], spans[:, 1] - 1
    starts = masks.offsets[filled] // 2
    height = np.repeat(masks.sizes[:, 0].astype(np.int64), np.diff(masks.offsets) // 2)
    crosses = first // height != last // height  # then it touches the last and the first row
    left = np.minimum.reduceat(first // height, starts)
    right = np.maximum.reduceat(last // height, starts)
    top = np.minimum.reduceat(np.where(crosses, 0, first % height), starts)
    bottom = np.maximum.reduceat(np.where(crosses, height - 1, last % height), starts)
    boxes[filled] = np.stack([left, top, right - left + 1, bottom - top + 1], axis=1)
    return boxes
