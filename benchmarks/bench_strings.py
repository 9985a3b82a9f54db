"""COCO's compressed strings to masks."""

from __future__ import annotations

import numpy as np

from benchmarks import limits, workloads
from benchmarks.data import MaskData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def as_given(data: MaskData) -> list[Rle]:
    """The strings themselves: masks must give them back."""
    return data.rles


def read_and_write(data: MaskData) -> Run:
    text = np.zeros(data.n_chars, np.uint8)
    return limits.both(limits.read(text), limits.write(data.masks.nbytes))


def _chars(data: MaskData) -> float:
    return data.n_chars


ROWS = [
    Row(
        name="from_strings",
        title="COCO strings to masks",
        workload="coco_instances",
        operation="from_strings",
        data=lambda size: workloads.coco_instances(size, times=8).masks,
        reference=as_given,
        amount=_chars,
        unit="bytes",
        quick=0.002,
        goal=Goal("at least 1 GB/s of text", rate=1e9),
        limit=Limit("read of the text, write of the columns", read_and_write),
        scales=True,
    ),
]
