"""V7 Darwin: one JSON file an image. Read only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from maskmill.datasets.crops import transpose_masks
from maskmill.datasets.dataset import Dataset, Header
from maskmill.datasets.ellipses import ellipse
from maskmill.datasets.format import Carried, Format, Options, ReadOptions
from maskmill.datasets.jsonfile import JsonFile, Problems
from maskmill.datasets.objects import Found, FoundImage, Labels, check_box, check_size, loaders, raw
from maskmill.datasets.pictures import PictureSizes
from maskmill.datasets.records import FolderProblems, Reader, at, find_files, looks_like
from maskmill.errors import FormatError, InvalidMaskError
from maskmill.masks import Masks
from maskmill.ops.strings import from_counts

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["FORMAT", "Darwin"]


class _Point(msgspec.Struct, frozen=True):
    x: float
    y: float


class _Box(msgspec.Struct, frozen=True):
    x: float
    y: float
    w: float
    h: float


class _Polygon(msgspec.Struct, frozen=True):
    paths: list[list[_Point]] | None = None
    path: list[_Point] | None = None
    additional_paths: list[list[_Point]] = []


class _Ellipse(msgspec.Struct, frozen=True):
    center: _Point
    radius: _Point
    angle: float = 0.0


class _Path(msgspec.Struct, frozen=True):
    path: list[_Point] = []
    paths: list[list[_Point]] = []


class _Layer(msgspec.Struct, frozen=True):
    dense_rle: list[int]
    mask_annotation_ids_mapping: dict[str, int]


class _Annotation(msgspec.Struct, frozen=True):
    name: str
    id: str | None = None
    bounding_box: _Box | None = None
    polygon: _Polygon | None = None
    complex_polygon: _Polygon | None = None
    ellipse: _Ellipse | None = None
    line: _Path | None = None
    keypoint: _Point | None = None
    mask: dict[str, msgspec.Raw] | None = None
    raster_layer: _Layer | None = None


class _Scan(msgspec.Struct, frozen=True):
    name: str
    id: str | None = None
    raster_layer: msgspec.Raw = msgspec.Raw(b"null")


class _Slot(msgspec.Struct, frozen=True):
    width: float | None = None
    height: float | None = None


class _Item(msgspec.Struct, frozen=True):
    name: str
    path: str = "/"
    slots: list[_Slot] = []


class _Old(msgspec.Struct, frozen=True):
    filename: str
    path: str = "/"
    width: float | None = None
    height: float | None = None


class _File(msgspec.Struct, frozen=True):
    annotations: list[msgspec.Raw]
    item: _Item | None = None
    image: _Old | None = None


_FILE: Final = Reader[_File](_File)
_SCAN: Final = Reader[_Scan](_Scan)
_ANNOTATION: Final = Reader[_Annotation](_Annotation)


class Darwin(Format[Options]):
    """Darwin JSON 2.0 and 1.0. A path that lies inside another one is a hole of it."""

    name = "darwin"
    summary = "V7 Darwin JSON, one file an image: polygons with holes, raster layers"
    carries = frozenset[Carried](
        (
            "polygons", "holes", "parts", "masks", "overlap", "instances", "boxes", "fields",
            "instance_ids", "empty_images",
        )
    )  # fmt: skip

    def detect(self, path: Path) -> bool:
        return looks_like(path, b'"annotations"', b'"item"', b'"slots"') or looks_like(
            path, b'"annotations"', b'"image"', b'"workview_url"'
        )

    def read(self, path: Path, options: ReadOptions) -> Dataset:
        problems = FolderProblems(Problems(options.on_error), path)
        labels = Labels()
        files = []
        numbered = True
        for name in find_files(path):
            try:
                file, content = _read(name)
                for i, text in enumerate(content.annotations):
                    scanned = _SCAN.read(file, text, f"/annotations/{i}")
                    if bytes(scanned.raster_layer) == b"null":
                        labels.add(scanned.name)
                        numbered = numbered and scanned.id is not None
            except FormatError as error:
                problems.add(error)
                continue
            files.append(name)

        def load(name: Path, number: int, problems: Problems) -> FoundImage:
            return _load(name, number, labels, options, problems)

        shards = loaders(files, load, path, options, numbered=numbered)
        return Dataset(Header(tuple(labels.categories)), shards, len(files), problems.skipped)


FORMAT = Darwin()


def _read(path: Path) -> tuple[JsonFile, _File]:
    file = JsonFile(path)
    file.top()
    content = _FILE.read(file, file.record(), "")
    if content.item is None and content.image is None:
        raise FormatError("must have the field item, as Darwin files do.", file.name)
    return file, content


def _load(
    path: Path, number: int, labels: Labels, options: ReadOptions, problems: Problems
) -> FoundImage:
    file, content = _read(path)
    height, width = None, None
    if content.item is not None:
        name, folder = content.item.name, content.item.path
        for slot in content.item.slots[:1]:
            height, width = slot.height, slot.width
    else:
        assert content.image is not None
        name, folder = content.image.filename, content.image.path
        height, width = content.image.height, content.image.width
    name = "/".join(p for p in (*folder.split("/"), name or path.stem) if p)
    with at(file.name, "/item"):
        if height is None or width is None:
            height, width = PictureSizes(options, [path.parent]).of(name)
        size = check_size(height, width)
    records = []
    layers: dict[str, Masks] = {}
    for i, text in enumerate(content.annotations):
        place = f"/annotations/{i}"
        try:
            record = _ANNOTATION.read(file, text, place)
            if record.raster_layer is not None:
                with at(file.name, place, record.id):
                    layers |= _layer(record.raster_layer, size)
            else:
                records.append((place, record, _ANNOTATION.extra(file, text, place)))
        except FormatError as error:
            problems.add(error)
    image = FoundImage("", number + 1, name, size, source=file.name)
    for place, record, extra in records:
        try:
            with at(file.name, place, record.id):
                found = Found(place, record.id, labels.row(record.name), extra=extra)
                _read_shape(found, record, layers)
        except FormatError as error:
            problems.add(error)
            continue
        image.objects.append(found)
    return image


def _read_shape(found: Found, record: _Annotation, layers: dict[str, Masks]) -> None:
    box = record.bounding_box
    if box is not None:
        found.box = check_box([box.x, box.y, box.w, box.h])
    polygon = record.polygon or record.complex_polygon
    if polygon is not None:
        paths = polygon.paths or [polygon.path or [], *polygon.additional_paths]
        found.parts = _nest([_pairs(path) for path in paths])
    elif record.ellipse is not None:
        e = record.ellipse
        axes = (e.center.x, e.center.y, e.radius.x, e.radius.y, np.rad2deg(e.angle).item())
        found.parts = [[ellipse(*axes)]]
        found.extra |= {"shape_type": raw("ellipse"), "ellipse": raw(axes)}
    elif record.mask is not None:
        if record.id not in layers:
            raise FormatError("must have its pixels in a raster layer, got none.")
        found.mask = layers[record.id]
    elif record.line is not None:
        points = record.line.path or [p for path in record.line.paths for p in path]
        found.extra |= {"shape_type": raw("line"), "points": raw(_pairs(points))}
    elif record.keypoint is not None:
        found.extra |= {"shape_type": raw("point"), "points": raw(_pairs([record.keypoint]))}


def _pairs(points: list[_Point]) -> list[tuple[float, float]]:
    return [(p.x, p.y) for p in points]


def _nest(paths: list[list[tuple[float, float]]]) -> list[Any]:
    """Parts with holes: a path whose vertices lie inside an earlier one is a hole of it."""
    parts: list[list[list[tuple[float, float]]]] = []
    for path in paths:
        outline = next((p for p in parts if path and _inside(path, np.array(p[0]))), None)
        if outline is None:
            parts.append([path])
        else:
            outline.append(path)
    return parts


def _inside(path: list[tuple[float, float]], ring: Array) -> bool:
    """Whether all vertices of a path lie inside a ring, none on its border."""
    if len(ring) < 3:
        return False
    x0, y0 = ring.T
    x1, y1 = np.roll(ring, -1, axis=0).T
    for x, y in path:
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        between = ((np.minimum(x0, x1) <= x) & (x <= np.maximum(x0, x1))) & (
            (np.minimum(y0, y1) <= y) & (y <= np.maximum(y0, y1))
        )
        if (between & (side == 0)).any():
            return False
        crosses = (y0 <= y) != (y1 <= y)
        if np.count_nonzero(crosses & ((side > 0) == (y1 > y0))) % 2 == 0:
            return False
    return True


def _layer(layer: _Layer, size: tuple[int, int]) -> dict[str, Masks]:
    """Masks of a raster layer: pairs of a value and how often it follows, row by row."""
    pairs = np.array(layer.dense_rle, np.int64)
    if len(pairs) % 2 or pairs[1::2].sum() != size[0] * size[1] or (pairs[1::2] < 0).any():
        raise FormatError("must have a raster layer that covers its image, got another.")
    values, lengths = pairs[0::2], pairs[1::2]
    masks = {}
    for name, value in layer.mask_annotation_ids_mapping.items():
        own = values == value
        # Runs of the value and of others take turns, the others first.
        changes = np.flatnonzero(np.diff(own.astype(np.int8), prepend=0))
        runs = np.add.reduceat(lengths, changes) if len(changes) else np.zeros(0, np.int64)
        lead = int(lengths[: changes[0]].sum()) if len(changes) else int(lengths.sum())
        try:
            masks[name] = transpose_masks(from_counts([[lead, *runs.tolist()]], size[::-1]))
        except InvalidMaskError as error:
            raise FormatError(f"must have a raster layer of whole runs, got: {error}") from None
    return masks
