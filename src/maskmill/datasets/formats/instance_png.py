"""Instance label maps: one PNG an image, whose pixels are numbers of instances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from maskmill.datasets.coco_file import JsonArray, category_record, join_records
from maskmill.datasets.dataset import Header, Shard
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Format, Writer
from maskmill.datasets.painting import (
    Painting,
    PaintOptions,
    measure_labels,
    prepare,
)
from maskmill.datasets.palette import rgb_from_ids
from maskmill.datasets.paths import OutputFolder, output_name
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "InstancePng"]

INDEX: Final = "instances.json"
VOID_16: Final = 2**16 - 1
VOID_RGB: Final = 2**24 - 1


class InstancePng(Format[PaintOptions]):
    """Label maps of 16 bits; 0 is background, instances count from 1 in each image.

    An image of more than 65,534 instances becomes an RGB picture with R + 256 G + 65536 B as the
    number. Crowd regions under ``crowd="void"`` have the largest number, 65535 or 16777215.
    ``instances.json`` says for each image which number is which annotation, and its category.
    """

    name = "instance-png"
    summary = "one PNG an image, pixels are instances (16-bit, RGB beyond 65,534 instances)"
    options = PaintOptions
    target = "folder"
    image_suffix = ".png"

    @contextmanager
    def write(self, path: Path, header: Header, options: PaintOptions) -> Iterator[Writer[bytes]]:
        folder = OutputFolder(path)
        categories = join_records([category_record(c) for c in header.categories])
        with atomic_path(path / INDEX) as temporary, temporary.open("wb") as file:
            file.write(b'{\n"categories": [\n' + categories + b'\n],\n"images": [')
            yield _Writer(folder, file, header, options)
            file.write(b"\n]\n}\n")


FORMAT = InstancePng()


class _Writer(Writer[bytes]):
    def __init__(
        self, folder: OutputFolder, file: IO[bytes], header: Header, options: PaintOptions
    ) -> None:
        self._folder = folder
        self._index = JsonArray(file)
        self._categories = header.categories
        self._options = options

    def encode(self, shard: Shard, losses: Losses) -> bytes:
        painting = prepare(shard, self._options, losses)
        numbers = _numbers(painting)
        images = np.repeat(np.arange(len(shard.images)), np.diff(painting.groups))
        most = np.zeros(len(shard.images), np.int64)
        np.maximum.at(most, images, numbers)
        if most.max(initial=0) >= VOID_RGB:
            raise FormatError(f"an image must hold fewer than 2**24 - 1 instances, got {most}.")
        wide = most >= VOID_16
        voids = np.where(wide, VOID_RGB, VOID_16)
        labels = np.where(painting.void, voids[images], numbers)
        maps = painting.paint(labels, 0, np.int32 if wide.any() else np.uint16)
        visible = np.zeros(len(numbers), np.int64)
        covered = np.zeros(len(maps), np.int64)
        for g, picture in enumerate(maps):
            pixels = rgb_from_ids(picture) if wide[g] else picture.astype(np.uint16, copy=False)
            self._folder.write_png(shard.images.file_names[g], pixels)
            found = measure_labels(picture, (0,))
            covered[g] = sum(label.area for label in found.values())
            for k in range(painting.groups[g], painting.groups[g + 1]):
                if labels[k] in found:
                    visible[k] = found[labels[k]].area
        painting.note_overlap(labels, covered, shard.images.ids, losses)
        painting.note_hidden(visible, losses)
        return self._records(shard, painting, numbers, visible, wide)

    def append(self, piece: bytes) -> None:
        self._index.add(piece)

    def _records(
        self, shard: Shard, painting: Painting, numbers: Array, visible: Array, wide: Array
    ) -> bytes:
        """What the index says of the images of a shard."""
        images, instances = shard.images, shard.instances
        records = []
        for g in range(len(images)):
            drawn = [
                {
                    "id": int(numbers[k]),
                    "annotation_id": painting.ids[k],
                    "category_id": self._categories[instances.categories[painting.rows[k]]].id,
                    "iscrowd": int(instances.crowd[painting.rows[k]]),
                    "area": int(visible[k]),
                }
                for k in range(painting.groups[g], painting.groups[g + 1])
                if not painting.void[k]
            ]
            records.append(
                {
                    "image_id": images.ids[g],
                    "file_name": images.file_names[g],
                    "png": output_name(images.file_names[g], ".png"),
                    "bits": 24 if wide[g] else 16,
                    "instances": drawn,
                }
            )
        return join_records(records)


def _numbers(painting: Painting) -> Array:
    """Count the instances of each image from 1; those drawn as void get 0."""
    numbered = ~painting.void
    before = np.concatenate([[0], np.cumsum(numbered)])
    first = np.repeat(before[painting.groups[:-1]], np.diff(painting.groups))
    numbers: Array = (before[1:] - first) * numbered
    return numbers
