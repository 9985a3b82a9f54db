"""Semantic label maps: one PNG an image, whose pixels are numbers of categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import msgspec
import numpy as np

from maskmill.datasets.coco_file import JsonArray, join_records, open_json_array
from maskmill.datasets.colours import VOID_COLOUR, category_colours
from maskmill.datasets.dataset import Category, Dataset, Header, Shard
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Format, ReadOptions, Writer
from maskmill.datasets.jsonfile import sniff
from maskmill.datasets.painting import PaintOptions, prepare
from maskmill.datasets.paths import OutputFolder, output_name
from maskmill.datasets.report import Losses
from maskmill.datasets.semantic_reader import INDEX, LEGEND, read_semantic
from maskmill.errors import FormatError
from maskmill.ops.check import check_choice

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "SemanticOptions", "SemanticPng"]

Labels: TypeAlias = Literal["auto", "id", "index"]


@dataclass(frozen=True, kw_only=True)
class SemanticOptions(PaintOptions):
    """How pixels name categories."""

    labels: Labels = "auto"
    """The id of the category, or its place in the file: from 1, or from 0 where the background
    is another number than 0. ``"auto"`` takes ids where all of them fit."""
    background: int = 0
    """Pixels of no instance."""
    void: int | None = None
    """Pixels of crowd regions under ``crowd="void"``; default: that of a background other than 0,
    or else the largest number, 255 or 65535."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("convert", "labels", self.labels, get_args(Labels))
        for name, value in (("background", self.background), ("void", self.void)):
            if value is not None and not 0 <= value <= 65535:
                raise ValueError(
                    f"convert: {name} must be from 0 to 65535, got {value}. It is a pixel value."
                )


class SemanticPng(Format[SemanticOptions]):
    """Label maps of 8 bits with a palette or, for more than 255 values, 16 bits without.

    ``labels.json`` beside them says which value is which category, and its colour; ``images.json``
    which picture is which image. Read, each category of an image is one instance. A folder without
    a legend is read as well: its files are looked through once for the values in use, 0 and, in 8
    bits, 255 are no category, and a category has its value as name.
    """

    name = "semantic-png"
    summary = "one PNG an image, pixels are categories (8-bit palette or 16-bit)"
    options = SemanticOptions
    target = "folder"
    image_suffix = ".png"
    carries = frozenset(("masks", "image_ids", "category_ids", "empty_images", "empty_categories"))

    def detect(self, path: Path) -> bool:
        return (path / LEGEND).is_file() and b'"background"' in sniff(path / LEGEND)

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return read_semantic(path, options)

    @contextmanager
    def write(
        self, path: Path, header: Header, options: SemanticOptions
    ) -> Iterator[Writer[bytes]]:
        legend = _Legend(header, options)
        folder = OutputFolder(path)
        with open_json_array(path / INDEX) as index:
            yield _Writer(folder, legend, options, index)
        write_atomically(path / LEGEND, legend.to_json())


FORMAT = SemanticPng()


class _Legend:
    """Which pixel value stands for what."""

    def __init__(self, header: Header, options: SemanticOptions) -> None:
        self.categories = header.categories
        self.background = options.background
        self.values = _values(header.categories, options)
        highest = max([self.background, *self.values])
        if options.void is not None:
            self.void = options.void
        elif self.background != 0:
            self.void = self.background
        else:
            self.void = 255 if highest < 255 else 65535
        self.dtype = np.dtype(np.uint8 if max(highest, self.void) <= 255 else np.uint16)
        for value, what in ((self.background, "background"), (self.void, "void")):
            if value in self.values:
                category = self.categories[self.values.index(value)]
                raise FormatError(
                    f"labels must differ from {what}, got {value} for both it and category "
                    f"{category.name!r}. Choose other numbers."
                )
        self.colours = category_colours(header.categories)

    @property
    def palette(self) -> Array | None:
        """Colours of the values, uint8 (256, 3); maps of 16 bits have none."""
        if self.dtype != np.uint8:
            return None
        used = [self.void, self.background, *self.values]
        palette = np.zeros((max(used) + 1, 3), np.uint8)
        palette[self.void] = VOID_COLOUR
        palette[self.background] = 0
        palette[self.values] = self.colours
        return palette

    def to_json(self) -> bytes:
        """Give the legend as JSON text."""
        legend = {
            "background": self.background,
            "void": self.void,
            "bits": 8 * self.dtype.itemsize,
            "categories": [
                {"value": value, "id": category.id, "name": category.name, "color": colour}
                for value, category, colour in zip(
                    self.values, self.categories, self.colours.tolist(), strict=True
                )
            ],
        }
        return msgspec.json.format(msgspec.json.encode(legend), indent=1) + b"\n"


def _values(categories: Sequence[Category], options: SemanticOptions) -> list[int]:
    """Pixel value of each category."""
    ids = [category.id for category in categories]
    numbers = [number for number in ids if isinstance(number, int) and 0 <= number <= 65535]
    reserved = {options.background, options.void}
    by_id = len(numbers) == len(ids) and not reserved & {*numbers}
    if options.labels == "id" and not by_id:
        wrong = next((n for n in ids if n not in numbers or n in reserved), None)
        raise FormatError(
            f"category ids must be whole numbers from 0 to 65535, other than background and "
            f"void, to be pixels, got {wrong!r}. Choose labels='index'."
        )
    if by_id and options.labels != "index" and max(numbers, default=0) < 65535:
        return numbers
    first = 1 if options.background == 0 else 0
    if first + len(ids) > 65535:
        raise FormatError(
            f"categories must be at most {65535 - first} to fit 16 bits, got {len(ids)}. "
            "Leave some out."
        )
    return list(range(first, first + len(ids)))


class _Writer(Writer[bytes]):
    def __init__(
        self, folder: OutputFolder, legend: _Legend, options: SemanticOptions, index: JsonArray
    ) -> None:
        self._folder = folder
        self._index = index
        self._legend = legend
        self._options = options
        self._labels = np.array(legend.values, np.int64)
        self._palette = legend.palette

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        legend = self._legend
        painting = prepare(
            shard, self._options, losses, void_is_background=legend.void == legend.background
        )
        labels = self._labels[shard.instances.categories[painting.rows]]
        labels[painting.void] = legend.void
        maps = painting.paint(labels, legend.background, legend.dtype)
        covered = [np.count_nonzero(picture != legend.background) for picture in maps]
        painting.note_overlap(labels, np.array(covered), shard.images.ids, losses)
        for name, picture in zip(shard.images.file_names, maps, strict=True):
            self._folder.write_png(name, picture, palette=self._palette)
        return join_records(
            [
                {"id": number, "file_name": name, "png": output_name(name, ".png")}
                for number, name in zip(shard.images.ids, shard.images.file_names, strict=True)
            ]
        )

    def append(self, piece: bytes) -> None:
        self._index.add(piece)
