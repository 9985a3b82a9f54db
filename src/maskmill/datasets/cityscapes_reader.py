"""Cityscapes annotations as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from maskmill.datasets.building import ShardBuilder, as_ring
from maskmill.datasets.cityscapes_table import TABLE
from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.jsonfile import Id, JsonFile, Problems
from maskmill.datasets.objects import check_size
from maskmill.datasets.pictures import list_files
from maskmill.datasets.records import Reader, at
from maskmill.datasets.streams import read_labels, read_picture, shard_loaders
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.datasets.format import ReadOptions

__all__ = ["LEGEND", "POLYGONS", "read_cityscapes"]

POLYGONS: Final = "_gtFine_polygons.json"
INSTANCES: Final = "_gtFine_instanceIds.png"
LEGEND: Final = "labels.json"
_PICTURE: Final = "_leftImg8bit.png"
_GROUP: Final = "group"


class _Object(msgspec.Struct, frozen=True):
    label: str
    polygon: Any = None
    deleted: int | bool = 0
    id: int | str | None = None


class _Image(msgspec.Struct, frozen=True):
    imgHeight: float  # noqa: N815
    imgWidth: float  # noqa: N815
    objects: list[msgspec.Raw]
    imgName: str | None = None  # noqa: N815
    imgId: int | str | None = None  # noqa: N815


class _Named(msgspec.Struct, frozen=True):
    label: str
    id: int | str | None = None
    deleted: int | bool = 0


class _Scan(msgspec.Struct, frozen=True):
    objects: list[_Named]


class _Label(msgspec.Struct, frozen=True):
    id: int
    name: str
    hasInstances: bool = True  # noqa: N815
    color: tuple[int, int, int] | None = None


_IMAGE: Final = Reader[_Image](_Image)
_OBJECT: Final = Reader[_Object](_Object)
_SCAN: Final = Reader[_Scan](_Scan)
_LABELS: Final = Reader["list[_Label]"](list[_Label])


class _Item(NamedTuple):
    number: int
    stem: str
    polygons: bool


class _Classes:
    """Rows of the classes by what objects and pixels call them."""

    def __init__(self, categories: Sequence[Category]) -> None:
        self.categories = list(categories)
        self.rows = {category.name: row for row, category in enumerate(categories)}
        self.by_pixel = {category.id: row for row, category in enumerate(categories)}

    def find(self, label: str) -> tuple[int, bool] | None:
        """Row of a label, and whether it is a crowd region."""
        if label in self.rows:
            return self.rows[label], False
        row = self.rows.get(label.removesuffix(_GROUP))
        return None if row is None or not label.endswith(_GROUP) else (row, True)

    def add(self, labels: set[str]) -> None:
        """Add the labels that are not known, by name."""
        largest = max((c.id for c in self.categories if isinstance(c.id, int)), default=0)
        for label in sorted(labels):
            if self.find(label) is None:
                largest += 1
                self.rows[label] = len(self.categories)
                self.categories.append(Category(largest, label))


def read_cityscapes(path: Path, options: ReadOptions) -> Dataset:
    """Read polygons, or the maps of instances of images that have no polygons."""
    root = path / "gtFine" if (path / "gtFine").is_dir() else path
    names = list_files(root, [POLYGONS.lower(), INSTANCES.lower()])
    stems = {name[: -len(POLYGONS)]: True for name in names if name.endswith(POLYGONS)}
    stems = {n[: -len(INSTANCES)]: False for n in names if n.endswith(INSTANCES)} | stems
    if not stems:
        raise FormatError(
            f"must hold files that end in {POLYGONS} or {INSTANCES}, got none.", str(path)
        )
    items = [_Item(i, stem, stems[stem]) for i, stem in enumerate(sorted(stems), 1)]
    problems = Problems(options.on_error)
    classes = _Classes(_categories(root / LEGEND))
    sound, numbered = _scan(root, items, classes, problems)

    def read_image(item: _Item, builder: ShardBuilder, problems: Problems) -> None:
        if item.polygons:
            _read_polygons(root / f"{item.stem}{POLYGONS}", item, classes, builder, problems)
        else:
            _read_pixels(root / f"{item.stem}{INSTANCES}", item, classes, builder, problems)

    return Dataset(
        Header(tuple(classes.categories)),
        shard_loaders(sound, read_image, options, numbered=numbered),
        len(sound),
        problems.skipped,
    )


def _categories(path: Path) -> list[Category]:
    if not path.is_file():
        return [
            Category(label.id, name, isthing=label.countable, colour=label.colour)
            for name, label in TABLE.items()
        ]
    file = JsonFile(path)
    labels = _LABELS.read(file, file.record(), "")
    if len({label.name for label in labels}) < len(labels):
        raise FormatError("must have names that are unique, got one twice.", file.name)
    return [Category(label.id, label.name, colour=label.color) for label in labels]


def _scan(
    root: Path, items: list[_Item], classes: _Classes, problems: Problems
) -> tuple[list[_Item], bool]:
    """Images without a fault so far, and whether all objects have ids; finds unknown labels."""
    sound: list[_Item] = []
    labels: set[str] = set()
    ids: set[Id] = set()
    numbered = True
    for item in items:
        if item.polygons:
            try:
                file = JsonFile(root / f"{item.stem}{POLYGONS}")
                objects = _SCAN.read(file, file.record(), "").objects
            except FormatError as error:
                problems.add(error)
                continue
            for one in objects:
                if not one.deleted:
                    labels.add(one.label)
                    numbered = numbered and one.id is not None and one.id not in ids
                    if numbered and one.id is not None:
                        ids.add(one.id)
        else:
            numbered = False
        sound.append(item)
    classes.add(labels)
    return sound, numbered


def _read_polygons(
    path: Path, item: _Item, classes: _Classes, builder: ShardBuilder, problems: Problems
) -> None:
    file = JsonFile(path)
    image = _IMAGE.read(file, file.record(), "")
    with at(file.name, "/imgHeight", image.imgId):
        size = check_size(image.imgHeight, image.imgWidth)
    name = image.imgName or f"{item.stem}{_PICTURE}"
    number = item.number if image.imgId is None else image.imgId
    builder.add_image(number, name, size, file.name)
    for i, raw in enumerate(image.objects):
        place = f"/objects/{i}"
        try:
            one = _OBJECT.read(file, raw, place)
            if one.deleted:
                continue
            found = classes.find(one.label)
            with at(file.name, f"{place}/polygon", one.id):
                ring = as_ring(one.polygon)
        except FormatError as error:
            problems.add(error)
            continue
        if found is not None:
            row, crowd = found
            builder.add_instance(row, [[ring]], number=one.id, crowd=crowd)


def _read_pixels(
    path: Path, item: _Item, classes: _Classes, builder: ShardBuilder, problems: Problems
) -> None:
    found = read_labels(read_picture(path, item.stem))
    builder.add_image(item.number, f"{item.stem}{_PICTURE}", found.size, str(path))
    for k, value in enumerate(found.labels):
        number = value // 1000 if value >= 1000 else value
        row = classes.by_pixel.get(number)
        if row is None:
            got = f"must hold ids of classes, got {value}."
            problems.add(FormatError(got, str(path), None, item.stem))
            continue
        thing = bool(classes.categories[row].isthing)
        builder.add_instance(row, found.masks[k], crowd=value < 1000 and thing)
