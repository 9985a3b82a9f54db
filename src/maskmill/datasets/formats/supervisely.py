"""Supervisely: a project folder, with one JSON file an image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from maskmill.datasets.dataset import Category, Dataset, Extra, Header, get_extra
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import JsonFile, Problems, sniff
from maskmill.datasets.objects import (
    FoundImage,
    Joiner,
    Labels,
    check_size,
    hex_colour,
    loaders,
    raw,
)
from maskmill.datasets.paths import IMAGE_SUFFIXES
from maskmill.datasets.records import FolderProblems, Reader, at, find_files, looks_like
from maskmill.datasets.supervisely_objects import Object, found_of, read_tags
from maskmill.datasets.supervisely_writer import ProjectPiece, ProjectWriter
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Supervisely"]

META: Final = "meta.json"
_NOTHING: Final = (b"null", b"{}", b'""', b"[]")


class _Class(msgspec.Struct, frozen=True):
    title: str
    id: int | None = None
    color: str | None = None


class _Meta(msgspec.Struct, frozen=True):
    classes: list[msgspec.Raw]


class _Size(msgspec.Struct, frozen=True):
    height: float
    width: float


class _Annotation(msgspec.Struct, frozen=True):
    size: _Size
    objects: list[msgspec.Raw]
    id: int | str | None = None
    tags: list[msgspec.Raw] = []


class _ScanObject(msgspec.Struct, frozen=True):
    classTitle: str  # noqa: N815  # as the file has it
    id: int | str | None = None
    instance: str | None = None


class _Scan(msgspec.Struct, frozen=True):
    objects: list[_ScanObject]


_CLASS: Final = Reader[_Class](_Class)
_META: Final = Reader[_Meta](_Meta)
_ANNOTATION: Final = Reader[_Annotation](_Annotation)
_OBJECT: Final = Reader[Object](Object)
_SCAN: Final = Reader[_Scan](_Scan)


class Supervisely(Format[Options]):
    """A project of Supervisely: ``meta.json``, and ``ann`` folders of JSON files.

    Objects that share a class and an ``instance`` key are one instance of several parts.
    """

    name = "supervisely"
    summary = "Supervisely project: polygons with holes, bitmaps, tags"
    target = "folder"
    image_suffix = ".json"
    carries = frozenset[Carried](
        (
            "polygons", "holes", "parts", "masks", "overlap", "instances", "crowd", "scores",
            "keypoints", "attributes", "fields", "instance_ids", "image_ids", "image_fields",
            "empty_images", "empty_categories",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        if (path / META).is_file():
            text = sniff(path / META)
            return b'"classes"' in text and b'"tags"' in text
        return looks_like(path, b'"classTitle"', b'"objects"')

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        labels, extra = _read_meta(path / META)
        files = []
        numbered = True
        for file in find_files(path):
            if file == path / META:
                continue
            try:
                json = JsonFile(file)
                json.top()
                objects = _SCAN.read(json, msgspec.Raw(bytes(json.data)), "").objects
            except FormatError as error:
                problems.add(error)
                continue
            files.append(file)
            for o in objects:
                labels.add(o.classTitle)
                numbered = numbered and (o.id is not None or o.instance is not None)
        if not files and not problems.skipped:
            raise FormatError("must hold JSON files of annotations, got none.", str(path))

        def load(file: Path, number: int, problems: Problems) -> FoundImage:
            return _load(path, file, number, labels, problems)

        shards = loaders(files, load, path, options, numbered=numbered)
        header = Header(tuple(labels.categories), extra)
        return Dataset(header, shards, len(files), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[ProjectPiece]]:
        path.mkdir(parents=True, exist_ok=True)
        writer = ProjectWriter(path, header, options)
        yield writer
        write_atomically(path / META, writer.meta())


FORMAT = Supervisely()


def _read_meta(path: Path) -> tuple[Labels, Extra]:
    labels = Labels()
    if not path.is_file():
        return labels, {}
    file = JsonFile(path)
    extra = file.top()
    text = file.record()
    classes = []
    for i, given in enumerate(_META.read(file, text, "").classes):
        found = _CLASS.read(file, given, f"/classes/{i}")
        classes.append((found, _CLASS.extra(file, given, f"/classes/{i}")))
    ids = {found.id for found, _ in classes}
    by_id = len(ids) == len(classes) and None not in ids
    for found, further in classes:
        colour = hex_colour(found.color or "")
        if colour is not None:
            further["color"] = raw(colour)
        number = found.id if by_id and found.id is not None else len(labels.categories) + 1
        labels.append(Category(number, found.title, colour=colour, extra=further))
    del extra["classes"]
    return labels, {f"supervisely_{name}": value for name, value in extra.items()}


def _load(root: Path, path: Path, number: int, labels: Labels, problems: Problems) -> FoundImage:
    file = JsonFile(path)
    file.top()
    text = file.record()
    annotation = _ANNOTATION.read(file, text, "")
    with at(file.name, "/size"):
        size = check_size(annotation.size.height, annotation.size.width)
    extra = _without_defaults(_ANNOTATION.extra(file, text, ""))
    _tags(file, annotation.tags, extra, "/tags")
    own_id = number + 1 if annotation.id is None else annotation.id
    name = get_extra(extra, "file_name", str) or _image_name(root, path)
    extra.pop("file_name", None)
    image = FoundImage("", own_id, name, size, extra, source=file.name)
    joiner = Joiner(image)
    for i, given in enumerate(annotation.objects):
        place = f"/objects/{i}"
        try:
            record = _OBJECT.read(file, given, place)
            with at(file.name, place, record.id):
                found = found_of(record, given, place, labels, size)
            if "supervisely" not in found.extra:
                found.extra |= _without_defaults(_OBJECT.extra(file, given, place))
                _tags(file, record.tags, found.extra, f"{place}/tags")
        except FormatError as error:
            problems.add(error)
            continue
        joiner.add(found, get_extra(found.extra, "instance", str))
    joiner.finish()
    return image


def _tags(file: JsonFile, tags: list[msgspec.Raw], extra: Extra, place: str) -> None:
    try:
        read_tags(tags, extra)
    except msgspec.ValidationError as error:
        raise file.error(error, place) from None


def _without_defaults(extra: Extra) -> Extra:
    return {name: text for name, text in extra.items() if bytes(text) not in _NOTHING}


def _image_name(root: Path, path: Path) -> str:
    """Name of the image of a file: what lies in ``ann`` tells of what lies in ``img``."""
    stem = path.name.removesuffix(".json")
    folder = path.parent
    if Path(stem).suffix.lower() not in IMAGE_SUFFIXES:
        pictures = sorted(folder.parent.glob("img/*")) if folder.name == "ann" else []
        stem = next((p.name for p in pictures if p.stem == stem), stem)
    inside = folder.relative_to(root).parts if root.is_dir() else ()
    kept = [part for i, part in enumerate(inside) if not (part == "ann" and i == len(inside) - 1)]
    return "/".join([*kept, stem])
