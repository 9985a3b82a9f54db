"""Options of a timing run, and its outcomes in the JSON of pytest-benchmark."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from benchmarks.machine import keep_to
from benchmarks.records import EngineResult


@dataclass
class Collected:
    """What a session found out besides times."""

    outcomes: list[EngineResult] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


COLLECTED = pytest.StashKey[Collected]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--row", required=True, help="name of the row to time")
    parser.addoption("--size", type=float, default=1.0, help="share of the work")
    parser.addoption("--scaling", action="store_true", help="time maskmill at several sizes")
    parser.addoption("--threads", type=int, default=1, help="threads, and processors, to use")
    parser.addoption("--engine", action="append", default=[], help="only these engines")


def pytest_configure(config: pytest.Config) -> None:
    keep_to(config.getoption("--threads"))
    config.stash[COLLECTED] = Collected()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.config.stash[COLLECTED].failures.append(f"{item.name}: {call.excinfo}")
    return report


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    collected = config.stash[COLLECTED]
    output_json["outcomes"] = msgspec.to_builtins(collected.outcomes)
    output_json["failed"] = "\n".join(collected.failures)
