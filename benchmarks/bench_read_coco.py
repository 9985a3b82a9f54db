"""A COCO file to masks."""

from __future__ import annotations

from functools import partial

import msgspec

from benchmarks import workloads
from benchmarks.data import FileData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


class _Annotation(msgspec.Struct):
    id: int
    image_id: int
    segmentation: msgspec.Raw


class _File(msgspec.Struct):
    annotations: list[_Annotation]


def by_pycocotools(data: FileData) -> list[Rle]:
    return data.rles


def split(data: FileData) -> Run:
    """Read the file and find the segmentations, without a look into them."""
    return partial(_split, data)


def _split(data: FileData) -> _File:
    return msgspec.json.decode(data.path.read_bytes(), type=_File)


def _annotations(data: FileData) -> float:
    return len(data.rles)


ROWS = [
    Row(
        name="read_coco",
        title="COCO JSON of 42,000 annotations to masks",
        workload="coco_file",
        operation="read_coco",
        data=workloads.coco_file,
        reference=by_pycocotools,
        amount=_annotations,
        unit="annotations",
        quick=0.001,
        goal=Goal("at most 0.12 s", seconds=0.12),
        limit=Limit("msgspec with raw segmentations", split),
        threads=2,
        scales=True,
    ),
]
