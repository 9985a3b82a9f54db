"""maskmill's reader of datasets: masks, and every other field of the file checked and kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.baselines.base import Baseline
from benchmarks.data import FileData
from benchmarks.work import Work, rles
from maskmill import Masks
from maskmill.datasets import read


class MaskmillDatasets(Baseline):
    label = "maskmill, dataset reader"
    distribution = "maskmill"

    def read_coco(self, data: FileData) -> Work:
        return Work(partial(_read, data.path), rles, note="all fields")


def _read(path: Path) -> Masks:
    return Masks.concatenate(shard.masks() for shard in read(path))


ENGINE = MaskmillDatasets()
