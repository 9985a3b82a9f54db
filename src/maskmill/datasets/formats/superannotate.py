"""SuperAnnotate: one JSON file an image, vector or pixel projects. Read only."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from PIL import Image

from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.ellipses import ellipse
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import JsonFile, Problems
from maskmill.datasets.objects import (
    Found,
    FoundImage,
    Joiner,
    Labels,
    check_box,
    check_size,
    hex_colour,
    loaders,
    raw,
)
from maskmill.datasets.palette import ids_from_rgb
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.png_frame import inflate, read_frame
from maskmill.datasets.records import FolderProblems, Reader, at, find_files, looks_like
from maskmill.errors import FormatError
from maskmill.masks import MAX_PIXELS
from maskmill.ops.encode import encode

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "SuperAnnotate"]

CLASSES: Final = "classes/classes.json"
_SUFFIXES: Final = ("___objects.json", "___pixel.json", ".json")


class _Class(msgspec.Struct, frozen=True):
    name: str
    id: int | None = None
    color: str | None = None


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    width: float | None = None
    height: float | None = None


class _File(msgspec.Struct, frozen=True):
    metadata: _Metadata
    instances: list[msgspec.Raw]


class _Part(msgspec.Struct, frozen=True):
    color: str


class _Instance(msgspec.Struct, frozen=True):
    className: str  # noqa: N815  # as the file has it
    type: str | None = None
    groupId: int = 0  # noqa: N815
    points: msgspec.Raw = msgspec.Raw(b"null")
    exclude: list[list[float]] = []
    parts: list[_Part] | None = None
    cx: float | None = None
    cy: float | None = None
    rx: float | None = None
    ry: float | None = None
    angle: float = 0.0


class _Scan(msgspec.Struct, frozen=True):
    className: str  # noqa: N815


class _Box(msgspec.Struct, frozen=True):
    x1: float
    y1: float
    x2: float
    y2: float


class _Turned(msgspec.Struct, frozen=True):
    x1: float
    y1: float
    x2: float
    y2: float
    x3: float
    y3: float
    x4: float
    y4: float


_CLASSES: Final = Reader["list[_Class]"](list[_Class])
_FILE: Final = Reader[_File](_File)
_SCAN: Final = Reader[_Scan](_Scan)
_INSTANCE: Final = Reader[_Instance](_Instance)
_FLAT: Final = Reader["list[float]"](list[float])
_BOX: Final = Reader[_Box](_Box)
_TURNED: Final = Reader[_Turned](_Turned)


class SuperAnnotate(Format[Options]):
    """SuperAnnotate vector projects, and pixel projects with their pictures of colours."""

    name = "superannotate"
    summary = "SuperAnnotate JSON, one file an image: polygons, ellipses, boxes, pixels"
    carries = frozenset[Carried](
        (
            "polygons", "holes", "parts", "masks", "overlap", "instances", "fields",
            "empty_images", "empty_categories",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        if path.is_dir():
            files = sorted(path.glob("*___*.json")) or sorted(path.glob("*.json"))
            return bool(files) and looks_like(files[0], *_WORDS)
        return looks_like(path, *_WORDS)

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        root = path if path.is_dir() else path.parent
        labels = _read_classes(root / CLASSES)
        files = []
        for name in find_files(path):
            if name == root / CLASSES or name.name == "config.json":
                continue
            try:
                file, content = _read(name)
                for i, text in enumerate(content.instances):
                    labels.add(_SCAN.read(file, text, f"/instances/{i}").className)
            except FormatError as error:
                problems.add(error)
                continue
            files.append(name)

        def load(name: Path, number: int, problems: Problems) -> FoundImage:
            return _load(name, number, labels, options, problems)

        shards = loaders(files, load, path, options, numbered=False)
        return Dataset(Header(tuple(labels.categories)), shards, len(files), problems.skipped)


FORMAT = SuperAnnotate()

_WORDS: Final = (b'"metadata"', b'"instances"', b'"className"')


def _read_classes(path: Path) -> Labels:
    labels = Labels()
    if path.is_file():
        file = JsonFile(path)
        file.elements()
        for given in _CLASSES.read(file, file.record(), ""):
            colour = hex_colour(given.color or "")
            extra = {} if colour is None else {"color": raw(colour)}
            number = len(labels.categories) + 1
            if given.name not in labels.rows:
                labels.append(Category(number, given.name, colour=colour, extra=extra))
    return labels


def _read(path: Path) -> tuple[JsonFile, _File]:
    file = JsonFile(path)
    file.top()
    return file, _FILE.read(file, file.record(), "")


def _load(
    path: Path, number: int, labels: Labels, options: ReadOptions, problems: Problems
) -> FoundImage:
    file, content = _read(path)
    stem = next(path.name.removesuffix(s) for s in _SUFFIXES if path.name.endswith(s))
    name = content.metadata.name or stem
    height, width = content.metadata.height, content.metadata.width
    colours: Array | None = None
    if path.name.endswith("___pixel.json"):
        with at(file.name, "/instances"):
            colours = _read_colours(path.with_name(f"{stem}___save.png"))
        height, width = colours.shape
    with at(file.name, "/metadata"):
        if height is None or width is None:
            height, width = PictureSizes(options, [path.parent]).of(name)
        size = check_size(height, width)
    image = FoundImage("", number + 1, name, size, source=file.name)
    joiner = Joiner(image)
    for i, text in enumerate(content.instances):
        place = f"/instances/{i}"
        try:
            record = _INSTANCE.read(file, text, place)
            with at(file.name, place):
                found = Found(place, None, labels.row(record.className))
                found.extra = _INSTANCE.extra(file, text, place)
                _read_shape(found, record, file, place, colours)
        except FormatError as error:
            problems.add(error)
            continue
        if record.groupId:
            found.extra["groupId"] = raw(record.groupId)
        joiner.add(found, record.groupId or None)
    joiner.finish()
    return image


def _read_colours(path: Path) -> Array:
    """Colours of a pixel project as numbers."""
    if not path.is_file():
        raise FormatError(f"must have its picture of colours, got none at {path.name}.")
    content = path.read_bytes()
    frame = read_frame("picture", content)
    if frame.width * frame.height > MAX_PIXELS:
        raise FormatError(f"must have fewer than 2**32 pixels, got {frame.width}x{frame.height}.")
    inflate("picture", frame)
    try:
        with Image.open(BytesIO(content)) as picture:
            return ids_from_rgb(np.array(picture.convert("RGB")))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FormatError(f"must be a picture that can be read, got: {error}.") from None


def _read_shape(
    found: Found, record: _Instance, file: JsonFile, place: str, colours: Array | None
) -> None:
    inside = f"{place}/points"
    if record.parts is not None:
        if colours is None:
            raise FormatError("must have points, got the colours of a pixel project.")
        numbers = []
        for part in record.parts:
            colour = hex_colour(part.color)
            if colour is None:
                raise FormatError(f"must have colours such as #00FF00, got {part.color!r}.")
            numbers.append(colour[0] | colour[1] << 8 | colour[2] << 16)
        found.mask = encode(np.isin(colours, numbers))
    elif record.type == "polygon":
        outline = _FLAT.read(file, record.points, inside)
        found.parts = [[outline, *record.exclude]]
    elif record.type == "bbox":
        box = _BOX.read(file, record.points, inside)
        found.box = check_box(
            [min(box.x1, box.x2), min(box.y1, box.y2), abs(box.x2 - box.x1), abs(box.y2 - box.y1)]
        )
    elif record.type == "rbbox":
        t = _TURNED.read(file, record.points, inside)
        found.parts = [[[(t.x1, t.y1), (t.x2, t.y2), (t.x3, t.y3), (t.x4, t.y4)]]]
    elif record.type == "ellipse":
        axes = [record.cx, record.cy, record.rx, record.ry]
        known = [a for a in axes if a is not None]
        if len(known) != 4:
            raise FormatError(f"must have cx, cy, rx and ry, got {axes}.")
        axes_of: tuple[Any, ...] = (*known, record.angle)
        found.parts = [[ellipse(*axes_of)]]
        found.extra |= {"shape_type": raw("ellipse"), "ellipse": raw(axes_of)}
    elif record.type == "polyline":
        flat = _FLAT.read(file, record.points, inside)
        if len(flat) % 2:
            raise FormatError(f"must have points in pairs, got {len(flat)} numbers.")
        points = list(zip(flat[0::2], flat[1::2], strict=True))
        found.extra |= {"shape_type": raw("polyline"), "points": raw(points)}
    else:  # points, templates, cuboids and tags have no pixels
        found.extra |= {"shape_type": raw(record.type or ""), "superannotate": record.points}
