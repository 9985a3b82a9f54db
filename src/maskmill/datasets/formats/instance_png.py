"""Instance label maps: one PNG an image, whose pixels are numbers of instances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec
import numpy as np

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.coco_file import JsonArray, category_record, join_records
from maskmill.datasets.coco_records import read_categories, unknown
from maskmill.datasets.dataset import Dataset, Header, Shard
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Format, ReadOptions, Writer
from maskmill.datasets.jsonfile import JsonFile, Problems, RawId, Records
from maskmill.datasets.painting import (
    Painting,
    PaintOptions,
    measure_labels,
    prepare,
)
from maskmill.datasets.palette import rgb_from_ids
from maskmill.datasets.paths import OutputFolder, output_name
from maskmill.datasets.report import Losses
from maskmill.datasets.streams import read_labels, read_picture, shard_loaders
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
    carries = frozenset(
        ("masks", "instances", "crowd", "instance_ids", "image_ids", "category_ids",
         "category_fields", "empty_images", "empty_categories")
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        return (path / INDEX).is_file()

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        return _read(path, options)

    @contextmanager
    def write(self, path: Path, header: Header, options: PaintOptions) -> Iterator[Writer[bytes]]:
        folder = OutputFolder(path)
        categories = join_records([category_record(c) for c in header.categories])
        with atomic_path(path / INDEX) as temporary, temporary.open("wb") as file:
            file.write(b'{\n"categories": [\n' + categories + b'\n],\n"images": [')
            yield _Writer(folder, file, header, options)
            file.write(b"\n]\n}\n")


FORMAT = InstancePng()


class _Drawn(msgspec.Struct, frozen=True):
    id: int
    annotation_id: RawId
    category_id: RawId
    iscrowd: int = 0


class _Image(msgspec.Struct, frozen=True):
    image_id: RawId
    file_name: str
    png: str
    bits: int
    instances: list[_Drawn]


def _read(path: Path, options: ReadOptions) -> Dataset:
    file = JsonFile(path / INDEX)
    problems = Problems(options.on_error)
    top = file.top()
    sections = {}
    for name in ("categories", "images"):
        if name not in top:
            raise FormatError(f"must have the field {name}, got none.", file.name)
        sections[name] = file.array(top[name], f"/{name}")
    categories = read_categories(file, sections["categories"], problems)
    rows = {number: row for row, number in enumerate(categories)}
    records = Records(file, _Image, "images")

    def read_image(
        numbered: tuple[int, msgspec.Raw], builder: ShardBuilder, problems: Problems
    ) -> None:
        i, raw = numbered
        image = records.read(raw, i)
        number = records.id(image.image_id, i, "image_id")
        png = records.inside(path, image.png, i, "png", number)
        found = read_labels(read_picture(png, number, rgb=image.bits == 24))
        builder.add_image(number, image.file_name, found.size, f"/images/{i}")
        for k, drawn in enumerate(image.instances):
            place = f"instances/{k}"
            own = records.id(drawn.annotation_id, i, f"{place}/annotation_id")
            category = records.id(drawn.category_id, i, f"{place}/category_id")
            if category not in rows:
                got = unknown("a category", category, rows)
                problems.add(records.error(i, f"{place}/category_id", got, own))
                continue
            mask = found.mask(drawn.id)
            builder.add_instance(rows[category], mask, number=own, crowd=drawn.iscrowd == 1)

    items = list(enumerate(sections["images"]))
    return Dataset(
        Header(tuple(categories.values())),
        shard_loaders(items, read_image, options, numbered=True),
        len(items),
        problems.skipped,
    )


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
