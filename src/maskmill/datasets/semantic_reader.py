"""Folders of semantic label maps as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.dataset import Category, Dataset, Header, Id
from maskmill.datasets.jsonfile import JsonFile, Problems, RawId, Records
from maskmill.datasets.paths import safe_parts
from maskmill.datasets.pictures import list_files
from maskmill.datasets.streams import read_labels, read_picture, shard_loaders
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.datasets.format import ReadOptions

__all__ = ["INDEX", "LEGEND", "read_semantic"]

LEGEND: Final = "labels.json"
INDEX: Final = "images.json"


class _Label(msgspec.Struct, frozen=True):
    value: int
    id: RawId
    name: str
    color: tuple[int, int, int] | None = None


class _Image(msgspec.Struct, frozen=True):
    id: RawId
    file_name: str
    png: str


class _Item(NamedTuple):
    id: Id
    file_name: str
    png: str
    place: str


def read_semantic(path: Path, options: ReadOptions) -> Dataset:
    """Read a folder of label maps, with or without a legend."""
    problems = Problems(options.on_error)
    items = _items(path, problems)
    if (path / LEGEND).is_file():
        categories, ignore = _legend(path / LEGEND, problems)
    else:
        categories, ignore = _values(path, items, problems)
    rows = {value: row for row, value in enumerate(categories)}

    def read_image(item: _Item, builder: ShardBuilder, problems: Problems) -> None:
        source = path.joinpath(*safe_parts(item.png))
        found = read_labels(read_picture(source, item.id), ignore)
        builder.add_image(item.id, item.file_name, found.size, item.place)
        for k, value in enumerate(found.labels):
            if value in rows:
                builder.add_instance(rows[value], found.masks[k])
                continue
            got = f"must hold values of the legend, got {value}."
            problems.add(FormatError(got, str(source), None, item.id))

    return Dataset(
        Header(tuple(categories.values())),
        shard_loaders(items, read_image, options),
        len(items),
        problems.skipped,
    )


def _items(path: Path, problems: Problems) -> list[_Item]:
    if not (path / INDEX).is_file():
        names = list_files(path, [".png"])
        if not names:
            raise FormatError("must be a folder of PNG label maps, got none in it.", str(path))
        return [_Item(i, name, name, name) for i, name in enumerate(names, 1)]
    file = JsonFile(path / INDEX)
    records = Records(file, _Image, "")
    items = []
    for i, raw in enumerate(file.whole_array()):
        try:
            image = records.read(raw, i)
            safe_parts(image.png)
            items.append(_Item(records.id(image.id, i), image.file_name, image.png, f"/{i}"))
        except FormatError as error:
            problems.add(FormatError(error.problem, file.name, f"/{i}", error.record))
    return items


def _legend(path: Path, problems: Problems) -> tuple[dict[int, Category], tuple[int, ...]]:
    """Categories by value, and the values of none."""
    file = JsonFile(path)
    top = file.top()
    labels = Records(file, _Label, "categories")
    categories: dict[int, Category] = {}
    for i, raw in enumerate(file.array(top.get("categories", msgspec.Raw(b"0")), "/categories")):
        try:
            label = labels.read(raw, i)
            if label.value in categories:
                got = f"must be a value of its own, got {label.value} twice."
                raise labels.error(i, "value", got, None)
            colour = label.color
            if colour is not None and not all(0 <= c <= 255 for c in colour):
                raise labels.error(i, "color", f"must be three bytes, got {colour}.", None)
            categories[label.value] = Category(labels.id(label.id, i), label.name, colour=colour)
        except FormatError as error:
            problems.add(error)
    ignore = [file.integer(top[name], f"/{name}") for name in ("background", "void") if name in top]
    return categories, tuple(value for value in ignore if value not in categories)


def _values(
    path: Path, items: list[_Item], problems: Problems
) -> tuple[dict[int, Category], tuple[int, ...]]:
    """Categories of the values that occur, found by looking at every picture."""
    used: set[int] = set()
    deep = False
    for item in items:
        try:
            picture = read_picture(path.joinpath(*safe_parts(item.png)))
        except FormatError as error:
            problems.add(error)
            continue
        deep = deep or picture.dtype != np.uint8
        used.update(np.flatnonzero(np.bincount(picture.reshape(-1))).tolist())
    ignore = (0,) if deep else (0, 255)
    return {v: Category(v, str(v)) for v in sorted(used.difference(ignore))}, ignore
