"""COCO instances, as COCO, LVIS and the exports of annotation tools write them.

One JSON object holds ``images``, ``annotations`` and ``categories``. The file is cut into records
first and its records are looked at one by one: a first pass over all of them reads only ids, to
find out which annotations belong to which image; the rest is read shard by shard, and
``segmentation`` is left to the native parser. So the memory taken is the file, once, and an index.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.datasets.coco_file import Piece, write_coco
from maskmill.datasets.coco_records import (
    TWICE,
    Image,
    Sections,
    read_categories,
    read_images,
    read_sections,
    unknown,
)
from maskmill.datasets.dataset import (
    Category,
    Dataset,
    Extra,
    Header,
    Images,
    Instances,
    Shard,
)
from maskmill.datasets.format import Format, Options, ReadOptions, Writer
from maskmill.datasets.formats.coco_polygons import COCO_CARRIES, PolygonWriter
from maskmill.datasets.jsonfile import (
    Id,
    JsonFile,
    Problems,
    RawId,
    Records,
    no_gc,
    sniff_json,
)
from maskmill.datasets.shapes import Shapes, shapes_from_coco
from maskmill.errors import FormatError, StructureError
from maskmill.groups import group

__all__ = ["FORMAT", "Coco"]

SHARD_IMAGES: Final = 32
SHARD_INSTANCES: Final = 2048
SHARD_PIXELS: Final = 1 << 23
"""A shard ends before it exceeds one of these; a single image may."""

_NO_SHAPE: Final = msgspec.Raw(b"[]")


class _Head(msgspec.Struct, frozen=True):
    id: RawId
    image_id: RawId


class _Annotation(msgspec.Struct, frozen=True):
    id: RawId
    image_id: RawId
    category_id: RawId
    segmentation: msgspec.Raw = _NO_SHAPE
    bbox: list[int | float] | None = None
    area: int | float | None = None
    iscrowd: int | bool | float | None = None
    score: int | float | None = None


_WORDS: Final = (
    (b"images", b"annotations", b"categories"),
    (b"images", b"file_name", b"height"),
    (b"annotations", b"image_id", b"category_id"),
)
"""What a look at the two ends of a file may show, depending on the order of its sections."""


_OTHERS: Final = (b"segments_info", b"neg_category_ids")
"""What COCO panoptic and LVIS have and COCO instances have not."""


class Coco(Format[Options]):
    """COCO instances in one JSON file.

    Polygons are written as the numbers that they are; run lengths, and polygons with holes, as
    compressed run lengths. Crowd regions keep their flag, whatever their segmentation is.
    """

    name = "coco"
    summary = "COCO instances JSON (COCO, exports of CVAT, Roboflow and others)"
    carries = COCO_CARRIES

    def detect(self, path: Path) -> bool:
        text = sniff_json(path)
        if not text.startswith(b"{"):
            return False
        return not any(b'"%b"' % word in text for word in _OTHERS) and any(
            all(b'"%b"' % word in text for word in words) for words in _WORDS
        )

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        with no_gc():
            file = JsonFile(path)
            problems = Problems(options.on_error)
            sections = read_sections(file)
            categories = read_categories(file, sections.categories, problems)
            index = _Index(file, sections, categories, problems)
        header = Header(tuple(categories.values()), sections.extra)
        return Dataset(header, index.loaders(), len(index.images), problems.skipped)

    def write(
        self, path: Path, header: Header, options: Options
    ) -> AbstractContextManager[Writer[Piece]]:
        return write_coco(path, header, options, _Writer)


class _Writer(PolygonWriter):
    compressed = True


FORMAT = Coco()


class _Index:
    """Which annotations belong to which image; makes the shards."""

    def __init__(
        self,
        file: JsonFile,
        sections: Sections,
        categories: dict[Id, Category],
        problems: Problems,
    ) -> None:
        self.on_error = problems.on_error
        self.category_rows = {number: row for row, number in enumerate(categories)}
        self.raw_images = sections.images
        self.raw_annotations = sections.annotations
        self.image_records = Records(file, Image, "images")
        self.annotation_records = Records(file, _Annotation, "annotations")
        self.images, image_rows = read_images(self.image_records, self.raw_images, problems)
        self.annotations, self.groups = self._read_heads(file, image_rows, problems)

    def _read_heads(
        self, file: JsonFile, image_rows: dict[Id, int], problems: Problems
    ) -> tuple[Array, Array]:
        """Numbers of the annotations in the file, grouped by image."""
        records = Records(file, _Head, "annotations")
        numbers, rows = array("q"), array("q")
        seen: set[Id] = set()
        for i, raw in enumerate(self.raw_annotations):
            try:
                head = records.read(raw, i)
                number = records.id(head.id, i)
                image = records.id(head.image_id, i, "image_id")
                row = image_rows.get(image)
                if row is None:
                    got = unknown("an image", image, image_rows)
                    raise records.error(i, "image_id", got, number)
                if number in seen:
                    raise records.error(i, "id", TWICE, number)
            except FormatError as error:
                problems.add(error)
                continue
            seen.add(number)
            numbers.append(i)
            rows.append(row)
        order, groups, _ = group(
            np.frombuffer(rows, np.int64), all_keys=np.arange(len(self.images))
        )
        return np.frombuffer(numbers, np.int64)[order], groups

    def loaders(self) -> list[Callable[[], Shard]]:
        """Cut the images into shards."""
        loaders: list[Callable[[], Shard]] = []
        first, n_pixels = 0, 0
        for row, image in enumerate(self.images):
            own_pixels = image.size[0] * image.size[1]
            n_pixels += own_pixels
            n_instances = self.groups[row + 1] - self.groups[first]
            full = row - first == SHARD_IMAGES or n_instances > SHARD_INSTANCES
            if row > first and (full or n_pixels > SHARD_PIXELS):
                loaders.append(partial(self._load, first, row))
                first, n_pixels = row, own_pixels
        if self.images:
            loaders.append(partial(self._load, first, len(self.images)))
        return loaders

    def _load(self, first: int, last: int) -> Shard:
        """Read the images ``first:last`` with their annotations."""
        problems = Problems(self.on_error)
        rows, records = [], []
        for row in range(first, last):
            for i in self.annotations[self.groups[row] : self.groups[row + 1]].tolist():
                try:
                    records.append(self._read_annotation(i))
                except FormatError as error:
                    problems.add(error)
                    continue
                rows.append(row - first)
        images = self.images[first:last]
        sizes = np.array([image.size for image in images], np.int32)
        shapes, kept = self._read_shapes(records, sizes[rows], problems)
        if len(kept) < len(records):
            rows, records = [rows[k] for k in kept], [records[k] for k in kept]
        instances = Instances(
            groups=ragged.offsets_from_lengths(np.bincount(rows, minlength=last - first)),
            ids=[r.id for r in records],
            categories=np.array([r.category for r in records], np.int64),
            crowd=np.array([r.crowd for r in records], bool),
            areas=[r.typed.area for r in records],
            boxes=[r.typed.bbox or None for r in records],
            scores=[r.typed.score for r in records],
            shapes=shapes,
            extra=[r.extra for r in records],
        )
        columns = Images(
            ids=[image.id for image in images],
            file_names=[image.file_name for image in images],
            sizes=sizes,
            places=[f"/images/{image.i}" for image in images],
            extra=[self.image_records.extra(self.raw_images[image.i], image.i) for image in images],
        )
        return Shard(columns, instances, problems.skipped)

    def _read_annotation(self, i: int) -> _Read:
        records = self.annotation_records
        raw = self.raw_annotations[i]
        typed = records.read(raw, i)
        number = records.id(typed.id, i)
        category = records.id(typed.category_id, i, "category_id")
        row = self.category_rows.get(category)
        if row is None:
            got = unknown("a category", category, self.category_rows)
            raise records.error(i, "category_id", got, number)
        if typed.iscrowd not in (None, 0, 1):
            raise records.error(i, "iscrowd", f"must be 0 or 1, got {typed.iscrowd}.", number)
        if typed.bbox and len(typed.bbox) != 4:
            got = f"must be x, y, width and height, got {len(typed.bbox)} numbers."
            raise records.error(i, "bbox", got, number)
        return _Read(i, number, row, bool(typed.iscrowd), typed, records.extra(raw, i))

    def _read_shapes(
        self, records: list[_Read], sizes: Array, problems: Problems
    ) -> tuple[Shapes, list[int]]:
        """Shapes of the records, and which of them are without a fault."""
        texts = [memoryview(r.typed.segmentation) for r in records]
        kept = list(range(len(records)))
        try:
            return shapes_from_coco(texts, sizes), kept
        except StructureError as error:
            if self.on_error == "raise":
                raise self._shape_error(records[error.record], error) from None
        kept.clear()
        for k, text in enumerate(texts):
            try:
                shapes_from_coco([text], sizes[k : k + 1])
            except StructureError as error:
                problems.add(self._shape_error(records[k], error))
            else:
                kept.append(k)
        return shapes_from_coco([texts[k] for k in kept], sizes[kept]), kept

    def _shape_error(self, record: _Read, error: StructureError) -> FormatError:
        return self.annotation_records.error(
            record.i, "segmentation", f"must {error.requirement}, got {error.got}.", record.id
        )


class _Read(NamedTuple):
    """An annotation, read but for its segmentation."""

    i: int
    id: Id
    category: int
    crowd: bool
    typed: _Annotation
    extra: Extra
