"""The result files: what they hold, typed, and how they are read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

RESULTS = Path(__file__).with_name("results")
QUICK = RESULTS / "quick"
"""Where quick runs go: never committed, never on the page."""
KERNELS = RESULTS / "kernels"
"""What the kernels take of a device: not a machine."""

Status = Literal["measured", "mismatch", "error", "not offered", "not installed"]


class Timing(msgspec.Struct, frozen=True):
    """Seconds for one run of the work."""

    median: float
    q1: float
    q3: float
    fastest: float
    rounds: int
    iterations: int

    @property
    def iqr(self) -> float:
        """Inter-quartile range."""
        return self.q3 - self.q1


class Memory(msgspec.Struct, frozen=True):
    """Resident bytes of a fresh process around one run, the result included."""

    before: int
    peak: int

    @property
    def extra(self) -> int:
        """What the run added at its peak."""
        return max(0, self.peak - self.before)


class EngineResult(msgspec.Struct):
    """One engine in one row."""

    engine: str
    label: str
    status: Status
    detail: str = ""
    """Why there is no number."""
    note: str = ""
    edge_rule: bool = False
    first: float = 0.0
    """Seconds that the checked run took, with cold caches and fresh memory."""
    timing: Timing | None = None
    memory: Memory | None = None


class LimitResult(msgspec.Struct):
    """What the machine can do at most."""

    name: str
    detail: str = ""
    timing: Timing | None = None


class ScalingResult(msgspec.Struct):
    """maskmill at a share of the work."""

    size: float
    threads: int
    amount: float
    timing: Timing


class Machine(msgspec.Struct):
    """Where the numbers come from."""

    name: str
    cpu: str
    cores: int
    memory_bytes: int
    system: str


class Provenance(msgspec.Struct):
    """When, where and from what the numbers were taken."""

    machine: Machine
    versions: dict[str, str]
    commit: str
    changed: bool
    """The source differed from the commit."""
    date: str
    load_before: float
    load_after: float
    """Mean number of running processes over the last minute, as the system reports it."""


class RowResult(msgspec.Struct):
    """One row: ``results/<machine>/<row>.json``."""

    row: str
    size: float
    threads: int
    amount: float
    unit: str
    engines: list[EngineResult]
    limit: LimitResult | None
    scaling: list[ScalingResult]
    provenance: Provenance
    scaling_detail: str = ""
    """Why there is no scaling."""

    def of(self, engine: str) -> EngineResult | None:
        """Give the result of an engine."""
        return next((e for e in self.engines if e.engine == engine), None)

    @property
    def best_peer(self) -> EngineResult | None:
        """The fastest engine that is not maskmill and gives equal results."""
        peers = [e for e in self.engines if not e.engine.startswith("maskmill") and not e.edge_rule]
        measured = [(e.timing.median, i) for i, e in enumerate(peers) if e.timing is not None]
        return peers[min(measured)[1]] if measured else None


class InstructionResult(msgspec.Struct):
    """``results/<machine>/instructions.json``: instructions that maskmill runs for small work."""

    tool: str
    reason: str
    """Why nothing was counted; empty where something was."""
    sizes: dict[str, float]
    counts: dict[str, int]
    provenance: Provenance


def write(result: msgspec.Struct, path: Path) -> None:
    """Write a result file, readable by people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")


def read_rows(folder: Path = RESULTS) -> dict[str, dict[str, RowResult]]:
    """Committed rows: by machine, then by name."""
    found: dict[str, dict[str, RowResult]] = {}
    for path in sorted(folder.glob("*/*.json")):
        if path.parent in (QUICK, KERNELS) or path.name == "instructions.json":
            continue
        row = msgspec.json.decode(path.read_bytes(), type=RowResult)
        found.setdefault(path.parent.name, {})[row.row] = row
    return found


def read_instructions(machine: str, folder: Path = RESULTS) -> InstructionResult | None:
    """Committed instruction counts of a machine."""
    path = folder / machine / "instructions.json"
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=InstructionResult)
