"""rlemasklib: C under Cython, one thread, objects of run lengths."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from rlemasklib import RLEMask

from benchmarks.baselines.base import Baseline
from benchmarks.data import (
    Array,
    DenseData,
    LabelMapData,
    MaskData,
    PaintData,
    PairData,
    PolygonData,
    Rle,
)
from benchmarks.work import NotOfferedError, Work, same


class Rlemasklib(Baseline):
    label = "rlemasklib"
    distribution = "RLEMaskLib"

    def rasterize(self, data: PolygonData) -> Work:
        rings = [
            ([np.reshape(ring, (-1, 2)) for ring in segmentation], size)
            for segmentation, size in zip(data.segmentations, data.sizes, strict=True)
        ]
        return Work(partial(_rasterize, rings), _dicts)

    def decode(self, data: MaskData) -> Work:
        out = np.full((len(data), *data.rles[0]["size"]), 7, np.uint8)
        return Work(partial(_decode, _objects(data), out), same, note="given buffer")

    def encode(self, data: DenseData) -> Work:
        return Work(partial(_encode, list(data.stack)), _dicts)

    def iou(self, data: PairData) -> Work:
        if data.crowd.any():
            raise NotOfferedError("no crowds")
        images = [(_objects(MaskData(d)), _objects(MaskData(t))) for d, t, _ in data.images]
        return Work(partial(_iou, images), same)

    def area(self, data: MaskData) -> Work:
        return Work(partial(_areas, _objects(data)), same)

    def bbox(self, data: MaskData) -> Work:
        return Work(partial(_boxes, _objects(data)), same)

    def from_strings(self, data: MaskData) -> Work:
        return Work(partial(_objects, data), _dicts)

    def union(self, data: MaskData) -> Work:
        return Work(partial(RLEMask.union, _objects(data)), lambda mask: [mask.to_dict()])

    def label_map(self, data: PaintData) -> Work:
        return Work(partial(RLEMask.merge_to_label_map, _objects(data.masks)), same)

    def from_label_map(self, data: LabelMapData) -> Work:
        if data.label_map.max() > 255:
            raise NotOfferedError("labels up to 255 only")
        label_map = data.label_map
        return Work(partial(RLEMask.from_label_map, label_map), lambda m: _dicts(m.values()))

    def encode_one(self, data: DenseData) -> Work:
        dense = np.asfortranarray(data.stack[0])
        return Work(partial(RLEMask.from_array, dense), lambda mask: [mask.to_dict()])

    def decode_one(self, data: MaskData) -> Work:
        return Work(_objects(data)[0].to_array, same)

    def iou_one(self, data: PairData) -> Work:
        a, b = _objects(data.detections)[0], _objects(data.truths)[0]
        return Work(partial(a.iou, b), lambda value: np.array([[value]]))


def _objects(data: MaskData) -> list[Any]:
    return [RLEMask.from_dict(rle) for rle in data.rles]


def _dicts(masks: Any) -> list[Rle]:
    return [mask.to_dict() for mask in masks]


def _rasterize(masks: list[tuple[list[Array], tuple[int, int]]]) -> list[Any]:
    drawn = []
    for rings, size in masks:
        parts = [RLEMask.from_polygon(ring, imshape=size) for ring in rings]
        drawn.append(parts[0] if len(parts) == 1 else RLEMask.union(parts))
    return drawn


def _decode(masks: list[Any], out: Array) -> Array:
    for mask, dense in zip(masks, out, strict=True):
        mask.decode_into(dense, fg_value=1, bg_value=0)
    return out


def _encode(stack: list[Array]) -> list[Any]:
    return [RLEMask.from_array(dense) for dense in stack]


def _iou(images: list[tuple[list[Any], list[Any]]]) -> list[Array]:
    return [RLEMask.iou_matrix(detections, truths) for detections, truths in images]


def _areas(masks: list[Any]) -> list[int]:
    return [mask.area() for mask in masks]


def _boxes(masks: list[Any]) -> list[Array]:
    return [mask.bbox() for mask in masks]


ENGINE = Rlemasklib()
