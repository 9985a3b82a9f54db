"""Times one row: ``pytest benchmarks/timing.py --row decode``, which ``run.py`` calls.

Every engine that is installed and offers the operation is checked against the reference and then
timed, in this one process and on the same data.
"""

from __future__ import annotations

from typing import Any

import pytest

import maskmill
from benchmarks import checked
from benchmarks.baselines import ENGINES
from benchmarks.conftest import COLLECTED
from benchmarks.rows import Row, all_rows
from benchmarks.work import difference

SLOW = 1.0
"""Seconds from which three rounds must do."""

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of the work, for scaling with size."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if "engine_name" in metafunc.fixturenames:
        metafunc.parametrize("engine_name", config.getoption("--engine") or ENGINES)
    if "share" in metafunc.fixturenames:
        threads = range(1, config.getoption("--threads") + 1)
        scales = config.getoption("--scaling")
        metafunc.parametrize("share", SHARES if scales else [])
        metafunc.parametrize("n_threads", list(threads) if scales else [])


@pytest.fixture(scope="session")
def row(pytestconfig: pytest.Config) -> Row:
    return all_rows()[pytestconfig.getoption("--row")]


@pytest.fixture(scope="session")
def size(pytestconfig: pytest.Config) -> float:
    return float(pytestconfig.getoption("--size"))


@pytest.fixture(scope="session")
def data(row: Row, size: float) -> Any:
    return row.data(size)


@pytest.fixture(scope="session")
def expected(row: Row, data: Any) -> Any:
    return row.reference(data)


def run_timed(benchmark: Any, run: Any, first: float) -> None:
    """Let pytest-benchmark choose the rounds; what takes seconds gets three."""
    if first > SLOW:
        benchmark.pedantic(run, rounds=3)
    else:
        benchmark(run)


def time_engine(
    engine_name: str, row: Row, data: Any, expected: Any, benchmark: Any, pytestconfig: Any
) -> None:
    engine, result = checked.load(engine_name)
    pytestconfig.stash[COLLECTED].outcomes.append(result)
    if engine is None:
        pytest.skip(result.detail)
    work = checked.prepare(row, engine, data, expected, result)
    if work is None:
        if result.status == "not offered":
            pytest.skip(result.detail)
        pytest.fail(result.detail, pytrace=False)
    benchmark.extra_info.update(kind="engine", engine=engine_name, amount=row.amount(data))
    run_timed(benchmark, work.run, result.first)


def time_limit(row: Row, data: Any, benchmark: Any) -> None:
    if row.limit is None:
        pytest.skip("this row has no limit")
    run = row.limit.of(data)
    benchmark.extra_info.update(kind="limit", amount=row.amount(data))
    run_timed(benchmark, run, 0.0)


def time_scaling(row: Row, size: float, share: float, n_threads: int, benchmark: Any) -> None:
    own = row.data(size * share)
    engine, _ = checked.load("maskmill")
    assert engine is not None
    with maskmill.threads(n_threads):
        work = engine.work(row.operation, own)
        problem = difference(row.reference(own), work.read(work.run()))
        if problem:
            pytest.fail(problem, pytrace=False)
        benchmark.extra_info.update(
            kind="scaling", share=share, threads=n_threads, amount=row.amount(own)
        )
        run_timed(benchmark, work.run, 0.0)
