"""The command line. A command is imported when it is called, and what it works with later still."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Final

import click

from maskmill import __version__
from maskmill.errors import MaskmillError

__all__ = ["main"]

_COMMANDS: Final = ("convert", "formats", "info", "show")


class _LazyGroup(click.Group):
    """Finds the command ``name`` as ``maskmill.cli.<name>.command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"maskmill.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what may be expected to go wrong becomes one line and exit status 1."""
        try:
            result: object = super().invoke(ctx)
        except MaskmillError as error:
            raise click.ClickException(_one_line(str(error))) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(_one_line(_os_message(error))) from error
        except MemoryError as error:
            raise click.ClickException("there is not enough memory.") from error
        return result


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _os_message(error: OSError) -> str:
    if error.strerror is None:
        return str(error)
    named = f"{error.filename}: " if error.filename is not None else ""
    return f"{named}{error.strerror}"


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="maskmill")
def main() -> None:
    """Segmentation masks: convert datasets, look into them, draw them."""
