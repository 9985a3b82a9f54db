"""Runs rows: one pytest process a row, then memory, and writes the result files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import machine, memory
from benchmarks.records import (
    QUICK,
    RESULTS,
    EngineResult,
    LimitResult,
    RowResult,
    ScalingResult,
    Timing,
    write,
)
from benchmarks.rows import Row, all_rows

Say = Callable[[str], None]


class TimingFailedError(Exception):
    """The timing process of a row broke down; the message is what it printed."""


def run_rows(
    names: Iterable[str],
    *,
    quick: bool,
    engines: tuple[str, ...] = (),
    folder: Path | None = None,
    say: Say = print,
) -> list[Path]:
    """Measure rows and write one file each into ``folder``; give the paths."""
    rows = all_rows()
    written = []
    for name in names:
        row = rows[name]
        provenance = machine.provenance()
        if folder is None:
            folder = QUICK if quick else RESULTS / provenance.machine.name
        result = _run_row(row, row.quick if quick else 1.0, quick, engines, provenance, say)
        result.provenance.load_after = os.getloadavg()[0]
        path = folder / f"{name}.json"
        write(result, path)
        written.append(path)
    return written


def _run_row(
    row: Row, size: float, quick: bool, engines: tuple[str, ...], provenance: Any, say: Say
) -> RowResult:
    report = _time(row, size, row.threads, quick, [f"--engine={name}" for name in engines])
    outcomes = [msgspec.convert(o, EngineResult) for o in report["outcomes"]]
    limit = None if row.limit is None else LimitResult(row.limit.name, "no C compiler")
    amount = 0.0
    for entry in report["benchmarks"]:
        extra = entry["extra_info"]
        amount = extra["amount"]
        if extra["kind"] == "limit" and limit is not None:
            limit.timing, limit.detail = _timing(entry["stats"]), ""
        if extra["kind"] == "engine":
            own = next(o for o in outcomes if o.engine == extra["engine"])
            own.timing = _timing(entry["stats"])
    for outcome in outcomes:
        if outcome.timing is not None:
            outcome.memory = memory.measure(row.name, outcome.engine, size, row.threads)
        say(f"{row.name:26} {outcome.label:24} {_told(outcome)}")
    result = RowResult(
        row=row.name,
        size=size,
        threads=row.threads,
        amount=amount,
        unit=row.unit,
        engines=outcomes,
        limit=limit,
        scaling=[],
        provenance=provenance,
    )
    if row.scales:
        try:
            result.scaling = _scaling(row, size, quick)
        except TimingFailedError as error:
            result.scaling_detail = f"{error}".splitlines()[0]
            say(f"{row.name:26} scaling failed: {error}")
    return result


def _scaling(row: Row, size: float, quick: bool) -> list[ScalingResult]:
    threads = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    report = _time(row, size, threads, quick, ["--scaling", "-k", "time_scaling"])
    if report["failed"]:
        raise TimingFailedError(report["failed"])
    return [
        ScalingResult(
            entry["extra_info"]["share"],
            entry["extra_info"]["threads"],
            entry["extra_info"]["amount"],
            _timing(entry["stats"]),
        )
        for entry in report["benchmarks"]
    ]


def _time(row: Row, size: float, threads: int, quick: bool, options: list[str]) -> Any:
    """Run ``timing.py`` in a process of its own and give the JSON of pytest-benchmark."""
    effort = ("0.02", "0.0001", "3") if quick else ("2.0", "0.001", "5")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable, "-m", "pytest", "benchmarks/timing.py", "-q", "-p", "no:cacheprovider",
            "-o", "addopts=", "-o", "filterwarnings=", "-o", "python_functions=time_*",
            "-o", "python_files=timing.py",
            f"--row={row.name}", f"--size={size}", f"--threads={threads}",
            f"--benchmark-json={report}", f"--benchmark-max-time={effort[0]}",
            f"--benchmark-min-time={effort[1]}", f"--benchmark-min-rounds={effort[2]}",
            "--benchmark-disable-gc", "--benchmark-quiet", *options,
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=machine.ROOT, env=machine.environment(threads),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        # 0: all went well; 1: some engine failed its check, which the outcomes tell.
        if done.returncode not in (0, 1) or not report.exists():
            raise TimingFailedError(f"{row.name}: nothing was timed\n{done.stdout}{done.stderr}")
        return msgspec.json.decode(report.read_bytes())


def _timing(stats: dict[str, Any]) -> Timing:
    return Timing(
        median=stats["median"],
        q1=stats["q1"],
        q3=stats["q3"],
        fastest=stats["min"],
        rounds=stats["rounds"],
        iterations=stats["iterations"],
    )


def _told(outcome: EngineResult) -> str:
    if outcome.timing is None:
        return f"{outcome.status}: {outcome.detail}"
    return f"{outcome.timing.median * 1e6:14,.1f} µs"
