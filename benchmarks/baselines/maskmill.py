"""maskmill itself, through its public functions."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import maskmill
from benchmarks.baselines.base import Baseline
from benchmarks.data import (
    Array,
    DenseData,
    FileData,
    LabelMapData,
    MaskData,
    PaintData,
    PairData,
    PolygonData,
)
from benchmarks.work import Work, rles, same


class Maskmill(Baseline):
    label = "maskmill"
    distribution = "maskmill"

    def rasterize(self, data: PolygonData) -> Work:
        return Work(partial(maskmill.rasterize, data.polygons), rles)

    def rasterize_center(self, data: PolygonData) -> Work:
        return Work(partial(maskmill.rasterize, data.polygons, rule="center"), rles)

    def decode(self, data: MaskData) -> Work:
        out = np.full((len(data), *data.rles[0]["size"]), 7, np.uint8)
        return Work(partial(maskmill.decode, data.masks, out=out), same, note="given buffer")

    def encode(self, data: DenseData) -> Work:
        return Work(partial(maskmill.encode, data.stack), rles)

    def iou(self, data: PairData) -> Work:
        groups_a, groups_b = data.groups
        run = partial(
            maskmill.iou,
            data.detections.masks,
            data.truths.masks,
            crowd=data.crowd,
            groups_a=groups_a,
            groups_b=groups_b,
        )
        return Work(run, lambda matrices: [matrices[g] for g in range(len(matrices))])

    def area(self, data: MaskData) -> Work:
        return Work(partial(maskmill.area, data.masks), same)

    def bbox(self, data: MaskData) -> Work:
        return Work(partial(maskmill.bbox, data.masks), same)

    def from_strings(self, data: MaskData) -> Work:
        strings = [rle["counts"] for rle in data.rles]
        sizes = np.array([rle["size"] for rle in data.rles], np.int32)
        return Work(partial(maskmill.from_coco_strings, strings, sizes), rles)

    def union(self, data: MaskData) -> Work:
        return Work(partial(maskmill.merge, data.masks), rles)

    def label_map(self, data: PaintData) -> Work:
        run = partial(maskmill.label_map, data.masks.masks, data.labels, dtype=np.uint8)
        return Work(run, same)

    def from_label_map(self, data: LabelMapData) -> Work:
        run = partial(maskmill.from_label_map, data.label_map)
        return Work(run, lambda found: rles(found.masks))

    def read_coco(self, data: FileData) -> Work:
        return Work(partial(_read_coco, data.path), rles)

    def encode_one(self, data: DenseData) -> Work:
        return Work(partial(maskmill.encode, np.asfortranarray(data.stack[0])), rles)

    def decode_one(self, data: MaskData) -> Work:
        return Work(partial(maskmill.decode, data.masks[:1]), _first)

    def iou_one(self, data: PairData) -> Work:
        a, b = data.detections.masks[:1], data.truths.masks[:1]
        return Work(partial(maskmill.iou, a, b), same)


class _Image(msgspec.Struct):
    id: int
    height: int
    width: int


class _Annotation(msgspec.Struct):
    image_id: int
    segmentation: msgspec.Raw


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]


def _read_coco(path: Path) -> maskmill.Masks:
    """Keep the segmentations as text: the way that ``Masks.from_coco`` documents."""
    file = msgspec.json.decode(path.read_bytes(), type=_File)
    size = {image.id: (image.height, image.width) for image in file.images}
    return maskmill.Masks.from_coco(
        [a.segmentation for a in file.annotations], [size[a.image_id] for a in file.annotations]
    )


def _first(stack: Any) -> Array:
    dense: Array = stack[0]
    return dense


ENGINE = Maskmill()
