"""VIA, the VGG Image Annotator: JSON of annotations or of a project, or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from maskmill.datasets.dataset import Dataset, Header, get_extra
from maskmill.datasets.files import atomic_path
from maskmill.datasets.format import Carried, Format, Options, ReadOptions, Writer
from maskmill.datasets.jsonfile import Id, JsonFile, Problems, sniff_json
from maskmill.datasets.objects import (
    FoundImage,
    Joiner,
    Labels,
    check_size,
    loaders,
    raw,
)
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import FolderProblems, Reader, at
from maskmill.datasets.via_file import CsvWriter, JsonWriter, from_csv
from maskmill.datasets.via_regions import (
    Region,
    class_attribute,
    class_of,
    found_of,
)
from maskmill.errors import FormatError

__all__ = ["FORMAT", "Via"]

PROJECT: Final = "_via_img_metadata"


class _Image(msgspec.Struct, frozen=True):
    filename: str
    size: float | None = None
    regions: list[msgspec.Raw] | dict[str, msgspec.Raw] = []
    file_attributes: dict[str, msgspec.Raw] = {}


class _ScanRegion(msgspec.Struct, frozen=True):
    region_attributes: dict[str, msgspec.Raw] = {}


_IMAGE: Final = Reader[_Image](_Image)
_REGION: Final = Reader[Region](Region)
_SCAN: Final = Reader[_ScanRegion](_ScanRegion)
_FIELDS: Final = Reader["dict[str, msgspec.Raw]"](dict[str, msgspec.Raw])


class Via(Format[Options]):
    """VIA 1 and 2. The region attribute named label, class, name, ... tells the class."""

    name = "via"
    summary = "VIA (VGG Image Annotator) JSON or CSV: polygons, circles, ellipses, boxes"
    carries = frozenset[Carried](
        (
            "polygons", "parts", "overlap", "instances", "crowd", "scores", "keypoints",
            "attributes", "fields", "instance_ids", "image_ids", "image_fields", "empty_images",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        text = sniff_json(path)
        if text.lstrip(b'#" ').startswith(b"filename") and b"region_shape_attributes" in text:
            return True
        words = (b'"filename"', b'"regions"', b'"shape_attributes"')
        return text[:1] == b"{" and all(word in text for word in words)

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        file, items = _items(path, problems)
        labels, key, numbered = _scan(file, items, problems)
        pictures = PictureSizes(options, [path.parent, path.parent / "images"])

        def load(item: _Item, number: int, problems: Problems) -> FoundImage:
            return _load(file, item, number, labels, key, pictures, problems)

        shards = loaders(items, load, path, options, numbered=numbered)
        extra = {} if key is None else {"via_class": raw(key)}
        header = Header(tuple(labels.categories), extra)
        return Dataset(header, shards, len(items), problems.skipped)

    @contextmanager
    def write(self, path: Path, header: Header, options: Options) -> Iterator[Writer[Any]]:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            if path.suffix.lower() == ".csv":
                yield CsvWriter(file, header, options)
            else:
                file.write(b"{")
                yield JsonWriter(file, header, options)
                file.write(b"\n}\n")


FORMAT = Via()


class _Item(NamedTuple):
    place: str
    image: _Image
    text: msgspec.Raw
    regions: list[tuple[str, msgspec.Raw]]


def _items(path: Path, problems: Problems) -> tuple[JsonFile, list[_Item]]:
    """Cut a file into its images."""
    file = JsonFile(path)
    head = bytes(file.data[:64]).lstrip()
    if not head.startswith((b"{", b"[")) and b"file" in head:
        file.data = from_csv(path, bytes(file.data))
    top, prefix = file.top(), ""
    if PROJECT in top:
        top, prefix = _FIELDS.read(file, top[PROJECT], f"/{PROJECT}"), f"/{PROJECT}"
    items = []
    for name, text in top.items():
        place = f"{prefix}/{name}"
        try:
            image = _IMAGE.read(file, text, place)
        except FormatError as error:
            problems.add(error)
            continue
        given = image.regions
        numbered = given.items() if isinstance(given, dict) else enumerate(given)
        regions = [(f"{place}/regions/{i}", region) for i, region in numbered]
        items.append(_Item(place, image, text, regions))
    return file, items


def _scan(
    file: JsonFile, items: list[_Item], problems: Problems
) -> tuple[Labels, str | None, bool]:
    """Find the classes, the attribute that names them, and whether regions have ids."""
    given = []
    for item in items:
        for place, text in list(item.regions):
            try:
                given.append(_SCAN.read(file, text, place).region_attributes)
            except FormatError as error:
                problems.add(error)
                item.regions.remove((place, text))
    key = class_attribute(name for own in given for name in own if not name.startswith("maskmill_"))
    labels = Labels()
    for own in given:
        labels.add(class_of(own, key))
    return labels, key, bool(given) and all("maskmill_id" in own for own in given)


def _load(
    file: JsonFile,
    item: _Item,
    number: int,
    labels: Labels,
    key: str | None,
    pictures: PictureSizes,
    problems: Problems,
) -> FoundImage:
    given = item.image
    extra = _IMAGE.extra(file, item.text, item.place)
    extra = {name: text for name, text in extra.items() if bytes(text) not in (b'""', b"null")}
    own = dict(given.file_attributes)
    sides = [get_extra(own, name, float) for name in ("height", "width")]
    with at(file.name, item.place):
        height, width = sides
        size = (
            pictures.of(given.filename)
            if height is None or width is None
            else (check_size(height, width))
        )
        for name in ("height", "width"):
            own.pop(name, None)
        own_id: Id = get_extra(own, "maskmill_id", int) or number + 1
        text_id = get_extra(own, "maskmill_id", str)
        own.pop("maskmill_id", None)
        further = get_extra(own, "maskmill_further", dict[str, msgspec.Raw]) or {}
        own.pop("maskmill_further", None)
    if own:
        extra["attributes"] = raw(own)
    if given.size is not None and given.size >= 0:
        extra["file_size"] = raw(int(given.size))
    image = FoundImage(item.place, text_id or own_id, given.filename, size, extra | further)
    joiner = Joiner(image)
    for place, text in item.regions:
        try:
            region = _REGION.read(file, text, place)
            with at(file.name, place):
                row = labels.row(class_of(region.region_attributes, key))
                try:
                    found = found_of(region, place, row, key)
                except msgspec.ValidationError as error:
                    raise file.error(error, place) from None
        except FormatError as error:
            problems.add(error)
            continue
        joiner.add(found, get_extra(found.extra, "group_id", int))
    joiner.finish()
    return image
