"""maskmill without its public functions: one call into the extension, on one thread.

What a layer in the shape of pycocotools pays for a small mask, before it wraps the result.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.baselines.base import Baseline
from benchmarks.data import Array, DenseData, MaskData, PairData
from benchmarks.work import Work, rles
from maskmill import Masks, _core


class MaskmillDirect(Baseline):
    label = "maskmill, direct call"
    distribution = "maskmill"

    def encode_one(self, data: DenseData) -> Work:
        dense = np.asfortranarray(data.stack[0])[np.newaxis]
        return Work(partial(_core.encode, dense, 1), lambda c: rles(Masks.from_trusted(*c)))

    def decode_one(self, data: MaskData) -> Work:
        masks = data.masks[:1]
        shape = tuple(masks.sizes[0].tolist())
        return Work(partial(_decode, masks.bounds, masks.offsets, shape), np.asarray)

    def iou_one(self, data: PairData) -> Work:
        a, b = data.detections.masks[:1], data.truths.masks[:1]
        all_of_one = np.array([0, 1])
        run = partial(
            _core.iou, a.bounds, a.offsets, b.bounds, b.offsets, a.sizes, b.sizes,
            all_of_one, all_of_one, None, 1,
        )  # fmt: skip
        return Work(run, lambda values: values.reshape(1, 1))


def _decode(bounds: Array, offsets: Array, shape: tuple[int, int]) -> Array:
    dense = np.empty((1, *shape), np.uint8, "F")  # the order that pycocotools gives
    _core.decode(bounds, offsets, dense, 1)
    first: Array = dense[0]
    return first


ENGINE = MaskmillDirect()
