"""pycocotools: the reference of the field, C under Cython."""

from __future__ import annotations

from contextlib import redirect_stdout
from functools import partial
from io import StringIO

import numpy as np
from pycocotools import _mask, mask
from pycocotools.coco import COCO

from benchmarks.baselines.coco_api import CocoApi
from benchmarks.data import Array, LabelMapData, MaskData, PaintData, Rle
from benchmarks.work import NotOfferedError, Work, same


class Pycocotools(CocoApi):
    label = "pycocotools"
    distribution = "pycocotools"
    mask = mask

    def area(self, data: MaskData) -> Work:
        # Under NumPy 2 it refuses lists of more than 255 masks.
        pieces = [data.rles[i : i + 255] for i in range(0, len(data), 255)]
        return Work(partial(_areas, pieces), np.concatenate, note="255 at a time")

    def from_strings(self, data: MaskData) -> Work:
        return Work(partial(_mask._frString, data.rles), _mask._toString)

    def label_map(self, data: PaintData) -> Work:
        return Work(partial(_paint, data), same, note="decode, then NumPy")

    def from_label_map(self, data: LabelMapData) -> Work:
        if len(data.rles) > 255:
            raise NotOfferedError("one pass over the whole map for every label")
        return Work(partial(_instances, data.label_map), same, note="NumPy, then encode")

    def read_file(self, path: str) -> list[Rle]:
        with redirect_stdout(StringIO()):
            coco = COCO(path)
        return [coco.annToRLE(annotation) for annotation in coco.dataset["annotations"]]


def _areas(pieces: list[list[Rle]]) -> list[Array]:
    return [mask.area(piece) for piece in pieces]


def _paint(data: PaintData) -> Array:
    label_map = np.zeros(data.size, np.uint8)
    for label, rle in zip(data.labels, data.masks.rles, strict=True):
        label_map[mask.decode(rle).view(bool)] = label
    return label_map


def _instances(label_map: Array) -> list[Rle]:
    labels = np.unique(label_map)[1:]
    return [mask.encode(np.asfortranarray(label_map == k).view(np.uint8)) for k in labels]


ENGINE = Pycocotools()
