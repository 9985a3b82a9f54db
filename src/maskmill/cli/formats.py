"""``maskmill formats``."""

from __future__ import annotations

import click


@click.command("formats")
def command() -> None:
    """List the formats that can be read and written."""
    from rich.console import Console
    from rich.table import Table

    from maskmill.datasets.registry import format_names, get_format

    table = Table("format", "read", "write", "what it is", box=None, pad_edge=False)
    for name in format_names():
        one = get_format(name)
        table.add_row(
            name, "yes" if one.reads() else "", "yes" if one.writes() else "", one.summary
        )
    Console().print(table)
