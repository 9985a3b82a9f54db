"""The result files of GPU rows: ``benchmarks/results/<card>/<row>.json``."""

from __future__ import annotations

import msgspec

from benchmarks.records import Provenance, Status, Timing


class Card(msgspec.Struct):
    """The GPU that numbers come from."""

    name: str
    architecture: str
    multiprocessors: int
    l2_bytes: int
    memory_bytes: int
    copy_bytes_per_second: float
    """Read and written by a copy of 1 GiB, both counted."""
    driver: str


class GpuEngineResult(msgspec.Struct):
    """One engine in one row."""

    engine: str
    status: Status
    detail: str = ""
    device: Timing | None = None
    """CUDA events around the call: inputs and results stay on the device."""
    with_transfers: Timing | None = None
    """From arrays on the host to results on the host."""


class GpuRowResult(msgspec.Struct):
    """One row on one card."""

    row: str
    title: str
    amount: float
    unit: str
    least_bytes: int
    """What any implementation must read and write."""
    goal_seconds: float | None
    engines: list[GpuEngineResult]
    card: Card
    provenance: Provenance
