"""Draws the plots of the page with matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks import records
from benchmarks.page import PLOTS
from benchmarks.records import RowResult
from benchmarks.rows import all_rows

# Equal results give equal files.
mpl.rcParams["svg.hashsalt"] = "maskmill"
mpl.rcParams["svg.fonttype"] = "none"


def draw_all() -> list[Path]:
    """Draw the plots of every machine; give their paths."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    written = []
    for machine, found in records.read_rows().items():
        rows = {name: found[name] for name in all_rows() if name in found}
        for kind, figure in (("engines", _engines(rows)), ("scaling", _scaling(rows))):
            path = PLOTS / f"{machine}-{kind}.svg"
            figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
            written.append(path)
    return written


def _engines(rows: dict[str, RowResult]) -> Figure:
    """Speed of every engine against that of the best peer, a line a row."""
    figure = Figure(figsize=(9, 0.38 * len(rows) + 1.5))
    axes = figure.subplots()
    labels = dict.fromkeys(e.label for row in rows.values() for e in row.engines if e.timing)
    colours = mpl.colormaps["tab20"].colors
    for label, colour in zip(labels, colours, strict=False):
        points: list[tuple[float, int]] = []
        for y, row in enumerate(rows.values()):
            best = row.best_peer
            if best is None or best.timing is None:
                continue
            points += [
                (best.timing.median / e.timing.median, y)
                for e in row.engines
                if e.label == label and e.timing is not None
            ]
        own = label == "maskmill"
        if points:
            axes.scatter(
                *zip(*points, strict=True), label=label, color="black" if own else colour,
                marker="D" if own else "o", zorder=3 if own else 2, s=30,
            )  # fmt: skip
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("speed, as a multiple of the best peer's (right is faster)")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _scaling(rows: dict[str, RowResult]) -> Figure:
    """Time of maskmill against the work, relative to an eighth of it."""
    figure = Figure(figsize=(9, 4))
    panels: Any = figure.subplots(1, 2, sharey=True)
    for panel in panels:
        panel.set_prop_cycle(color=mpl.colormaps["tab20"].colors)
    for name, row in rows.items():
        for panel, threads in zip(panels, (1, 2), strict=True):
            points = sorted((s.size, s.timing.median) for s in row.scaling if s.threads == threads)
            alone = [s.timing.median for s in row.scaling if s.threads == 1 and s.size == 1 / 8]
            if points and alone:
                x = [8 * size for size, _ in points]
                panel.plot(x, [t / alone[0] for _, t in points], marker=".", label=name)
    for panel, title in zip(panels, ("one thread", "two threads"), strict=True):
        panel.plot([1, 8], [1, 8], color="grey", linewidth=0.8, linestyle="--", label="linear")
        panel.set(title=title, xlabel="work, in eighths", xscale="log", yscale="log")
        panel.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("time, as a multiple of one eighth on one thread")
    panels[1].legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure
