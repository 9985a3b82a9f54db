"""Pascal VOC datasets as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.dataset import Category, Dataset, Extra, Header, set_extra
from maskmill.datasets.jsonfile import Problems
from maskmill.datasets.objects import check_size
from maskmill.datasets.palette import voc_palette
from maskmill.datasets.pictures import list_files
from maskmill.datasets.streams import Labelled, read_bytes, read_labels, read_picture, shard_loaders
from maskmill.datasets.xmlfile import Element, elements
from maskmill.errors import FormatError

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.datasets.format import ReadOptions
    from maskmill.masks import Masks

__all__ = ["CLASSES", "LABELS", "OBJECTS", "XML", "read_voc"]

XML: Final = "Annotations"
CLASSES: Final = "SegmentationClass"
OBJECTS: Final = "SegmentationObject"
LABELS: Final = "labelmap.txt"
NAMES: Final = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike "
    "person pottedplant sheep sofa train tvmonitor"
)
_BACKGROUND: Final = (0, 255)


@dataclass(slots=True)
class _Object:
    """An object of an XML file."""

    line: int
    name: str
    box: list[float] | None
    extra: Extra


@dataclass(slots=True)
class _Page:
    """What an XML file says of its image."""

    file_name: str | None
    size: tuple[int, int] | None
    objects: list[_Object]


class _Item(NamedTuple):
    number: int
    stem: str


def read_voc(path: Path, options: ReadOptions) -> Dataset:
    """Read a dataset: images that have an XML file, a map, or both."""
    stems = {
        name.rpartition(".")[0]
        for folder, end in ((XML, ".xml"), (CLASSES, ".png"), (OBJECTS, ".png"))
        for name in list_files(path / folder, [end])
    }
    if not stems:
        raise FormatError(f"must hold files in {XML}, {CLASSES} or {OBJECTS}, got none.", str(path))
    items = [_Item(number, stem) for number, stem in enumerate(sorted(stems), 1)]
    names = _class_names(path / LABELS)
    found: set[str] = set()
    for item in items:
        try:
            page = _read_page(path / XML / f"{item.stem}.xml", Problems("skip"))
        except FormatError:
            continue  # which comes to light again when the image is read
        found.update(one.name for one in page.objects)
    names += sorted(found.difference(names))
    rows = {name: row for row, name in enumerate(names)}
    colours = voc_palette(len(names) + 1)[1:].tolist()
    categories = tuple(
        Category(row, name, colour=(colour[0], colour[1], colour[2]))
        for row, (name, colour) in enumerate(zip(names, colours, strict=True), 1)
    )

    def read_image(item: _Item, builder: ShardBuilder, problems: Problems) -> None:
        _read_image(path, item, rows, builder, problems)

    return Dataset(Header(categories), shard_loaders(items, read_image, options), len(items))


def _class_names(path: Path) -> list[str]:
    """Names of the classes from 1 on, in the order of their numbers."""
    if not path.is_file():
        return NAMES.split()
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"must be UTF-8 text, got {error.reason}.", str(path)) from None
    names = [line.split(":")[0].strip() for line in lines if line.strip() and line[0] != "#"]
    if len(set(names)) < len(names):
        raise FormatError("must have names that are unique, got one twice.", str(path))
    return names[1:] if names[:1] == ["background"] else names


def _read_page(path: Path, problems: Problems) -> _Page:
    page = _Page(None, None, [])
    if not path.is_file():
        return page
    for element in elements(path, "annotation"):
        if element.name == "filename":
            page.file_name = element.text.strip() or None
        elif element.name == "size":
            page.size = _size(element, str(path))
        elif element.name == "object":
            try:
                page.objects.append(_object(element))
            except FormatError as error:
                problems.add(
                    FormatError(error.problem, str(path), f"line {element.line}", page.file_name)
                )
    return page


def _size(element: Element, file: str) -> tuple[int, int] | None:
    try:
        height, width = (_value(element, name) for name in ("height", "width"))
        return None if height is None or width is None else check_size(height, width)
    except FormatError as error:
        raise FormatError(error.problem, file, f"line {element.line}") from None


def _value(element: Element, name: str) -> float | None:
    child = element.child(name)
    if child is None:
        return None
    try:
        value = float(child.text)
    except ValueError:
        value = np.nan
    if not abs(value) < 2**31:
        raise FormatError(f"{name} must be a number of pixels, got {child.text.strip()[:40]!r}.")
    return value


def _object(element: Element) -> _Object:
    name = element.child("name")
    if name is None or not name.text.strip():
        raise FormatError("must have a name, got none.")
    box = None
    frame = element.child("bndbox")
    if frame is not None:
        edges = [_value(frame, edge) for edge in ("xmin", "ymin", "xmax", "ymax")]
        left, top, right, bottom = edges
        if left is None or top is None or right is None or bottom is None:
            raise FormatError("bndbox must have xmin, ymin, xmax and ymax.")
        if right < left - 1 or bottom < top - 1:
            raise FormatError(f"bndbox must not end before it begins, got {edges}.")
        box = [left - 1, top - 1, right - left + 1, bottom - top + 1]
    attributes: dict[str, object] = {}
    pose = element.child("pose")
    if pose is not None and pose.text.strip():
        attributes["pose"] = pose.text.strip()
    for flag in ("truncated", "difficult", "occluded"):
        child = element.child(flag)
        if child is not None and child.text.strip() in ("0", "1"):
            attributes[flag] = child.text.strip() == "1"
    extra: Extra = {}
    if attributes:
        set_extra(extra, "attributes", attributes)
    return _Object(element.line, name.text.strip(), box, extra)


def _read_image(
    path: Path, item: _Item, rows: dict[str, int], builder: ShardBuilder, problems: Problems
) -> None:
    xml = path / XML / f"{item.stem}.xml"
    page = _read_page(xml, problems)
    name = page.file_name or f"{item.stem}.jpg"
    folder = item.stem.rpartition("/")[0]
    if folder and "/" not in name:
        name = f"{folder}/{name}"
    classes = _picture(path / CLASSES / f"{item.stem}.png", name)
    objects = _picture(path / OBJECTS / f"{item.stem}.png", name)
    maps = [picture for picture in (classes, objects) if picture is not None]
    sizes = {(picture.shape[0], picture.shape[1]) for picture in maps}
    if page.size is not None:
        sizes.add(page.size)
    if len(sizes) != 1:
        got = " and ".join(f"{h}x{w}" for h, w in sorted(sizes)) or "none"
        raise FormatError(
            f"must state one size in all files of an image, got {got}.", str(xml), None, name
        )
    size = sizes.pop()
    builder.add_image(item.number, name, size, str(xml))
    if objects is None:
        _add_boxes(page, rows, builder)
        if classes is not None and not page.objects:
            found = read_labels(classes, _BACKGROUND)
            for k, value in enumerate(found.labels):
                _add(value - 1, found.masks[k], None, rows, path, item, builder, problems)
        return
    found = read_labels(objects, _BACKGROUND if objects.dtype == np.uint8 else (0, 2**16 - 1))
    owner = _owners(found, page)
    for value, one in owner.items():
        mask = found.mask(value) if value in found.labels else None
        row = _class_of(value, objects, classes) if one is None else rows[one.name]
        _add(row, mask, one, rows, path, item, builder, problems)


def _add_boxes(page: _Page, rows: dict[str, int], builder: ShardBuilder) -> None:
    for one in page.objects:
        builder.add_instance(rows[one.name], box=one.box, extra=one.extra)


def _add(
    row: int | None,
    mask: Masks | None,
    one: _Object | None,
    rows: dict[str, int],
    path: Path,
    item: _Item,
    builder: ShardBuilder,
    problems: Problems,
) -> None:
    if row is None or not 0 <= row < len(rows):
        file = str(path / CLASSES / f"{item.stem}.png")
        got = "no class" if row is None else f"the number {row + 1}"
        problems.add(
            FormatError(f"must hold numbers of classes, got {got}.", file, None, item.stem)
        )
        return
    builder.add_instance(
        row,
        mask,
        box=None if one is None else one.box,
        extra=None if one is None else one.extra,
    )


def _owners(found: Labelled, page: _Page) -> dict[int, _Object | None]:
    """Object of each number, in the order of the numbers; those without pixels have one as well.

    The n-th object has the number n. Where the class in the pixels is another, or the numbers go
    beyond the objects, the file does not keep to that: pixels and boxes are then instances apart.
    """
    numbered = dict(enumerate(page.objects, 1))
    owners: dict[int, _Object | None] = {}
    agree = all(value in numbered for value in found.labels) or not page.objects
    for value in sorted({*found.labels, *numbered}):
        one = numbered.get(value)
        owners[value] = one if agree else None
    if agree:
        return owners
    apart: dict[int, _Object | None] = dict.fromkeys(found.labels)
    largest = max([*found.labels, *numbered])
    return apart | {largest + number: one for number, one in numbered.items()}


def _class_of(value: int, objects: Array, classes: Array | None) -> int | None:
    """Row of the class that most pixels of an object have."""
    if classes is None:
        return None
    counts = np.bincount(classes[objects == value].reshape(-1).astype(np.int64), minlength=1)
    counts[[v for v in _BACKGROUND if v < len(counts)]] = 0
    return int(np.argmax(counts)) - 1 if counts.any() else None


def _picture(path: Path, record: str) -> Array | None:
    return read_picture(path, record) if path.is_file() else None
