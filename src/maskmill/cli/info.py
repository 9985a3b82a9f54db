"""``maskmill info``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from maskmill.cli.options import from_option, rule_option

if TYPE_CHECKING:
    from rich.table import Table

    from maskmill.datasets.summary import Summary

LISTED: Final = 10
"""Problems and sizes that the text lists; the JSON has them all."""


@click.command("info")
@click.argument("file", type=click.Path(path_type=Path))
@from_option
@rule_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, from_: str | None, rule: Any, as_json: bool) -> None:
    """Say what the dataset FILE holds, and which problems it has."""
    from maskmill.datasets.summary import summarize

    summary = summarize(file, from_=from_, rule=rule)
    if as_json:
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(summary.to_dict()), indent=1)
        click.echo(text.decode())
    else:
        _print(summary)


def _print(summary: Summary) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    counts = Table(box=None, show_header=False, pad_edge=False)
    counts.add_column()
    counts.add_column(justify="right")
    for name in ("images", "instances", "polygons", "run_lengths", "box_only", "crowd"):
        counts.add_row(name.replace("_", " "), f"{getattr(summary, name):,}")
    console.print(Text(f"{summary.source}: {summary.format}"))
    console.print(counts)

    sizes = _numbers("image sizes", "height", "width", "images")
    for (height, width), count in summary.sizes.most_common(LISTED):
        sizes.add_row(f"{height:,}", f"{width:,}", f"{count:,}")
    console.print(sizes)
    if len(summary.sizes) > LISTED:
        console.print(f"and {len(summary.sizes) - LISTED:,} sizes more")

    areas = summary.area_table()
    if areas:
        table = _numbers("areas of masks in pixels, and how many are small, medium, large", *areas)
        table.add_row(*(f"{value:,}" for value in areas.values()))
        console.print(table)

    table = _numbers("categories", "id", "category", "instances", "images", "pixels")
    table.columns[1].justify = "left"
    for category in summary.categories:
        if category.instances:
            numbers = (category.instances, category.images, category.pixels)
            table.add_row(
                str(category.id), Text(category.name), *(f"{number:,}" for number in numbers)
            )
    console.print(table)
    unused = sum(category.instances == 0 for category in summary.categories)
    if unused:
        console.print(f"and {unused:,} categories without instances")

    lines = summary.losses.to_lines()
    if summary.skipped:
        lines.append(f"records that cannot be read: {len(summary.skipped):,}")
        for record in summary.skipped[:LISTED]:
            named = f" (id {record.id!r})" if record.id is not None else ""
            lines.append(f"  {record.place}{named}: {record.problem}")
    console.print("problems:" if lines else "no problems found")
    for line in lines:
        console.print(Text(f"  {line}"))


def _numbers(title: str, *names: str) -> Table:
    """Make a table of numbers."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right")
    return table
