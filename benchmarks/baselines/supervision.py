"""supervision: NumPy and OpenCV."""

from __future__ import annotations

from functools import partial

import numpy as np
import supervision as sv

from benchmarks.baselines.base import Baseline
from benchmarks.baselines.drawing import drawing
from benchmarks.data import Array, DenseData, MaskData, PairData, PolygonData, Rle, Size
from benchmarks.work import NotOfferedError, Work


class Supervision(Baseline):
    label = "supervision"
    distribution = "supervision"

    def rasterize(self, data: PolygonData) -> Work:
        # It takes whole coordinates.
        return drawing(_fill, data, lambda ring: np.rint(ring - 0.5).astype(np.int32))

    def decode(self, data: MaskData) -> Work:
        return Work(partial(_decode, data.rles), np.stack, note="new arrays")

    def encode(self, data: DenseData) -> Work:
        stack = list(data.stack.view(bool))
        size = list(data.stack.shape[1:])
        return Work(partial(_encode, stack), lambda found: _dicts(found, size))

    def iou(self, data: PairData) -> Work:
        if len(data.images) > 1 or data.crowd.any():
            raise NotOfferedError("no crowds; one image at a time, dense")
        image = data.images[0]
        a, b = (MaskData(r).dense.view(bool) for r in (image.detections, image.truths))
        return Work(
            partial(sv.mask_iou_batch, a, b),
            lambda m: [m.astype(np.float32)],
            note="dense, float32",
        )

    def encode_one(self, data: DenseData) -> Work:
        dense = np.asfortranarray(data.stack[0].view(bool))
        size = list(dense.shape)
        run = partial(sv.mask_to_rle, dense, compressed=True)
        return Work(run, lambda text: _dicts([text], size))

    def decode_one(self, data: MaskData) -> Work:
        rle = data.rles[0]
        return Work(partial(sv.rle_to_mask, rle["counts"], tuple(rle["size"][::-1])), np.asarray)


def _fill(rings: list[Array], size: Size) -> Array:
    dense: Array = sv.polygon_to_mask(rings[0], size[::-1])
    for ring in rings[1:]:
        dense |= sv.polygon_to_mask(ring, size[::-1])
    return dense


def _decode(rles: list[Rle]) -> list[Array]:
    return [sv.rle_to_mask(rle["counts"], (rle["size"][1], rle["size"][0])) for rle in rles]


def _encode(stack: list[Array]) -> list[str]:
    return [sv.mask_to_rle(dense, compressed=True) for dense in stack]


def _dicts(strings: list[str], size: list[int]) -> list[Rle]:
    return [{"size": size, "counts": text} for text in strings]


ENGINE = Supervision()
