"""``maskmill show``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from maskmill.cli.options import from_option, rule_option
from maskmill.errors import FormatError

PATH = click.Path(path_type=Path)


@click.command("show")
@click.argument("file", type=PATH)
@click.option("--image", required=True, help="Id or file name of the image.")
@click.option(
    "-o", "--output", type=PATH, help="Picture to write; default: <image>.overlay.png here."
)
@click.option(
    "--images", "folder", type=PATH, help="Folder of the images; default: the folder of FILE."
)
@from_option
@rule_option
def command(
    file: Path, image: str, output: Path | None, folder: Path | None, from_: str | None, rule: Any
) -> None:
    """Draw an image of the dataset FILE with its instances over it.

    Colours are those of the categories. If the image is not found, the ground is grey.
    """
    from maskmill.datasets.colours import category_colours
    from maskmill.datasets.drawing import find_image, open_picture, overlay
    from maskmill.datasets.png import write_png
    from maskmill.datasets.registry import read

    dataset = read(file, from_=from_, on_error="skip")
    shard = find_image(dataset, image)
    name = shard.images.file_names[0]
    height, width = shard.images.sizes[0].tolist()
    picture = open_picture(name, (height, width), folder or file.parent)
    drawn = overlay(shard, category_colours(dataset.header.categories), picture=picture, rule=rule)
    target = output or _default_output(name)
    write_png(target, drawn)

    ground = "on grey; give the folder of the images with --images" if picture is None else name
    click.echo(f"{target}: image {shard.images.ids[0]}, {height} high and {width} wide, {ground}")
    if dataset.skipped or shard.skipped:
        click.echo("Some records cannot be read; `maskmill info` lists them.", err=True)
    found = Counter(shard.instances.categories.tolist())
    for row, count in found.most_common():
        click.echo(f"  {count:,} {dataset.header.categories[row].name}")


def _default_output(file_name: str) -> Path:
    from maskmill.datasets.paths import output_name

    try:
        return Path(Path(output_name(file_name, ".overlay.png")).name)
    except FormatError:  # a name that is no good for a file is still an image to look at
        return Path("overlay.png")
