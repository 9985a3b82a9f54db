"""The records that all COCO-like files share: images and categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from maskmill.datasets.dataset import Category, Extra
from maskmill.datasets.jsonfile import FAULTS, Id, JsonFile, Problems, RawId, Records
from maskmill.errors import FormatError
from maskmill.masks import MAX_PIXELS

__all__ = [
    "TWICE",
    "Image",
    "ImageRecord",
    "Sections",
    "read_categories",
    "read_images",
    "read_sections",
    "unknown",
]


TWICE: Final = "must be unique, got it twice. Renumber one."


class Image(msgspec.Struct, frozen=True):
    """What an image must have."""

    id: RawId
    height: int | float
    width: int | float
    file_name: str | None = None


class _Category(msgspec.Struct, frozen=True):
    id: RawId
    name: str
    supercategory: str | None = None
    isthing: int | bool | None = None


class Sections(NamedTuple):
    """What a file holds, cut into records."""

    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]
    categories: list[msgspec.Raw]
    extra: Extra


def read_sections(file: JsonFile) -> Sections:
    """Cut a file into the records of its three sections, and what else it holds."""
    extra = file.top()
    names = ", ".join(extra) or "none"
    sections: list[list[msgspec.Raw]] = []
    for name in ("images", "annotations", "categories"):
        if name not in extra:
            raise FormatError(
                f"must have the field {name}, got {names}. COCO instances "
                "hold images, annotations and categories.",
                file.name,
            )
        sections.append(file.array(extra.pop(name), f"/{name}"))
    for name, raw in extra.items():
        file.check_finite(raw, f"/{name}")
        file.check_text(raw, f"/{name}")
    images, annotations, categories = sections
    return Sections(images, annotations, categories, extra)


def read_categories(
    file: JsonFile, raws: list[msgspec.Raw], problems: Problems
) -> dict[Id, Category]:
    """Read the categories, in the order of the file, by id."""
    records = Records(file, _Category, "categories")
    categories: dict[Id, Category] = {}
    for i, raw in enumerate(raws):
        try:
            record = records.read(raw, i)
            number = records.id(record.id, i)
            if number in categories:
                raise records.error(i, "id", TWICE, number)
            if record.isthing not in (None, 0, 1):
                got = f"must be 0 or 1, got {record.isthing}."
                raise records.error(i, "isthing", got, number)
            extra = records.extra(raw, i)
        except FormatError as error:
            problems.add(error)
            continue
        thing = None if record.isthing is None else bool(record.isthing)
        categories[number] = Category(
            number, record.name, record.supercategory, thing, _colour(extra), extra
        )
    return categories


def _colour(extra: Extra) -> tuple[int, int, int] | None:
    """Colour of a category; one written otherwise is no fault, it stays a further field."""
    try:
        red, green, blue = msgspec.json.decode(extra["color"], type=tuple[int, int, int])
    except (KeyError, *FAULTS):
        return None
    return (red, green, blue) if all(0 <= c <= 255 for c in (red, green, blue)) else None


class ImageRecord(NamedTuple):
    """An image, read but for its further fields."""

    i: int
    id: Id
    file_name: str
    size: tuple[int, int]


def read_images(
    records: Records[Image], raws: list[msgspec.Raw], problems: Problems
) -> tuple[list[ImageRecord], dict[Id, int]]:
    """Read the images, in the order of the file, and the row of each by its id."""
    images: list[ImageRecord] = []
    rows: dict[Id, int] = {}
    for i, raw in enumerate(raws):
        try:
            record = records.read(raw, i)
            number = records.id(record.id, i)
            if number in rows:
                raise records.error(i, "id", TWICE, number)
            size = _size(records, record, i, number)
            extra = records.extra(raw, i)  # a fault in them comes to light now, not with the shard
            name = record.file_name
            if name is None:
                name = _name_from_url(extra)
            if name is None:
                raise records.error(i, "file_name", "must be text, got none.", number)
        except FormatError as error:
            problems.add(error)
            continue
        rows[number] = len(images)
        images.append(ImageRecord(i, number, name, size))
    return images, rows


def _name_from_url(extra: Extra) -> str | None:
    """File name of an image of LVIS, which gives only the place of the COCO image."""
    try:
        url = msgspec.json.decode(extra["coco_url"], type=str)
    except (KeyError, *FAULTS):
        return None
    return "/".join(url.rsplit("/", 2)[1:]) or None


def _size(records: Records[Image], record: Image, i: int, number: Id) -> tuple[int, int]:
    for field, value in (("height", record.height), ("width", record.width)):
        if not (1 <= value < 2**31 and value == int(value)):
            got = f"must be a whole number of pixels from 1 to 2**31 - 1, got {value}."
            raise records.error(i, field, got, number)
    height, width = int(record.height), int(record.width)
    if height * width > MAX_PIXELS:
        got = f"must give fewer than 2**32 pixels, got {height}x{width}."
        raise records.error(i, "height", got, number)
    return height, width


def unknown(what: str, number: Id, known: Mapping[Id, int]) -> str:
    """Word that an id is not known, and what it may have meant."""
    problem = f"must be the id of {what}, got {number!r}."
    twin: Id | None = str(number) if isinstance(number, int) else None
    if isinstance(number, str) and number.isdecimal() and len(number) < 20:
        twin = int(number)
    if twin is not None and twin in known:
        problem += f" There is {twin!r}: write both as numbers or both as text."
    return problem
