"""A COCO file that is written as a stream: images and annotations grow side by side."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, NamedTuple

import msgspec
import numpy as np

from maskmill.datasets.dataset import Category, Header, Shard
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Options, Writer
from maskmill.datasets.report import COMPUTED, Losses
from maskmill.datasets.shapes import NO_SHAPE, Shapes
from maskmill.masks import Masks
from maskmill.ops.measure import area, bbox

__all__ = [
    "CocoFile",
    "CocoWriter",
    "Piece",
    "annotation_records",
    "category_record",
    "encode_annotations",
    "image_records",
    "join_records",
    "open_coco_file",
    "write_coco",
]

SPOOLED: Final = 1 << 24
"""Bytes of image records that wait in memory; more of them wait in a file."""

encode_json: Final = msgspec.json.Encoder().encode


class Piece(NamedTuple):
    """Records of a shard as JSON text, separated by commas."""

    images: bytes
    annotations: bytes | list[bytes]
    """A list of those that have no id yet and get one when their turn comes."""


class JsonArray:
    """Elements of an array that grows, a line each."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._separator = b"\n"

    def add(self, elements: bytes) -> None:
        """Add elements that are JSON text already, separated by commas; none add nothing."""
        if elements:
            self._file.write(self._separator + elements)
            self._separator = b",\n"


@contextmanager
def open_json_array(path: Path) -> Iterator[JsonArray]:
    """Write a file that is one array; it gets its name when it is whole."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(b"[")
        yield JsonArray(file)
        file.write(b"\n]\n")


class CocoFile:
    """Writes one COCO file, record by record; `open_coco_file` makes it."""

    def __init__(self, file: IO[bytes], spool: IO[bytes], header: Header) -> None:
        self._file = file
        self._spool = spool
        file.write(b"{\n")
        for name, raw in header.extra.items():
            file.write(encode_json(name) + b": " + encode_json(raw) + b",\n")
        file.write(b'"annotations": [')
        self._annotations, self._images = JsonArray(file), JsonArray(spool)
        self._numbered = 0

    def add(self, piece: Piece) -> None:
        """Add the records of a shard."""
        annotations = piece.annotations
        if isinstance(annotations, list):
            first = self._numbered + 1
            self._numbered += len(annotations)
            annotations = b",\n".join(
                b'{"id":%d,%b' % (number, record[1:])
                for number, record in enumerate(annotations, first)
            )
        self._annotations.add(annotations)
        self._images.add(piece.images)

    def finish(self, categories: Sequence[dict[str, Any]]) -> None:
        """Write what comes behind the annotations."""
        self._file.write(b'\n],\n"images": [')
        self._spool.seek(0)
        shutil.copyfileobj(self._spool, self._file, 1 << 20)
        self._file.write(b'\n],\n"categories": [\n')
        self._file.write(join_records(categories))
        self._file.write(b"\n]\n}\n")


@contextmanager
def open_coco_file(
    path: Path, header: Header, categories: Sequence[dict[str, Any]]
) -> Iterator[CocoFile]:
    """Write a COCO file, which gets its name when the block ends well."""
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as file,
        SpooledTemporaryFile(SPOOLED, dir=str(path.parent)) as spool,
    ):
        coco_file = CocoFile(file, spool, header)
        yield coco_file
        coco_file.finish(categories)


class CocoWriter(Writer[Piece]):
    """Base of the writers of COCO instances: they differ in `encode`."""

    def __init__(self, file: CocoFile, header: Header, options: Options) -> None:
        self._file = file
        self._categories = header.categories
        self._options = options

    def append(self, piece: Piece) -> None:
        """Add the records of a shard."""
        self._file.add(piece)


@contextmanager
def write_coco(
    path: Path, header: Header, options: Options, writer: type[CocoWriter]
) -> Iterator[CocoWriter]:
    """Open a file of COCO instances for a writer."""
    categories = [category_record(category) for category in header.categories]
    with open_coco_file(path, header, categories) as file:
        yield writer(file, header, options)


def join_records(records: Sequence[dict[str, Any]]) -> bytes:
    """Encode records, a line each."""
    return b",\n".join(map(encode_json, records))


def encode_annotations(shard: Shard, records: Sequence[dict[str, Any]]) -> bytes | list[bytes]:
    """Encode the annotations of a shard, as a `Piece` has them."""
    if shard.instances.numbered:
        return join_records(records)
    return [encode_json(record) for record in records]


def category_record(category: Category) -> dict[str, Any]:
    """Give a category as COCO has it."""
    record: dict[str, Any] = {"id": category.id, "name": category.name}
    if category.supercategory is not None:
        record["supercategory"] = category.supercategory
    if category.isthing is not None:
        record["isthing"] = int(category.isthing)
    if category.colour is not None:
        record["color"] = list(category.colour)
    return record | category.extra


def image_records(shard: Shard) -> list[dict[str, Any]]:
    """Give the images as COCO has them."""
    images = shard.images
    columns = zip(images.ids, images.file_names, images.sizes.tolist(), images.extra, strict=True)
    return [
        {"id": number, "file_name": name, "height": height, "width": width} | extra
        for number, name, (height, width), extra in columns
    ]


def annotation_records(
    shard: Shard,
    categories: Sequence[Category],
    segmentations: Sequence[object],
    masks: Masks | None,
    losses: Losses,
) -> list[dict[str, Any]]:
    """Give the instances as COCO has them, areas and boxes filled in where the source has none.

    ``masks`` are the masks of the instances, if they are at hand.
    """
    instances = shard.instances
    areas, boxes = _measures(shard, masks, losses)
    records = []
    for k, image in enumerate(instances.images().tolist()):
        record: dict[str, Any] = {"id": instances.ids[k]} if instances.numbered else {}
        record |= {
            "image_id": shard.images.ids[image],
            "category_id": categories[instances.categories[k]].id,
            "segmentation": segmentations[k],
        }
        if areas[k] is not None:
            record["area"] = areas[k]
        if boxes[k] is not None:
            record["bbox"] = boxes[k]
        record["iscrowd"] = int(instances.crowd[k])
        if instances.scores[k] is not None:
            record["score"] = instances.scores[k]
        records.append(record | instances.extra[k])
    return records


def _measures(
    shard: Shard, masks: Masks | None, losses: Losses
) -> tuple[list[float | None], list[list[float] | None]]:
    """Areas and boxes; those that the source does not state come from the mask."""
    instances = shard.instances
    areas, boxes = instances.areas, instances.boxes
    shaped = (instances.shapes.kinds != NO_SHAPE).tolist()
    rows = [
        k
        for k, (a, b, has_shape) in enumerate(zip(areas, boxes, shaped, strict=True))
        if has_shape and (a is None or b is None)
    ]
    if not rows:
        return areas, boxes
    if masks is None:
        picked: Shapes = instances.shapes[np.array(rows)]
        own = picked.masks(shard.sizes()[rows])
    else:
        own = masks[rows]
    areas, boxes = list(areas), list(boxes)
    for k, pixels, box in zip(rows, area(own).tolist(), bbox(own).tolist(), strict=True):
        areas[k] = pixels if areas[k] is None else areas[k]
        boxes[k] = box if boxes[k] is None else boxes[k]
    losses.add(COMPUTED, [instances.ids[k] for k in rows])
    return areas, boxes
