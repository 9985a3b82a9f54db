"""The command line: ``python -m benchmarks run``, ``report`` and, on a GPU machine, ``gpu``."""

from __future__ import annotations

import click

from benchmarks.rows import all_rows


@click.group()
def main() -> None:
    """Measure maskmill beside its peers, and write the page of results."""


@main.command()
@click.option("--only", multiple=True, metavar="ROW", help="Only this row; may be repeated.")
@click.option("--engine", multiple=True, metavar="ENGINE", help="Only this engine.")
@click.option("--quick", is_flag=True, help="Tiny work: tells that all runs, not how fast.")
@click.option("--instructions/--no-instructions", default=True, help="Count instructions too.")
def run(only: tuple[str, ...], engine: tuple[str, ...], quick: bool, instructions: bool) -> None:
    """Measure and write JSON under benchmarks/results."""
    from benchmarks import instructions as counting
    from benchmarks.run import run_rows

    rows = all_rows()
    for name in only:
        if name not in rows:
            raise click.BadParameter(f"no row {name!r}; there are {', '.join(rows)}")
    for path in run_rows(only or rows, quick=quick, engines=engine, say=click.echo):
        click.echo(f"wrote {path}")
    if instructions and not only:
        click.echo(f"wrote {counting.run(quick=quick, say=click.echo)}")


@main.command()
def report() -> None:
    """Generate docs/benchmarks.md and its plots from the committed results."""
    from benchmarks import page, plots

    for path in (*plots.draw_all(), page.write()):
        click.echo(f"wrote {path}")


@main.command()
@click.option("--only", multiple=True, metavar="ROW", help="Only this row; may be repeated.")
@click.option("--quick", is_flag=True, help="Tiny work: tells that all runs, not how fast.")
@click.option("--steps", default="build,test,sanitize,measure", help="Which, in this order.")
def gpu(only: tuple[str, ...], quick: bool, steps: str) -> None:
    """Build, test, sanitize and measure on a machine with an NVIDIA GPU."""
    from benchmarks.gpu import command

    wanted = steps.split(",")
    try:
        for step in (command.build, command.test, command.sanitize):
            if step.__name__ in wanted:
                step(click.echo)
    except command.StepFailedError as error:
        raise click.ClickException(f"{error}") from error
    if "measure" in wanted:
        from benchmarks.gpu.rows import ROWS
        from benchmarks.gpu.run import run_rows

        names = only or [row.name for row in ROWS]
        for path in run_rows(names, quick=quick, say=click.echo):
            click.echo(f"wrote {path}")


@main.command()
def rows() -> None:
    """List the rows."""
    for row in all_rows().values():
        click.echo(f"{row.name:26} {row.workload:18} {row.title}")


if __name__ == "__main__":
    main()
