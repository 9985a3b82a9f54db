"""Dense masks to run lengths."""

from __future__ import annotations

from benchmarks import limits, workloads
from benchmarks.data import DenseData, Rle
from benchmarks.limits import Limit, Run
from benchmarks.rows import Goal, Row


def as_made(data: DenseData) -> list[Rle]:
    """The run lengths that the dense masks were made from, by pycocotools."""
    return data.rles


def read_all(data: DenseData) -> Run:
    return limits.read(data.stack)


def _bytes(data: DenseData) -> float:
    return float(data.stack.nbytes)


_LIMIT = Limit("plain read", read_all)

ROWS = [
    Row(
        name="encode_fortran",
        title="encode Fortran-order uint8, larger than the caches",
        workload="sam_everything",
        operation="encode",
        data=lambda size: workloads.dense_fortran(workloads.sam_everything(size)),
        reference=as_made,
        amount=_bytes,
        unit="bytes",
        quick=0.01,
        goal=Goal("at least 90 % of a plain read of the buffer", share_of_limit=0.9),
        limit=_LIMIT,
        scales=True,
    ),
    Row(
        name="encode_c",
        title="encode C-order (N, H, W) uint8, larger than the caches",
        workload="sam_everything",
        operation="encode",
        data=lambda size: workloads.dense_c(workloads.sam_everything(size)),
        reference=as_made,
        amount=_bytes,
        unit="bytes",
        quick=0.01,
        goal=Goal("at least 20 GB/s", rate=20e9),
        limit=_LIMIT,
        scales=True,
    ),
    Row(
        name="encode_noise",
        title="encode C-order, a run every other pixel",
        workload="noise",
        operation="encode",
        data=lambda size: workloads.dense_c(workloads.noise(size)),
        reference=as_made,
        amount=_bytes,
        unit="bytes",
        quick=0.1,
        limit=_LIMIT,
    ),
    Row(
        name="encode_huge",
        title="encode one huge C-order mask",
        workload="huge",
        operation="encode",
        data=lambda size: workloads.dense_c(workloads.huge(size)),
        reference=as_made,
        amount=_bytes,
        unit="bytes",
        quick=0.0004,
        limit=_LIMIT,
        scales=True,
    ),
]
