"""``maskmill convert``."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maskmill.cli.options import (
    format_name,
    from_option,
    images_option,
    rule_option,
    size_option,
)

if TYPE_CHECKING:
    from rich.progress import Progress

PATH = click.Path(path_type=Path)


@click.command("convert")
@click.argument("src", type=PATH)
@click.argument("dst", type=PATH)
@click.option(
    "--to", required=True, metavar="FORMAT", callback=format_name("write"), help="Format to write."
)
@from_option
@click.option("--jobs", type=click.IntRange(min=1), help="Threads; default: one a CPU.")
@rule_option
@click.option(
    "--on-error",
    type=click.Choice(("raise", "skip")),
    default="raise",
    show_default=True,
    help="Stop at a bad record, or leave it out and list it.",
)
@images_option
@size_option
@click.option("--strict", is_flag=True, help="Stop if anything would be lost.")
@click.option("--overwrite", is_flag=True, help="Replace what is at DST.")
@click.option(
    "--order",
    type=click.Choice(("area", "input", "score")),
    help="What is painted over what: small over large (default), later over earlier, or high "
    "scores over low ones.",
)
@click.option(
    "--crowd",
    type=click.Choice(("draw", "void", "skip")),
    help="Crowd regions, below all else: draw them (default), draw them as void, or skip them.",
)
@click.option(
    "--maps/--no-maps",
    default=None,
    help="Cityscapes: write the label maps too (default), or the polygons only.",
)
@click.option(
    "--parts",
    type=click.Choice(("join", "split")),
    help="Parts of an instance, where a format has one outline: join them by bridges of no width "
    "(default), or make an instance of each.",
)
@click.option(
    "--labels",
    type=click.Choice(("auto", "id", "index")),
    help="Pixels of semantic maps: category ids, places in the list of categories, or ids where "
    "they fit (default).",
)
@click.option(
    "--background", type=click.IntRange(0, 65535), help="Pixel value of no instance. [default: 0]"
)
@click.option(
    "--void",
    type=click.IntRange(0, 65535),
    help="Pixel value of void. [default: 255, or 65535 in 16 bits]",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    src: Path,
    dst: Path,
    to: str,
    from_: str | None,
    jobs: int | None,
    rule: Any,
    on_error: Any,
    images: Path | None,
    size: tuple[int, int] | None,
    strict: bool,
    overwrite: bool,
    **options: Any,
) -> None:
    """Convert the dataset SRC to DST, and say what was lost.

    SRC and DST are files or folders, whichever the format asks for; `maskmill formats` lists the
    formats. The report is printed, and kept as report.json in DST or beside it. The exit status is
    0 only if every record was converted.
    """
    from maskmill.datasets.conversion import convert
    from maskmill.datasets.registry import get_format

    given = {name: value for name, value in options.items() if value is not None}
    known = {field.name for field in fields(get_format(to).options)}
    for name in given:
        if name not in known:
            raise click.UsageError(f"--{name} does not go with the format {to}.", ctx)
    with _progress_bar() as bar:
        update = None
        if bar is not None:
            task = bar.add_task(to, total=None)

            def update(done: int, total: int | None) -> None:
                bar.update(task, completed=done, total=total)

        report = convert(
            src,
            dst,
            to=to,
            from_=from_,
            jobs=jobs,
            rule=rule,
            on_error=on_error,
            images=images,
            size=size,
            strict=strict,
            overwrite=overwrite,
            progress=update,
            **given,
        )
    click.echo(report.to_text())
    if not report.complete:
        ctx.exit(1)


def _progress_bar() -> AbstractContextManager[Progress | None]:
    """Show a bar where there is somebody to see it."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    return Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        "images",
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
