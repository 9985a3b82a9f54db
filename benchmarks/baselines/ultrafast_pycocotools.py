"""ultrafast-pycocotools: Rust under PyO3, threads by rayon."""

from __future__ import annotations

from ultrafast_pycocotools import mask
from ultrafast_pycocotools.coco import COCO

from benchmarks.baselines.coco_api import CocoApi
from benchmarks.data import MaskData, Rle
from benchmarks.work import NotOfferedError, Work


class UltrafastPycocotools(CocoApi):
    label = "ultrafast-pycocotools"
    distribution = "ultrafast-pycocotools"
    mask = mask

    def from_strings(self, data: MaskData) -> Work:
        raise NotOfferedError("keeps strings: every call parses them again")

    def read_file(self, path: str) -> list[Rle]:
        coco = COCO(path, verbose=False)
        return [coco.annToRLE(annotation) for annotation in coco.dataset["annotations"]]


ENGINE = UltrafastPycocotools()
