"""LabelMe: one JSON file an image, beside it or in a folder of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from maskmill.datasets.dataset import Dataset, Extra, Header, Shard
from maskmill.datasets.files import write_atomically
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import JsonFile, Problems
from maskmill.datasets.labelme_shapes import Shape, found_of, shapes_of
from maskmill.datasets.objects import (
    FoundImage,
    Joiner,
    Labels,
    check_size,
    encode_json,
    loaders,
    raw,
)
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.paths import output_name
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import (
    FolderProblems,
    Reader,
    at,
    find_files,
    looks_like,
)
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError

__all__ = ["FORMAT", "LabelMe"]

VERSION: Final = "5.5.0"
LABELS: Final = "labels.txt"
"""List of the classes, which LabelMe takes by ``--labels``; optional."""

_OWN: Final = ("version", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "id")


class _Scan(msgspec.Struct, frozen=True):
    label: str
    id: int | str | None = None


_NOTHING: Final = (b"null", b"{}", b'""')

_SHAPE: Final = Reader[Shape](Shape)
_SCAN: Final = Reader["list[_Scan]"](list[_Scan])
_TEXT: Final = Reader[str](str)
_NUMBER: Final = Reader["float | None"](float | None)
_ID: Final = Reader["int | str"](int | str)


class LabelMe(Format[Options]):
    """LabelMe JSON.

    Shapes of one class and one ``group_id`` are one instance; rectangles and circles are polygons,
    as LabelMe's own converters take them. Lines and points have no pixels: they are instances
    without a shape, and come back as they were.
    """

    name = "labelme"
    summary = "LabelMe JSON, one file an image: polygons, rectangles, circles, masks"
    target = "folder"
    image_suffix = ".json"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "masks", "overlap", "instances", "crowd", "scores", "keypoints",
            "attributes", "fields", "instance_ids", "image_ids", "image_fields", "empty_images",
            "empty_categories",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        return looks_like(path, b'"shapes"', b'"imagePath"')

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        labels = _read_labels(path / LABELS)
        files: list[Path] = []
        numbered = True
        for file in find_files(path):
            try:
                shapes = _scan(file)
            except FormatError as error:
                problems.add(error)
                continue
            files.append(file)
            numbered = numbered and all(shape.id is not None for shape in shapes)
            for shape in shapes:
                labels.add(shape.label)
        if not files and not problems.skipped:
            raise FormatError("must hold JSON files, got none.", str(path))

        def load(file: Path, number: int, problems: Problems) -> FoundImage:
            return _load(path, file, number, labels, options, problems)

        shards = loaders(files, load, path, options, numbered=numbered)
        return Dataset(Header(tuple(labels.categories)), shards, len(files), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[None]]:
        path.mkdir(parents=True, exist_ok=True)
        yield _Writer(path, header, options)
        names = "".join(f"{category.name}\n" for category in header.categories)
        write_atomically(path / LABELS, names.encode())


FORMAT = LabelMe()


def _read_labels(path: Path) -> Labels:
    labels = Labels()
    if path.is_file():
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise FormatError(f"must be UTF-8 text, got {error.reason}.", str(path)) from None
        for line in lines:
            if line.strip():
                labels.add(line.strip())
    return labels


def _scan(path: Path) -> list[_Scan]:
    """Classes and ids of the shapes of a file."""
    file = JsonFile(path)
    top = file.top()
    for name in ("shapes", "imagePath"):
        if name not in top:
            raise FormatError(f"must have the field {name}, as LabelMe files have.", file.name)
    return _SCAN.read(file, top["shapes"], "/shapes")


def _load(
    root: Path,
    path: Path,
    number: int,
    labels: Labels,
    options: ReadOptions,
    problems: Problems,
) -> FoundImage:
    file = JsonFile(path)
    top = file.top()
    for name, value in top.items():
        if name not in ("shapes", "imageData"):
            file.check_finite(value, f"/{name}")
            file.check_text(value, f"/{name}")
    stated = _TEXT.read(file, top["imagePath"], "/imagePath")
    folder = path.parent.relative_to(root).as_posix() if root.is_dir() else "."
    size = _size(file, top, stated, PictureSizes(options, [path.parent]))
    extra = _without_defaults({key: value for key, value in top.items() if key not in _OWN})
    if "/" in stated or "\\" in stated:
        extra["imagePath"] = raw(stated)
    own_id = _ID.read(file, top["id"], "/id") if "id" in top else number + 1
    image = FoundImage(path.name, own_id, _file_name(folder, stated), size, extra, source=file.name)
    joiner = Joiner(image)
    for i, text in enumerate(file.array(top["shapes"], "/shapes")):
        place = f"/shapes/{i}"
        try:
            shape = _SHAPE.read(file, text, place)
            with at(file.name, place, shape.id):
                found = found_of(shape, place, labels, size)
            found.extra |= _without_defaults(_SHAPE.extra(file, text, place))
        except FormatError as error:
            problems.add(error)
            continue
        if shape.group_id is not None:
            found.extra["group_id"] = raw(shape.group_id)
        joiner.add(found, shape.group_id)
    joiner.finish()
    return image


def _without_defaults(extra: Extra) -> Extra:
    """Leave out what LabelMe writes where there is nothing to say."""
    return {
        name: value for name, value in extra.items() if bytes(value) not in (b"null", b"{}", b'""')
    }


def _file_name(folder: str, stated: str) -> str:
    """Name of the image relative to the dataset, without the way out of it."""
    parts = posixpath.normpath(posixpath.join(folder, stated.replace("\\", "/"))).split("/")
    while parts[:1] == [".."]:
        parts = parts[1:]
    return "/".join(parts)


def _size(
    file: JsonFile, top: dict[str, msgspec.Raw], stated: str, pictures: PictureSizes
) -> tuple[int, int]:
    height, width = (
        _NUMBER.read(file, top[name], f"/{name}") if name in top else None
        for name in ("imageHeight", "imageWidth")
    )
    with at(file.name, "/imageHeight"):
        if height is None or width is None:
            height, width = pictures.of(posixpath.basename(stated.replace("\\", "/")))
        return check_size(height, width)


class _Writer(Writer[None]):
    def __init__(self, root: Path, header: Header, options: Options) -> None:
        self._root = root
        self._categories = header.categories
        self._rule = options.rule

    def encode(self, shard: Shard, losses: Losses) -> None:
        found = instances_of(shard, self._categories, self._rule, losses, holes=False)
        images = shard.images
        for g, objects in enumerate(found):
            groups = Groups(objects)
            shapes = [
                shape
                for o in objects
                for shape in shapes_of(o, groups, losses, numbered=shard.instances.numbered)
            ]
            name = output_name(images.file_names[g], ".json")
            height, width = images.sizes[g].tolist()
            record: dict[str, Any] = {
                "version": VERSION,
                "flags": {},
                "shapes": shapes,
                "imagePath": posixpath.basename(images.file_names[g].replace("\\", "/")),
                "imageData": None,
                "imageHeight": height,
                "imageWidth": width,
                "id": images.ids[g],
            }
            path = self._root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, encode_json(record | images.extra[g]) + b"\n")

    def append(self, piece: None) -> None:
        del piece  # every image has its file already
