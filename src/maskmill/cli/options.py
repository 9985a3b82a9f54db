"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import click

RULES: Final = ("coco", "center")


def format_name(use: Literal["read", "write"]) -> Callable[..., str | None]:
    """Make a callback that checks the name of a format; it looks formats up only when called."""

    def check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        from maskmill.datasets.registry import format_names, get_format

        names = [n for n in format_names() if getattr(get_format(n), f"{use}s")()]
        if value is not None and value not in names:
            raise click.BadParameter(f"{value!r} is not one of {', '.join(names)}.", ctx, param)
        return value

    return check


from_option = click.option(
    "--from",
    "from_",
    metavar="FORMAT",
    callback=format_name("read"),
    help="Format to read; by default it is recognised.",
)

rule_option = click.option(
    "--rule",
    type=click.Choice(RULES),
    default="coco",
    show_default=True,
    help="How polygons become pixels: as pycocotools does it, or by pixel centres.",
)

images_option = click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the pictures, whose headers give the sizes that the annotations do not state.",
)


class _Size(click.ParamType[tuple[int, int]]):
    name = "HEIGHTxWIDTH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        height, cross, width = str(value).partition("x")
        if not (cross and height.isdecimal() and width.isdecimal()):
            self.fail(f"{value!r} is not like 480x640, height first.", param, ctx)
        return int(height), int(width)


size_option = click.option(
    "--size", type=_Size(), help="Height and width of pictures whose size is stated nowhere."
)
