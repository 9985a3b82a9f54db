"""Turns the result files into ``docs/benchmarks.md``. Needs nothing but the files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from benchmarks import records
from benchmarks.machine import ROOT
from benchmarks.records import EngineResult, Provenance, RowResult, Timing
from benchmarks.rows import Goal, Row, all_rows

PAGE: Final = ROOT / "docs" / "benchmarks.md"
PLOTS: Final = ROOT / "docs" / "benchmarks"
BUSY: Final = 1.5
"""A load above this before a row means that others used the machine; the run itself makes 1."""

_HEAD = """# Benchmarks

This page is generated from the files in `benchmarks/results` by `python -m benchmarks report`.

- Every result is compared with a reference before it is timed: byte for byte with pycocotools
  where it has the operation, with dense painting or with the input itself elsewhere. A result that
  differs is shown as such and gets no time.
- All engines of a row run in one process, on the same data, prepared in each engine's own form
  before. The process may use as many processors as the row says threads.
- Times are medians; the spread is the inter-quartile range. A ratio above 1 says how many times
  faster maskmill is than the best peer.
- A limit is what the machine can do at most, measured beside the engines: the C library's `memset`,
  `memchr` (a plain read) and `memcpy`, and the loops in `benchmarks/limits.c`.
- Engines that draw polygons by pixel rules of their own are marked †. They may differ within two
  pixels of an outline, and only there; they are never the best peer.

To measure on your machine: `pip install ".[bench]"`, `python -m benchmarks run`, then `report`. The
real annotations are read from the folder that `MASKMILL_DATA` names.
"""


def render() -> str:
    """Give the text of the page for the committed results."""
    machines = records.read_rows()
    parts = [_HEAD]
    if not machines:
        parts.append("No results have been recorded yet.\n")
    for machine, rows in machines.items():
        parts += machine_parts(machine, rows)
    return "\n".join(parts)


def write() -> Path:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    return PAGE


def machine_parts(machine: str, found: dict[str, RowResult]) -> list[str]:
    """Give the section of one machine."""
    known = {name: row for name, row in all_rows().items() if name in found}
    first = next(iter(found.values())).provenance
    notes = tomllib.loads(Path(__file__).with_name("notes.toml").read_text()).get(machine, {})
    return [
        f"## {first.machine.cpu}, {first.machine.cores} cores\n",
        _provenance([found[name].provenance for name in known]),
        *_summary(known, found, notes),
        f"![speed of every engine](benchmarks/{machine}-engines.svg)\n",
        *_scaling(machine, known, found),
        *_instructions(machine),
        "### Every engine\n",
        *(part for name, row in known.items() for part in _details(row, found[name])),
    ]


def _provenance(all_of_them: list[Provenance]) -> str:
    first = all_of_them[0]
    commits = sorted({p.commit[:10] + (" with changes" if p.changed else "") for p in all_of_them})
    days = sorted({p.date[:10] for p in all_of_them})
    versions = ", ".join(f"{name} {version}" for name, version in first.versions.items())
    memory = first.machine.memory_bytes / 2**30
    text = (
        f"{first.machine.system}, {memory:.0f} GiB of memory. Commit {', '.join(commits)}; "
        f"{' to '.join(dict.fromkeys([days[0], days[-1]]))}. {versions}.\n"
    )
    busy = [p for p in all_of_them if p.load_before > BUSY]
    if busy:
        most = max(p.load_before for p in busy)
        text += (
            f"\n**The machine had other work** while {len(busy)} of {len(all_of_them)} rows ran "
            f"(load up to {most:.1f}): their numbers are indications.\n"
        )
    return text


def _summary(rows: dict[str, Row], found: dict[str, RowResult], notes: dict[str, str]) -> list[str]:
    lines = [
        "| work | threads | maskmill | best peer | ratio | goal | limit of the machine |",
        "|---|---|---|---|---|---|---|",
    ]
    reasons = []
    for name, row in rows.items():
        result = found[name]
        own, peer = result.of("maskmill"), result.best_peer
        cells = [f"[{row.title}](#{name})", str(result.threads), _speed(result, own)]
        if peer is None:
            cells += ["none", ""]
        else:
            cells += [f"{peer.label} {_speed(result, peer)}", _ratio(peer.timing, own)]
        reached = met(row.goal, result)
        cells.append(
            "" if row.goal is None else f"{row.goal.text}: {'met' if reached else '**not met**'}"
        )
        cells.append(_limit(result, own))
        lines.append(f"| {' | '.join(cells)} |")
        if row.goal is not None and not reached:
            reasons.append(f"- **{row.title}**: {notes.get(name, 'no reason recorded.')}")
    parts = ["\n".join(lines) + "\n"]
    if reasons:
        parts += ["Where a goal is not met, and why:\n", "\n".join(reasons) + "\n"]
    return parts


def _details(row: Row, result: RowResult) -> list[str]:
    own = result.of("maskmill")
    lines = [
        "| engine | time | spread | speed | maskmill is faster | extra memory | remark |",
        "|---|---|---|---|---|---|---|",
    ]
    absent: dict[str, list[str]] = {}
    for engine in result.engines:
        label = f"{engine.label} †" if engine.edge_rule else engine.label
        if engine.timing is not None:
            ratio = "" if engine.engine.startswith("maskmill") else _ratio(engine.timing, own)
            cells = [
                label, seconds(engine.timing.median), seconds(engine.timing.iqr),
                _speed(result, engine), ratio, _memory(engine), engine.note,
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        elif engine.status in ("mismatch", "error"):
            lines.append(
                f"| {label} | **{engine.status}** |  |  |  |  | {_escaped(engine.detail)} |"
            )
        elif not engine.engine.startswith("maskmill_"):
            reason = engine.detail if engine.status == "not offered" else engine.status
            absent.setdefault(reason, []).append(engine.label)
    if result.limit is not None:
        timing = result.limit.timing
        time = "not measured" if timing is None else seconds(timing.median)
        spread = "" if timing is None else seconds(timing.iqr)
        remark = f"limit: {result.limit.name} {result.limit.detail}".strip()
        lines.append(f"| the machine | {time} | {spread} |  |  |  | {remark} |")
    heading = f'<a id="{row.name}"></a>\n\n#### {row.title}\n'
    what = f"Workload `{row.workload}`, {_amount(result)}, {_threads(result.threads)}.\n"
    parts = [heading, what, "\n".join(lines) + "\n"]
    if absent:
        listed = "; ".join(f"{', '.join(who)} ({why})" for why, who in absent.items())
        parts.append(f"Not in this row: {listed}.\n")
    return parts


def _scaling(machine: str, rows: dict[str, Row], found: dict[str, RowResult]) -> list[str]:
    lines = [
        "| work | 1/8 | 1/4 | 1/2 | all | growth | 2 threads, all | 2 threads, 1/8 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        result = found[name]
        if not row.scales:
            continue
        if not result.scaling:
            lines.append(
                f"| {row.title} | **failed**: {_escaped(result.scaling_detail)} |  |  |  |  |  |  |"
            )
            continue
        one = {s.size: s for s in result.scaling if s.threads == 1}
        two = {s.size: s for s in result.scaling if s.threads == 2}
        times = [one[share].timing.median for share in sorted(one)]
        cells = [row.title, *(seconds(t) for t in times)]
        work = one[1.0].amount / one[min(one)].amount
        cells.append(f"{times[-1] / times[0]:.1f} (work {work:.1f})")
        for share in (1.0, min(one)):
            gain = f"{one[share].timing.median / two[share].timing.median:.2f}" if two else ""
            cells.append(gain)
        lines.append(f"| {' | '.join(cells)} |")
    return [
        "### Scaling of maskmill with the work and with threads\n",
        "Times of one thread for shares of the work; how the time grows from an eighth to all; how "
        "many times faster two threads are, for all of the work and for an eighth.\n",
        "\n".join(lines) + "\n",
        f"![time against work](benchmarks/{machine}-scaling.svg)\n",
    ]


def _instructions(machine: str) -> list[str]:
    result = records.read_instructions(machine)
    if result is None:
        return []
    if result.reason:
        return ["### Instructions\n", f"Not counted: {result.reason}.\n"]
    rows = all_rows()
    lines = ["| work | share of the workload | instructions |", "|---|---|---|"]
    for name, size in result.sizes.items():
        if name in rows:
            count = f"{result.counts[name]:,}" if name in result.counts else "**not counted**"
            lines.append(f"| {rows[name].title} | {size:g} | {count} |")
    text = (
        "Counted by callgrind on small work, Python included: they show a regression on any "
        "machine, however noisy.\n"
    )
    return ["### Instructions\n", text, "\n".join(lines) + "\n"]


def met(goal: Goal | None, result: RowResult) -> bool:
    """Tell whether a goal is reached."""
    own = result.of("maskmill")
    if goal is None or own is None or own.timing is None:
        return False
    time = own.timing.median
    limit = None if result.limit is None else result.limit.timing
    reached: list[bool] = []
    if goal.rate is not None:
        reached.append(result.amount / time >= goal.rate)
    if goal.seconds is not None:
        reached.append(time <= goal.seconds)
    if goal.share_of_limit is not None:
        reached.append(limit is not None and limit.median / time >= goal.share_of_limit)
    if goal.direct_at_most_best:
        direct, peer = result.of("maskmill_direct"), result.best_peer
        if direct is None or direct.timing is None:
            reached.append(False)
        elif peer is not None and peer.timing is not None:
            reached.append(direct.timing.median <= peer.timing.median)
    return all(reached)


def _speed(result: RowResult, engine: EngineResult | None) -> str:
    if engine is None:
        return "not run"
    if engine.timing is None:
        return f"**{engine.status}**"
    return speed(result.unit, result.amount, engine.timing.median)


def speed(unit: str, amount: float, time: float) -> str:
    """Say how fast: bytes, masks or pairs a second, or the time itself."""
    if unit in ("calls", "annotations"):
        return seconds(time)
    rate = amount / time
    if unit == "bytes":
        return f"{rate / 1e9:.2f} GB/s" if rate >= 1e9 else f"{rate / 1e6:.0f} MB/s"
    if rate >= 1e6:
        return f"{rate / 1e6:.1f}M {unit}/s"
    return f"{rate / 1e3:.1f}k {unit}/s" if rate >= 1e3 else f"{rate:.0f} {unit}/s"


def seconds(time: float) -> str:
    """Say a time with three digits and its unit."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if time * factor >= 1:
            return f"{time * factor:.3g} {unit}" if time * factor < 1000 else f"{time:.0f} s"
    return f"{time * 1e9:.0f} ns"


def _ratio(peer: Timing | None, own: EngineResult | None) -> str:
    if peer is None or own is None or own.timing is None:
        return ""
    return f"{peer.median / own.timing.median:.2f}"


def _limit(result: RowResult, own: EngineResult | None) -> str:
    if result.limit is None:
        return ""
    if result.limit.timing is None:
        return f"{result.limit.name}: {result.limit.detail}"
    text = f"{result.limit.name}: {_speed_of(result, result.limit.timing)}"
    if own is None or own.timing is None:
        return text
    return f"{text}; maskmill takes {own.timing.median / result.limit.timing.median:.2f} times that"


def _speed_of(result: RowResult, timing: Timing) -> str:
    return speed(result.unit, result.amount, timing.median)


def _memory(engine: EngineResult) -> str:
    return "" if engine.memory is None else f"{engine.memory.extra / 2**20:.1f} MiB"


def _amount(result: RowResult) -> str:
    if result.unit == "bytes":
        return f"{result.amount / 1e6:.1f} MB"
    return f"{result.amount:,.0f} {result.unit if result.amount != 1 else result.unit[:-1]}"


def _threads(n: int) -> str:
    return "one thread" if n == 1 else f"{n} threads"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
