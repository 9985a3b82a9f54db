"""A picture of an image with its instances drawn over it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill.backend.contract import RasterRule
from maskmill.datasets.dataset import Dataset, Shard
from maskmill.datasets.painting import PaintOptions, prepare
from maskmill.datasets.paths import safe_parts
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError
from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["find_image", "open_picture", "overlay"]

GREY: Final = 128
STRIP: Final = 256
"""Rows that are mixed at a time."""


def find_image(dataset: Dataset, image: str) -> Shard:
    """Find an image by its id, or else by its file name.

    Returns
    -------
    Shard
        That one image.

    Raises
    ------
    FormatError
        If there is no such image.
    """
    by_name = None
    for shard in dataset:
        images = shard.images
        for g, (number, name) in enumerate(zip(images.ids, images.file_names, strict=True)):
            if str(number) == image:
                return shard.of_images(np.array([g]))
            if name == image and by_name is None:
                by_name = shard.of_images(np.array([g]))
    if by_name is None:
        raise FormatError(f"image must be the id or file name of an image, got {image!r}.")
    return by_name


def open_picture(file_name: str, size: tuple[int, int], folder: Path) -> Array | None:
    """Open the picture of an image, if it is in a folder.

    Parameters
    ----------
    file_name : str
        As the dataset has it.
    size : (height, width)
    folder : Path

    Returns
    -------
    uint8 array, shape (H, W, 3), or None
        None if there is no such file in the folder.

    Raises
    ------
    FormatError
        If the picture has another size.
    """
    with loading:
        from PIL import Image

    try:
        path = folder.joinpath(*safe_parts(file_name))
    except FormatError:  # the file is elsewhere, if anywhere
        return None
    if not path.is_file():
        return None
    height, width = size
    try:
        with warnings.catch_warnings():
            # Its size is compared before it is unpacked: there is no bomb to warn of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.size != (width, height):
                    raise FormatError(
                        f"must be {width}x{height} pixels as the dataset says, got "
                        f"{picture.width}x{picture.height}. Choose the folder of these images.",
                        str(path),
                    )
                return np.asarray(picture.convert("RGB"))
    except Image.DecompressionBombError as error:
        raise FormatError(f"must be a picture of a sane size: {error}.", str(path)) from None


def overlay(
    shard: Shard,
    colours: Array,
    *,
    picture: Array | None = None,
    opacity: float = 0.5,
    rule: RasterRule = "coco",
) -> Array:
    """Draw the instances of an image over it, the small ones on top, with outlines.

    Parameters
    ----------
    shard : Shard
        One image.
    colours : uint8 array, shape (C, 3)
        Colour of each category.
    picture : uint8 array, shape (H, W, 3), optional
        The image; default: grey.
    opacity : float
        From 0, only outlines, to 1.
    rule : {"coco", "center"}
        How polygons become pixels, see `maskmill.rasterize`.

    Returns
    -------
    uint8 array, shape (H, W, 3)
    """
    if len(shard.images) != 1:
        raise ValueError(f"overlay: shard must hold one image, got {len(shard.images)}. Pick one.")
    height, width = shard.images.sizes[0].tolist()
    painting = prepare(shard, PaintOptions(rule=rule), Losses())
    numbers = np.arange(1, len(painting.rows) + 1)
    (labels,) = painting.paint(numbers, 0, np.int32)
    colour_of = np.zeros((len(numbers) + 1, 3), np.uint16)
    colour_of[1:] = colours[shard.instances.categories[painting.rows]]
    outline = _outline(labels)
    out = np.full((height, width, 3), GREY, np.uint8) if picture is None else picture.copy()
    weight = round(256 * opacity)
    for top in range(0, height, STRIP):
        strip = slice(top, top + STRIP)
        colour = colour_of[labels[strip]]
        mixed = (out[strip] * np.uint16(256 - weight) + colour * np.uint16(weight)) >> 8
        inside = labels[strip] > 0
        out[strip][inside] = mixed[inside]
        edge = outline[strip]
        out[strip][edge] = colour[edge]
    return out


def _outline(labels: Array) -> Array:
    """Labelled pixels that touch another label or the border."""
    same = np.zeros(labels.shape, bool)
    inner = labels[1:-1, 1:-1]
    same[1:-1, 1:-1] = (
        (inner == labels[:-2, 1:-1])
        & (inner == labels[2:, 1:-1])
        & (inner == labels[1:-1, :-2])
        & (inner == labels[1:-1, 2:])
    )
    outline: Array = ~same & (labels > 0)
    return outline
