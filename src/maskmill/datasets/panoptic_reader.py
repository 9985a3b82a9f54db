"""COCO panoptic datasets as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.coco_records import (
    TWICE,
    Image,
    ImageRecord,
    read_categories,
    read_images,
    read_sections,
    unknown,
)
from maskmill.datasets.dataset import Dataset, Extra, Header, Id
from maskmill.datasets.jsonfile import FAULTS, JsonFile, Problems, RawId, Records, no_gc, sniff
from maskmill.datasets.streams import Labelled, read_labels, read_picture, shard_loaders
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.datasets.format import ReadOptions

__all__ = ["panoptic_file", "read_panoptic"]


class _Segment(msgspec.Struct, frozen=True):
    id: int
    category_id: RawId
    area: int | float | None = None
    bbox: list[int | float] | None = None
    iscrowd: int | bool = 0


class _Annotation(msgspec.Struct, frozen=True):
    image_id: RawId
    file_name: str
    segments_info: list[msgspec.Raw]


class _Ids(msgspec.Struct, frozen=True):
    id: int


class _Row(NamedTuple):
    """An image and its annotation."""

    image: ImageRecord
    annotation: int


def panoptic_file(path: Path) -> Path | None:
    """Find the JSON file of a panoptic dataset: the path itself, or the one in the folder."""
    if path.is_dir():
        found = [p for p in sorted(path.glob("*.json")) if b'"segments_info"' in sniff(p)]
        return found[0] if len(found) == 1 else None
    return path if b'"segments_info"' in sniff(path) else None


def read_panoptic(path: Path, options: ReadOptions) -> Dataset:
    """Read a panoptic dataset.

    The pictures lie in the folder that is named like the JSON file, or in ``panoptic``, or beside
    the file. Ids of segments that are unique in the dataset are ids of instances; those that are
    unique in their image only, as in COCO's own files, are not.
    """
    source = panoptic_file(path)
    if source is None:
        raise FormatError(
            "must be a COCO panoptic JSON file, or a folder with one, got neither.", str(path)
        )
    with no_gc():
        reader = _Reader(source, options)
    return Dataset(
        Header(tuple(reader.categories.values()), reader.extra),
        shard_loaders(reader.rows, reader.read, options, numbered=reader.unique),
        len(reader.rows),
        reader.problems.skipped,
    )


class _Reader:
    def __init__(self, path: Path, options: ReadOptions) -> None:
        file = JsonFile(path)
        self.problems = Problems(options.on_error)
        sections = read_sections(file)
        self.extra: Extra = sections.extra
        self.categories = read_categories(file, sections.categories, self.problems)
        self.category_rows = {number: row for row, number in enumerate(self.categories)}
        self.folder = _folder(path)
        self.raw_images, self.raws = sections.images, sections.annotations
        self.images = Records(file, Image, "images")
        self.records = Records(file, _Annotation, "annotations")
        self.segments = Records(file, _Segment, "annotations")
        images, image_rows = read_images(self.images, sections.images, self.problems)
        of_image, self.unique = self._index(images, image_rows)
        self.rows = [_Row(image, i) for image, i in zip(images, of_image, strict=True)]

    def _index(self, images: list[ImageRecord], rows: dict[Id, int]) -> tuple[list[int], bool]:
        """Annotation of each image, -1 where there is none; and whether segments have own ids."""
        of_image = [-1] * len(images)
        ids_decoder = msgspec.json.Decoder(_Ids)
        ids: set[int] = set()
        n_segments = 0
        for i, raw in enumerate(self.raws):
            try:
                annotation = self.records.read(raw, i)
                number = self.records.id(annotation.image_id, i, "image_id")
                if number not in rows:
                    got = unknown("an image", number, rows)
                    raise self.records.error(i, "image_id", got, None)
                if of_image[rows[number]] >= 0:
                    raise self.records.error(i, "image_id", TWICE, number)
                try:
                    ids.update(ids_decoder.decode(raw).id for raw in annotation.segments_info)
                except FAULTS as error:
                    raise self.records.file.error(
                        error, f"/annotations/{i}/segments_info"
                    ) from None
            except FormatError as error:
                self.problems.add(error)
                continue
            n_segments += len(annotation.segments_info)
            of_image[rows[number]] = i
        return of_image, len(ids) == n_segments

    def read(self, row: _Row, builder: ShardBuilder, problems: Problems) -> None:
        """Read an image with its segments."""
        image, i = row
        extra = self.images.extra(self.raw_images[image.i], image.i)
        place = f"/images/{image.i}"
        if i < 0:
            builder.add_image(image.id, image.file_name, image.size, place, extra)
            return
        annotation = self.records.read(self.raws[i], i)
        path = self.records.inside(self.folder, annotation.file_name, i, "file_name", image.id)
        found = read_labels(read_picture(path, image.id, rgb=True))
        if found.size != image.size:
            height, width = found.size
            raise FormatError(
                f"must have the size of its image, {image.size[0]} high and {image.size[1]} wide, "
                f"got {height} and {width}.",
                str(path),
                record=image.id,
            )
        builder.add_image(image.id, image.file_name, image.size, place, extra)
        listed: set[int] = set()
        for k, raw in enumerate(annotation.segments_info):
            try:
                listed.add(self._read_segment(raw, i, k, found, builder, listed))
            except FormatError as error:
                problems.add(error)
        for label in found.labels:
            if label not in listed:
                got = f"must list the segments of its picture, got none for the id {label}."
                problems.add(self.records.error(i, "segments_info", got, image.id))

    def _read_segment(
        self,
        raw: msgspec.Raw,
        i: int,
        k: int,
        found: Labelled,
        builder: ShardBuilder,
        listed: set[int],
    ) -> int:
        field = f"segments_info/{k}"
        segment = self.segments.read(raw, i)
        row = self.category_rows.get(self.segments.id(segment.category_id, i, field))
        if row is None:
            got = unknown("a category", segment.category_id, self.category_rows)  # type: ignore[arg-type]
            raise self.segments.error(i, f"{field}/category_id", got, segment.id)
        if segment.id in listed:
            raise self.segments.error(i, f"{field}/id", TWICE, segment.id)
        if segment.bbox and len(segment.bbox) != 4:
            got = f"must be x, y, width and height, got {len(segment.bbox)} numbers."
            raise self.segments.error(i, f"{field}/bbox", got, segment.id)
        builder.add_instance(
            row,
            found.mask(segment.id),
            number=segment.id if self.unique else None,
            crowd=segment.iscrowd == 1,
            area=segment.area,
            box=segment.bbox or None,
            extra=self.segments.extra(raw, i),
        )
        return segment.id


def _folder(path: Path) -> Path:
    for name in (path.stem, "panoptic"):
        if (path.parent / name).is_dir():
            return path.parent / name
    return path.parent
