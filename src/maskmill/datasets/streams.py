"""Shards of datasets that have a file an image, and the label maps among these files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.dataset import Id, Shard
from maskmill.datasets.format import ReadOptions
from maskmill.datasets.jsonfile import Problems
from maskmill.datasets.png import read_label_png
from maskmill.errors import FormatError
from maskmill.masks import Masks
from maskmill.ops.label_map import from_label_map

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = [
    "ImageReader",
    "Labelled",
    "empty_mask",
    "read_bytes",
    "read_labels",
    "read_picture",
    "shard_loaders",
]

SHARD_IMAGES: Final = 16

Item = TypeVar("Item")

ImageReader: TypeAlias = Callable[[Item, ShardBuilder, Problems], None]
"""Adds one image to a shard. What it raises costs the image, what it reports costs a record."""


def shard_loaders(
    items: Sequence[Item],
    read: ImageReader[Item],
    options: ReadOptions,
    *,
    numbered: bool = False,
    images: int = SHARD_IMAGES,
) -> list[Callable[[], Shard]]:
    """Cut images into shards that are read when their turn comes.

    Parameters
    ----------
    items : sequence
        What ``read`` needs to know of each image.
    read : ImageReader
    options : ReadOptions
    numbered : bool
        Whether instances have ids of their own.
    images : int
        How many a shard has.
    """
    return [
        partial(_load, items[first : first + images], read, options, numbered)
        for first in range(0, len(items), images)
    ]


def _load(
    items: Sequence[Item], read: ImageReader[Item], options: ReadOptions, numbered: bool
) -> Shard:
    builder = ShardBuilder(numbered=numbered)
    problems = Problems(options.on_error)
    for item in items:
        try:
            read(item, builder, problems)
        except FormatError as error:
            problems.add(error)
    return builder.build(problems.skipped)


def read_bytes(path: Path, record: Id | None = None) -> bytes:
    """Read a file; a `FormatError` that names it says if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"must be a file that can be read, got: {error.strerror}.", str(path), None, record
        ) from None


def read_picture(path: Path, record: Id | None = None, *, rgb: bool = False) -> Array:
    """Read a label map, see `read_label_png`; errors name the file and the record."""
    try:
        return read_label_png(path, rgb=rgb)
    except OSError as error:
        problem = f"must be a file that can be read, got: {error.strerror}."
    except FormatError as error:
        problem = error.problem.removeprefix(f"read_label_png: {path} ")
    raise FormatError(problem, str(path), None, record)


class Labelled(NamedTuple):
    """The labels of a map, and where they are."""

    labels: list[int]
    masks: Masks
    size: tuple[int, int]

    def mask(self, label: int) -> Masks:
        """Give the pixels of a label, none where the map does not have it."""
        k = bisect_left(self.labels, label)
        if k == len(self.labels) or self.labels[k] != label:
            return empty_mask(self.size)
        return self.masks[k]


def read_labels(picture: Array, ignore: tuple[int, ...] = (0,)) -> Labelled:
    """Find the labels of a map, ascending, but for those to ignore."""
    masks, labels, _ = from_label_map(picture, ignore=ignore)
    height, width = picture.shape
    return Labelled(labels.tolist(), masks, (height, width))


def empty_mask(size: tuple[int, int]) -> Masks:
    """Make a batch of one mask without pixels."""
    return Masks.from_trusted(
        np.zeros(0, np.uint32), np.zeros(2, np.int64), np.array([size], np.int32)
    )
