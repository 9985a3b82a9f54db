"""hotcoco: Rust under PyO3, threads by rayon."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from hotcoco import COCO, mask

from benchmarks.baselines.coco_api import CocoApi
from benchmarks.data import MaskData, Rle
from benchmarks.work import Work, same


class Hotcoco(CocoApi):
    label = "hotcoco"
    distribution = "hotcoco"
    mask: ClassVar[Any] = mask
    takes_c_order = True

    def from_strings(self, data: MaskData) -> Work:
        strings = [(rle["counts"].decode(), *rle["size"]) for rle in data.rles]
        return Work(partial(_parse, strings), same)

    def read_file(self, path: str) -> list[Rle]:
        coco = COCO(path)
        return [coco.ann_to_rle(a) for a in coco.load_anns(coco.get_ann_ids())]


def _parse(strings: list[tuple[str, int, int]]) -> list[Rle]:
    return [mask.rle_from_string(text, height, width) for text, height, width in strings]


ENGINE = Hotcoco()
