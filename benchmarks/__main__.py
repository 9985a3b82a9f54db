"""The command line: ``python -m benchmarks run`` and ``python -m benchmarks report``."""

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
def rows() -> None:
    """List the rows."""
    for row in all_rows().values():
        click.echo(f"{row.name:26} {row.workload:18} {row.title}")


if __name__ == "__main__":
    main()
