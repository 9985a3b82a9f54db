"""SA-1B: a JSON file an image, masks as compressed run lengths, no classes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from maskmill.datasets.building import ShardBuilder
from maskmill.datasets.dataset import Category, Dataset, Header
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import JsonFile, Problems, sniff
from maskmill.datasets.objects import check_size
from maskmill.datasets.pictures import list_files
from maskmill.datasets.records import Reader, at
from maskmill.datasets.shapes import shapes_from_coco
from maskmill.datasets.streams import shard_loaders
from maskmill.errors import FormatError, StructureError
from maskmill.ragged import as_sizes

__all__ = ["FORMAT", "Sa1b"]

_WORDS: Final = (b'"annotations"', b'"image"', b'"segmentation"')


class _Image(msgspec.Struct, frozen=True):
    image_id: int | str
    width: float
    height: float
    file_name: str


class _File(msgspec.Struct, frozen=True):
    image: _Image
    annotations: list[msgspec.Raw]


class _Annotation(msgspec.Struct, frozen=True):
    id: int | str
    segmentation: msgspec.Raw
    bbox: tuple[float, float, float, float] | None = None
    area: float | None = None


_FILE: Final = Reader[_File](_File)
_ANNOTATION: Final = Reader[_Annotation](_Annotation)


class Sa1b(Format[Options]):
    """Segment Anything's data set: read only.

    Every instance is of the one category ``object``. What the file says of a mask beyond its area
    and box (``predicted_iou``, ``stability_score``, ``point_coords``, ``crop_box``) is kept as
    further fields.
    """

    name = "sa-1b"
    summary = "SA-1B (Segment Anything): JSON, one file an image"
    carries = frozenset[Carried](
        ("masks", "overlap", "instances", "boxes", "areas", "fields", "instance_ids", "image_ids",
         "empty_images")
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        if path.is_dir():
            path = next((p for p in sorted(path.glob("*.json"))), path)
        text = sniff(path)
        return all(word in text for word in _WORDS) and b'"images"' not in text

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        files = [path] if path.is_file() else [path / n for n in list_files(path, [".json"])]
        files = [file for file in files if file.name != "report.json"]
        if not files:
            raise FormatError("must hold JSON files, got none.", str(path))
        header = Header((Category(1, "object"),))
        return Dataset(header, shard_loaders(files, _read, options, numbered=True), len(files))


FORMAT = Sa1b()


def _read(path: Path, builder: ShardBuilder, problems: Problems) -> None:
    try:
        file = JsonFile(path)
    except OSError as error:
        raise FormatError(
            f"must be a file that can be read, got: {error.strerror}.", str(path)
        ) from None
    content = _FILE.read(file, file.record(), "")
    image = content.image
    with at(file.name, "/image", image.image_id):
        size = check_size(image.height, image.width)
    builder.add_image(image.image_id, image.file_name, size, file.name)
    sizes = as_sizes("read", size, 1)
    for i, raw in enumerate(content.annotations):
        place = f"/annotations/{i}"
        try:
            one = _ANNOTATION.read(file, raw, place)
            try:
                shapes = shapes_from_coco([memoryview(one.segmentation)], sizes)
            except StructureError as error:
                got = f"must {error.requirement}, got {error.got}."
                raise FormatError(got, file.name, f"{place}/segmentation", one.id) from None
            if not len(shapes.runs):
                got = "must be run lengths, got something else."
                raise FormatError(got, file.name, f"{place}/segmentation", one.id)
            extra = _ANNOTATION.extra(file, raw, place)
        except FormatError as error:
            problems.add(error)
            continue
        builder.add_instance(
            0,
            shapes.runs,
            number=one.id,
            area=one.area,
            box=None if one.bbox is None else list(one.bbox),
            extra=extra,
        )
