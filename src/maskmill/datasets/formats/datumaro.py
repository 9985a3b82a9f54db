"""Datumaro's own JSON: one file a subset. Read only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from maskmill.datasets.dataset import Category, Dataset, Header, get_extra
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import JsonFile, Problems, sniff
from maskmill.datasets.objects import (
    Found,
    FoundImage,
    Joiner,
    Labels,
    check_box,
    check_size,
    loaders,
    raw,
)
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import FolderProblems, Reader, at, find_files, first_files
from maskmill.errors import FormatError, InvalidMaskError
from maskmill.masks import Masks

__all__ = ["FORMAT", "Datumaro"]


class _Label(msgspec.Struct, frozen=True):
    name: str
    parent: str = ""


class _Labels(msgspec.Struct, frozen=True):
    labels: list[_Label] = []


class _Categories(msgspec.Struct, frozen=True):
    label: _Labels = _Labels()


class _Picture(msgspec.Struct, frozen=True):
    path: str = ""
    size: tuple[float, float] | None = None


class _Item(msgspec.Struct, frozen=True):
    id: str
    annotations: list[msgspec.Raw] = []
    image: _Picture | None = None
    media: _Picture | None = None


class _Rle(msgspec.Struct, frozen=True):
    counts: str | list[int]
    size: tuple[int, int]


class _Annotation(msgspec.Struct, frozen=True):
    type: str
    label_id: int | None = None
    group: int = 0
    attributes: dict[str, msgspec.Raw] = {}
    points: list[float] = []
    bbox: list[float] = []
    rle: _Rle | None = None
    id: int = 0
    score: float | None = None


_CATEGORIES: Final = Reader[_Categories](_Categories)
_ITEM: Final = Reader[_Item](_Item)
_ANNOTATION: Final = Reader[_Annotation](_Annotation)


class Datumaro(Format[Options]):
    """Datumaro JSON: a file, or the folder of the files of all subsets."""

    name = "datumaro"
    summary = "Datumaro JSON: polygons, masks, boxes, attributes"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "masks", "overlap", "instances", "crowd", "scores", "attributes",
            "empty_images", "empty_categories",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        files = first_files(path)
        return bool(files) and all(
            text.lstrip()[:1] == b"{" and all(word in text for word in _WORDS)
            for text in map(sniff, files)
        )

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        labels = Labels()
        items: list[_Entry] = []
        for name in find_files(path):
            try:
                _list_items(name, labels, items, problems)
            except FormatError as error:
                problems.add(error)
        root = path if path.is_dir() else path.parent
        pictures = PictureSizes(options, [root, root / "images", root.parent / "images"])

        def load(entry: _Entry, number: int, problems: Problems) -> FoundImage:
            return _load(entry, number, labels, pictures, problems)

        shards = loaders(items, load, path, options, numbered=False)
        return Dataset(Header(tuple(labels.categories)), shards, len(items), problems.skipped)


FORMAT = Datumaro()

_WORDS: Final = (b'"categories"', b'"items"', b'"label"')


class _Entry(NamedTuple):
    file: JsonFile
    place: str
    item: _Item
    rows: list[int]
    """Row of each label of the file in the header."""


def _list_items(path: Path, labels: Labels, items: list[_Entry], problems: Problems) -> None:
    file = JsonFile(path)
    top = file.top()
    if "items" not in top or "categories" not in top:
        raise FormatError("must have items and categories, as Datumaro files do.", file.name)
    rows = []
    for label in _CATEGORIES.read(file, top["categories"], "/categories").label.labels:
        if label.name not in labels.rows:
            number = len(labels.categories) + 1
            labels.append(Category(number, label.name, label.parent or None))
        rows.append(labels.rows[label.name])
    for i, text in enumerate(file.array(top["items"], "/items")):
        try:
            items.append(_Entry(file, f"/items/{i}", _ITEM.read(file, text, f"/items/{i}"), rows))
        except FormatError as error:
            problems.add(error)


def _load(
    entry: _Entry, number: int, labels: Labels, pictures: PictureSizes, problems: Problems
) -> FoundImage:
    file, item = entry.file, entry.item
    picture = item.image or item.media or _Picture()
    name = picture.path or item.id
    with at(file.name, entry.place, item.id):
        size = check_size(*(picture.size or pictures.of(name)))
    image = FoundImage(entry.place, number + 1, name, size, source=file.name)
    joiner = Joiner(image)
    whole: list[str] = []
    for i, text in enumerate(item.annotations):
        place = f"{entry.place}/annotations/{i}"
        try:
            record = _ANNOTATION.read(file, text, place)
            with at(file.name, place, record.id):
                if record.label_id is None or not 0 <= record.label_id < len(entry.rows):
                    raise FormatError(f"must have a known label_id, got {record.label_id}.")
                row = entry.rows[record.label_id]
                if record.type == "label":
                    whole.append(labels.categories[row].name)
                    continue
                found = _found(record, place, row, size)
        except FormatError as error:
            problems.add(error)
            continue
        joiner.add(found, record.group or None)
    joiner.finish()
    if whole:
        image.extra["labels"] = raw(whole)
    return image


def _found(record: _Annotation, place: str, row: int, size: tuple[int, int]) -> Found:
    found = Found(place, None, row, score=record.score)
    attributes: dict[str, Any] = dict(record.attributes)
    if "is_crowd" in attributes:
        found.crowd = get_extra(attributes, "is_crowd", bool) is True
        del attributes["is_crowd"]
    if found.score is None:
        found.score = get_extra(attributes, "score", float)
        attributes.pop("score", None)
    if attributes:
        found.extra["attributes"] = raw(attributes)
    if record.group:
        found.extra["group"] = raw(record.group)
    pairs = list(zip(record.points[0::2], record.points[1::2], strict=False))
    if len(record.points) % 2:
        raise FormatError(f"must have points in pairs, got {len(record.points)} numbers.")
    if record.type == "polygon":
        found.parts = [[pairs]]
    elif record.type == "mask" and record.rle is not None:
        rle = {"size": record.rle.size, "counts": record.rle.counts}
        try:
            found.mask = Masks.from_coco([rle], size)
        except InvalidMaskError as error:
            raise FormatError(f"must hold run lengths of its image, got: {error}") from None
    elif record.type == "bbox" and len(record.bbox) == 4:
        found.box = check_box(record.bbox)
    elif record.type in ("polyline", "points"):
        found.extra |= {"shape_type": raw(record.type), "points": raw(pairs)}
    else:
        raise FormatError(f"must be an annotation of an image, got {record.type!r}.")
    return found
