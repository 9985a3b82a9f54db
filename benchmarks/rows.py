"""A row of the table: the work, its reference, its goal and the limit of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from benchmarks.limits import Limit

OPERATIONS = (
    "rasterize",
    "decode",
    "encode",
    "iou",
    "measure",
    "strings",
    "combine",
    "label_map",
    "read_coco",
    "small",
)
"""In the order of the page; ``bench_<operation>.py`` holds the rows of each."""


@dataclass(frozen=True)
class Goal:
    """What a row should reach: every number that is set."""

    text: str
    rate: float | None = None
    """At least so many units a second."""
    seconds: float | None = None
    """At most so long for the whole of the work."""
    share_of_limit: float | None = None
    """At least this share of the speed of the limit."""
    direct_at_most_best: bool = False
    """The direct call at most as long as the best peer."""


Unit = Literal["masks", "bytes", "pairs", "pixels", "annotations", "calls"]


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    title: str
    workload: str
    operation: str
    """The method of `benchmarks.baselines.base.Baseline` that does it."""
    data: Callable[[float], Any]
    """The workload at a size in (0, 1]."""
    reference: Callable[[Any], Any]
    """What every engine must give."""
    amount: Callable[[Any], float]
    unit: Unit
    quick: float
    """The size at which a quick run takes milliseconds."""
    goal: Goal | None = None
    limit: Limit | None = None
    threads: int = 1
    scales: bool = False
    """Whether scaling with size and threads is measured too."""


def all_rows() -> dict[str, Row]:
    """Every row by name, in the order of the page."""
    rows: dict[str, Row] = {}
    for operation in OPERATIONS:
        for row in import_module(f"benchmarks.bench_{operation}").ROWS:
            rows[row.name] = row
    return rows
