"""Measures the rows: each result is compared with the CPU's bytes before it is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import maskmill
from benchmarks import machine
from benchmarks.gpu import measure
from benchmarks.gpu.columns import content, to_device, to_host
from benchmarks.gpu.records import Card, GpuEngineResult, GpuRowResult
from benchmarks.gpu.rows import ROWS, TURNS, GpuRow
from benchmarks.records import QUICK, RESULTS, write

CPU_THREADS = 16


def run_rows(
    names: Iterable[str], *, quick: bool, folder: Path | None = None, say: Callable[[str], None]
) -> list[Path]:
    """Measure rows and write one file each; give the paths."""
    rows = {row.name: row for row in ROWS}
    card = measure.this_card()
    slug = "-".join("".join(c if c.isalnum() else " " for c in card.name.lower()).split())
    folder = folder or (QUICK if quick else RESULTS) / "gpu" / slug
    written = []
    for name in names:
        result = measure_row(rows[name], card, rows[name].quick if quick else 1.0)
        for engine in result.engines:
            time = f"{engine.device.median * 1e3:.3f} ms" if engine.device else engine.detail
            say(f"{name:12} {engine.engine:20} {engine.status:14} {time}")
        write(result, folder / f"{name}.json")
        written.append(folder / f"{name}.json")
    return written


def measure_row(row: GpuRow, card: Card, size: float) -> GpuRowResult:
    """Measure one row: ours on the device, ours on the CPU, the peers."""
    hosts = [row.inputs(size, seed) for seed in range(TURNS)]
    with maskmill.threads(CPU_THREADS):
        expected = row.run(hosts[0])
        cpu = GpuEngineResult("maskmill, CPU", "measured", f"{CPU_THREADS} threads")
        cpu.with_transfers = measure.by_the_clock(hosts, row.run)
    devices = [to_device(host) for host in hosts]
    own = GpuEngineResult("maskmill", "measured")
    got = to_host(row.run(devices[0]))
    if content(got) != content(expected):
        own.status, own.detail = "mismatch", "the bytes differ from the CPU's"
    else:
        own.device = measure.on_device(devices, row.run)
        own.with_transfers = measure.by_the_clock(hosts, lambda h: to_host(row.run(to_device(h))))
    engines = [own, cpu, *(_peer(name, peer, row, hosts) for name, peer in row.peers.items())]
    return GpuRowResult(
        row=row.name,
        title=row.title,
        amount=row.amount(hosts[0]),
        unit=row.unit,
        least_bytes=row.least_bytes(hosts[0], expected),
        goal_seconds=row.goal_seconds,
        engines=engines,
        card=card,
        provenance=machine.provenance(),
    )


def _peer(name: str, peer: Any, row: GpuRow, hosts: list[Any]) -> GpuEngineResult:
    inputs = [to_device(row.peer_input(host)) for host in hosts]
    result = GpuEngineResult(name, "measured")
    try:
        result.device = measure.on_device(inputs, peer)
    except ImportError as error:
        result.status, result.detail = "not installed", f"{error}"
    return result
