"""faster-coco-eval: C++ under pybind11, threads by std::async."""

from __future__ import annotations

from functools import partial

from faster_coco_eval import COCO, mask_api_new_cpp
from faster_coco_eval.core import mask

from benchmarks.baselines.coco_api import CocoApi
from benchmarks.data import MaskData, Rle
from benchmarks.work import Work


class FasterCocoEval(CocoApi):
    label = "faster-coco-eval"
    distribution = "faster-coco-eval"
    mask = mask
    stacks = True

    def from_strings(self, data: MaskData) -> Work:
        return Work(partial(mask_api_new_cpp._frString, data.rles), mask_api_new_cpp._toString)

    def read_file(self, path: str) -> list[Rle]:
        coco = COCO(path)
        return [coco.annToRLE(annotation) for annotation in coco.dataset["annotations"]]


ENGINE = FasterCocoEval()
