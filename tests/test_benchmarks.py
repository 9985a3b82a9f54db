"""The benchmarks run, compare before they time, and show what differs. No test asserts a time."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks import checked, limits, page, records, workloads
from benchmarks.baselines.base import Baseline
from benchmarks.data import DenseData, MaskData, PolygonData
from benchmarks.gpu.rows import ROWS as GPU_ROWS
from benchmarks.gpu.rows import GpuRow
from benchmarks.records import (
    EngineResult,
    LimitResult,
    Machine,
    Provenance,
    RowResult,
    Timing,
)
from benchmarks.rows import Goal, Row, all_rows
from benchmarks.run import run_rows
from benchmarks.work import NotOfferedError, Work, difference, edge_difference, rles, same
from pycocotools import mask as coco_mask

from maskmill import decode
from tests.conftest import data_path

ROWS = all_rows()
REAL = {"coco_instances", "lvis", "coco_detections", "coco_file", "countries_98k"}
TESTED_ENGINES = ("maskmill", "maskmill_direct", "pycocotools", "pillow", "scikit_image")
"""What the extra ``test`` installs."""


@pytest.fixture(params=ROWS)
def row(request: pytest.FixtureRequest) -> Row:
    row = ROWS[request.param]
    if row.workload in REAL:
        data_path("MANIFEST.json")
    return row


def test_every_engine_gives_the_reference(row: Row) -> None:
    data = row.data(row.quick)
    expected = row.reference(data)
    outcomes = {}
    for name in TESTED_ENGINES:
        engine, result = checked.load(name)
        assert engine is not None, result.detail
        work = checked.prepare(row, engine, data, expected, result)
        outcomes[name] = (result.status, result.detail)
        assert (work is None) == (result.status != "measured")
    assert outcomes["maskmill"] == ("measured", "")
    assert {status for status, _ in outcomes.values()} <= {"measured", "not offered"}, outcomes
    assert row.amount(data) > 0


def test_limits_run(row: Row) -> None:
    if row.limit is not None:
        row.limit.of(row.data(row.quick))()


class _Wrong(Baseline):
    label = "wrong"
    distribution = "none"

    def area(self, data: MaskData) -> Work:
        return Work(lambda: np.zeros(len(data)), same)

    def bbox(self, data: MaskData) -> Work:
        return Work(partial(divmod, 1, 0), same)


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [
        ("area", "mismatch", "4 of 4 values differ, first 0.0 for"),
        ("bbox", "error", "ZeroDivisionError"),
        ("union_20", "not offered", "no union of run lengths"),
    ],
)
def test_what_is_wrong_is_told_and_not_timed(name: str, status: str, detail: str) -> None:
    data = workloads.tiny(1.0)
    row = ROWS[name]
    result = EngineResult("wrong", "wrong", "measured")
    assert checked.prepare(row, _Wrong(), data, row.reference(data), result) is None
    assert result.status == status
    assert detail in result.detail


@pytest.mark.parametrize(
    ("expected", "got", "problem"),
    [
        (np.array([1, 2]), [1, 2], None),
        (np.array([1, 2]), [1, 3], "1 of 2 values differ, first 3 for 2"),
        (np.array([1, 2]), [1, 2, 3], "shape (3,) for (2,)"),
        (np.array([1 / 3]), np.array([1 / 3], np.float32), None),
        (np.array([1 / 3]), np.array([0.334], np.float32), "1 of 1 values differ"),
        ([np.eye(2)], [np.eye(2)], None),
        ([np.eye(2)], [np.ones((2, 2))], "result 0: 2 of 4 values differ, first 1.0 for 0.0"),
        ([np.eye(2)], [], "0 results for 1"),
        ([{"size": [2, 2], "counts": b"4"}], [{"size": [2, 2], "counts": "4"}], None),
        ([{"size": [2, 2], "counts": b"4"}], [{"size": [1, 4], "counts": "4"}], "size [1, 4]"),
        (
            [{"size": [2, 2], "counts": b"4"}],
            [{"size": [2, 2], "counts": b"04"}],
            "other run lengths: area 4 for 0",
        ),
    ],
)
def test_difference(expected: Any, got: Any, problem: str | None) -> None:
    found = difference(expected, got)
    assert (found is None) if problem is None else (problem in str(found))


def test_another_pixel_rule_may_differ_at_the_outline_only() -> None:
    data = PolygonData([[[5.0, 5.0, 25.0, 5.0, 25.0, 25.0, 5.0, 25.0]]], [(40, 40)])
    dense = coco_mask.decode(data.rles[0])
    grown = dense.copy()
    grown[4:26, 4:26] = 1
    far = dense.copy()
    far[35, 35] = 1
    assert edge_difference(data, data.rles, [grown]) is None
    problem = edge_difference(data, data.rles, [far])
    assert problem == "result 0: 1 pixels differ away from the outline"


def test_an_engine_that_is_not_installed_is_listed() -> None:
    engine, result = checked.load("no_such_engine")
    assert engine is None
    assert result.status == "not installed"
    assert "no_such_engine" in result.detail


def test_every_signature_refuses_by_default() -> None:
    operations = {row.operation for row in ROWS.values()}
    for operation in operations:
        with pytest.raises(NotOfferedError):
            Baseline().work(operation, None)


def test_memory_orders_hold_the_same_masks() -> None:
    masks = workloads.tiny(1.0)
    c, fortran = (DenseData.of(masks, order) for order in ("C", "F"))
    assert c.stack.flags.c_contiguous
    assert fortran.hwn.flags.f_contiguous
    np.testing.assert_array_equal(c.stack, fortran.stack)
    np.testing.assert_array_equal(c.stack, decode(masks.masks, backend="numpy"))


def test_crops_become_masks_of_the_image() -> None:
    data = workloads.satellite(0.0004)
    dense = data.label_map
    for label, rle in enumerate(data.rles, 1):
        np.testing.assert_array_equal(coco_mask.decode(rle) != 0, dense == label)


def test_columns_and_run_lengths_agree() -> None:
    masks = workloads.stack_of_20(1.0)
    assert difference(masks.rles, rles(masks.masks)) is None


def test_workloads_are_the_same_every_time() -> None:
    assert workloads.tiny(1.0).rles == workloads.tiny(1.0).rles
    assert workloads.noise(0.1).rles == workloads.noise(0.1).rles


def test_a_plain_read_is_not_cut_short() -> None:
    # memchr would stop at the byte that it looks for.
    array = np.full(1000, 0xFE, np.uint8)
    assert limits.read(array)() is None
    with pytest.raises(ValueError, match="contiguous"):
        limits.read(np.zeros((4, 4))[:, ::2])


def test_a_run_from_the_shell_to_the_file(tmp_path: Path) -> None:
    engines = ("maskmill", "pycocotools", "pillow")
    told: list[str] = []
    paths = run_rows(["union_20"], quick=True, engines=engines, folder=tmp_path, say=told.append)
    result = msgspec.json.decode(paths[0].read_bytes(), type=RowResult)
    assert [(e.engine, e.status) for e in result.engines] == [
        ("maskmill", "measured"),
        ("pycocotools", "measured"),
        ("pillow", "not offered"),
    ]
    assert result.best_peer is not None
    assert result.best_peer.engine == "pycocotools"
    assert result.limit is not None
    assert result.limit.timing is not None
    assert result.provenance.versions["pycocotools"] == "2.0.11"
    assert len(told) == len(engines)


def _result(*engines: EngineResult, limit: float | None = None) -> RowResult:
    machine = Machine("m", "A processor", 2, 2**34, "Linux x86_64")
    provenance = Provenance(machine, {"numpy": "2"}, "abc", False, "2026-01-02T03:04", 0.5, 1.0)
    return RowResult(
        row="union_20",
        size=1.0,
        threads=1,
        amount=1,
        unit="calls",
        engines=list(engines),
        limit=None if limit is None else LimitResult("copy", timing=_timing(limit)),
        scaling=[],
        provenance=provenance,
    )


def _timing(median: float) -> Timing:
    return Timing(median, median, median, median, 5, 1)


def test_the_best_peer_has_equal_results() -> None:
    result = _result(
        EngineResult("maskmill", "maskmill", "measured", timing=_timing(1e-6)),
        EngineResult("a", "a", "measured", timing=_timing(5e-6)),
        EngineResult("b", "b", "measured", timing=_timing(4e-6), edge_rule=True),
        EngineResult("c", "c", "mismatch", "1 value differs"),
    )
    assert result.best_peer is not None
    assert result.best_peer.engine == "a"


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("", rate=0.5e6), True),
        (Goal("", rate=2e6), False),
        (Goal("", seconds=1e-6), True),
        (Goal("", seconds=0.5e-6), False),
        (Goal("", share_of_limit=0.5), True),
        (Goal("", share_of_limit=0.9), False),
        (Goal("", direct_at_most_best=True), False),
    ],
)
def test_goals(goal: Goal, met: bool) -> None:
    result = _result(
        EngineResult("maskmill", "maskmill", "measured", timing=_timing(1e-6)),
        EngineResult("maskmill_direct", "direct", "measured", timing=_timing(0.9e-6)),
        EngineResult("a", "a", "measured", timing=_timing(0.8e-6)),
        limit=0.6e-6,
    )
    assert page.met(goal, result) == met


def test_a_mismatch_is_shown_on_the_page() -> None:
    result = _result(
        EngineResult("maskmill", "maskmill", "measured", timing=_timing(1)),
        EngineResult("a", "engine a", "mismatch", "1 value | differs"),
        EngineResult("b", "engine b", "not installed", "No module named 'b'"),
    )
    text = "\n".join(page.machine_parts("m", {"union_20": result}))
    assert "| engine a | **mismatch** |" in text
    assert "1 value \\| differs" in text
    assert "Not in this row: engine b (not installed)." in text
    assert "no reason recorded" in text


def test_a_busy_machine_is_told() -> None:
    result = _result(EngineResult("maskmill", "maskmill", "measured", timing=_timing(1e-6)))
    assert "had other work" not in "\n".join(page.machine_parts("m", {"union_20": result}))
    result.provenance.load_before = 3.0
    assert "had other work" in "\n".join(page.machine_parts("m", {"union_20": result}))


@pytest.mark.parametrize(
    ("time", "text"),
    [(2.5, "2.5 s"), (1234.0, "1234 s"), (0.0123, "12.3 ms"), (4.5e-6, "4.5 µs"), (7e-7, "700 ns")],
)
def test_times_are_told_with_their_unit(time: float, text: str) -> None:
    assert page.seconds(time) == text


def test_the_page_is_what_the_results_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.render(), (
        "run: python -m benchmarks report"
    )


def test_committed_results_are_whole() -> None:
    for machine, rows in records.read_rows().items():
        assert set(rows) == set(ROWS), f"{machine} lacks rows, or has rows that are gone"
        for kind in ("engines", "scaling"):
            assert (page.PLOTS / f"{machine}-{kind}.svg").exists()


@pytest.mark.parametrize("row", GPU_ROWS, ids=lambda row: row.name)
def test_gpu_rows_have_work_that_the_cpu_does_too(row: GpuRow) -> None:
    value = row.inputs(row.quick / 10, 0)
    result = row.run(value)
    assert row.amount(value) > 0
    assert row.least_bytes(value, result) > 0
