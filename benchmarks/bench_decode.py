"""Run lengths to dense masks."""

from __future__ import annotations

from benchmarks import limits, workloads
from benchmarks.data import Array, MaskData
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def by_pycocotools(data: MaskData) -> Array:
    return data.dense


def write_all(data: MaskData) -> Run:
    return limits.write(data.n_pixels)


def _pixels(data: MaskData) -> float:
    return data.n_pixels


ROWS = [
    Row(
        name="decode",
        title="decode to uint8 (N, H, W) in a given buffer",
        workload="sam_everything",
        operation="decode",
        data=workloads.sam_everything,
        reference=by_pycocotools,
        amount=_pixels,
        unit="bytes",
        quick=0.01,
        goal=Goal("at least 90 % of memset on the same buffer", share_of_limit=0.9),
        limit=Limit("memset", write_all),
        scales=True,
    ),
    Row(
        name="decode_noise",
        title="decode, a run every other pixel",
        workload="noise",
        operation="decode",
        data=workloads.noise,
        reference=by_pycocotools,
        amount=_pixels,
        unit="bytes",
        quick=0.1,
        limit=Limit("memset", write_all),
    ),
]
