"""An engine's work, checked: what every measurement goes through first."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from benchmarks import baselines
from benchmarks.baselines.base import Baseline
from benchmarks.records import EngineResult
from benchmarks.rows import Row
from benchmarks.work import NotOfferedError, Work, difference, edge_difference


def load(name: str) -> tuple[Baseline | None, EngineResult]:
    """Load an engine, or give the reason why it is not there."""
    try:
        engine = baselines.load(name)
    except ImportError as error:
        label = name.replace("_", "-")
        return None, EngineResult(name, label, "not installed", f"{error}")
    return engine, EngineResult(name, engine.label, "measured")


def prepare(
    row: Row, engine: Baseline, data: Any, expected: Any, result: EngineResult
) -> Work | None:
    """Run the work once and compare its result; None, and the reason, where it may not be timed.

    ``result.first`` says how long that took.
    """
    try:
        work = engine.work(row.operation, data)
        start = perf_counter()
        raw = work.run()
        result.first = perf_counter() - start
        got = work.read(raw)
    except NotOfferedError as reason:
        result.status, result.detail = "not offered", f"{reason}"
        return None
    except Exception as error:
        result.status, result.detail = "error", f"{type(error).__name__}: {error}"
        return None
    result.note, result.edge_rule = work.note, work.edge_rule
    problem = edge_difference(data, expected, got) if work.edge_rule else difference(expected, got)
    if problem:
        result.status, result.detail = "mismatch", problem
        return None
    return work
