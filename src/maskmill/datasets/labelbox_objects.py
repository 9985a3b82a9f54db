"""Objects of Labelbox: from their records, and back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np

from maskmill.datasets.crops import place_masks
from maskmill.datasets.label_studio_regions import id_of
from maskmill.datasets.objects import Found, Labels, check_box, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.paths import safe_parts
from maskmill.datasets.png_mask import decode_base64, read_mask_png, write_mask_png
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError, InvalidMaskError
from maskmill.masks import Masks
from maskmill.ops.decode import decode
from maskmill.ops.encode import encode

__all__ = ["Object", "found_of", "object_name", "objects_of"]

LARGEST_FILE = 1 << 28
"""Bytes of a mask file."""


class Point(msgspec.Struct, frozen=True):
    """A vertex."""

    x: float
    y: float


class Box(msgspec.Struct, frozen=True):
    """A box."""

    left: float
    top: float
    width: float
    height: float


class Rle(msgspec.Struct, frozen=True):
    """Run lengths of COCO."""

    size: tuple[int, int]
    counts: str | list[int]


class Mask(msgspec.Struct, frozen=True):
    """Where the pixels are: at a URL, here as PNG, or here as run lengths."""

    url: str | None = None
    instanceURI: str | None = None  # noqa: N815  # as the file has it
    png: str | None = None
    rle: Rle | None = None


class Object(msgspec.Struct, frozen=True):
    """A record, of either version."""

    name: str | None = None
    title: str | None = None
    feature_id: str | None = None
    featureId: str | None = None  # noqa: N815
    annotation_kind: str | None = None
    bounding_box: Box | None = None
    bbox: Box | None = None
    polygon: list[Point] | None = None
    line: list[Point] | None = None
    point: Point | None = None
    mask: Mask | None = None
    instanceURI: str | None = None  # noqa: N815
    iscrowd: int | None = None
    confidence: float | None = None

    def number(self) -> str | int | None:
        """Id, a number if it is one."""
        return id_of(self.feature_id or self.featureId)


def object_name(name: str | None, title: str | None) -> str:
    """Class of an object."""
    return name or title or ""


def found_of(
    record: Object, place: str, labels: Labels, size: tuple[int, int], folder: Path
) -> Found:
    """Read an object; masks that are files lie in ``folder``."""
    name = object_name(record.name, record.title)
    if not name:
        raise FormatError("must have a name, got none.")
    found = Found(place, record.number(), labels.row(name))
    found.crowd, found.score = record.iscrowd == 1, record.confidence
    box = record.bounding_box or record.bbox
    if record.polygon is not None:
        found.parts = [[[(p.x, p.y) for p in record.polygon]]]
    elif record.mask is not None:
        found.mask = _read_mask(record, record.mask, size, folder)
    elif box is not None:
        found.box = check_box([box.left, box.top, box.width, box.height])
    elif record.line is not None:
        points = [(p.x, p.y) for p in record.line]
        found.extra |= {"shape_type": raw("line"), "points": raw(points)}
    elif record.point is not None:
        points = [(record.point.x, record.point.y)]
        found.extra |= {"shape_type": raw("point"), "points": raw(points)}
    elif record.instanceURI is not None:
        found.mask = _read_file(record, record.instanceURI, size, folder)
    else:
        raise FormatError("must have a shape that we know, got none.")
    return found


def _read_mask(record: Object, mask: Mask, size: tuple[int, int], folder: Path) -> Masks:
    if mask.rle is not None:
        try:
            masks = Masks.from_coco([{"size": mask.rle.size, "counts": mask.rle.counts}], size)
        except InvalidMaskError as error:
            raise FormatError(f"must hold run lengths of its image, got: {error}") from None
        return masks
    if mask.png is not None:
        return encode(read_mask_png(decode_base64(mask.png), size[0] * size[1]))
    return _read_file(record, mask.url or mask.instanceURI or "", size, folder)


def _read_file(record: Object, url: str, size: tuple[int, int], folder: Path) -> Masks:
    """Read a mask that lies beside the export, under its own name or that of the object."""
    parts = urlsplit(url)
    names = [f"masks/{record.feature_id or record.featureId}.png"]
    if parts.scheme == "":
        names.append(unquote(parts.path))
    for name in names:
        path = folder.joinpath(*safe_parts(name))
        if path.is_file() and path.stat().st_size < LARGEST_FILE:
            return encode(read_mask_png(path.read_bytes(), size[0] * size[1]))
    raise FormatError(
        f"must have a mask that is at hand, got one at {parts.netloc or url!r}. Download it as "
        f"{names[0]} beside the export."
    )


def objects_of(
    found: Outgoing, size: tuple[int, int], groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one object, or one a part."""
    kind: dict[str, Any]
    own: dict[str, Any] = {"name": found.category.name}
    if found.crowd:
        own["iscrowd"] = 1
    if found.score is not None:
        own["confidence"] = found.score
    number = {"feature_id": str(found.id)} if numbered else {}
    if found.mask is not None:
        sizes = np.array([size], np.int32)
        whole = place_masks(found.mask, np.array([found.corner], np.int64), sizes)
        png = base64.b64encode(write_mask_png(decode(whole)[0])).decode()
        kind = {"annotation_kind": "ImageSegmentationMask", "mask": {"png": png}}
        yield number | own | kind | found.extra
    elif found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "group_id" not in found.extra:
            group = raw(groups.next())
            members = [member | {"group_id": group} for member in members]
        for i, (part, fields) in enumerate(zip(found.parts, members, strict=True)):
            fields.pop("shape_type", None)
            fields.pop("points", None)
            points = [{"x": x, "y": y} for x, y in part[0]]
            if i and numbered:
                number = {"feature_id": f"{found.id}-{i + 1}"}
            kind = {"annotation_kind": "ImagePolygon", "polygon": points}
            yield number | own | kind | fields
    elif found.points is not None and len(found.points) == 1:
        ((x, y),) = found.points
        kind = {"annotation_kind": "ImagePoint", "point": {"x": x, "y": y}}
        yield number | own | kind | found.extra
    elif found.points is not None:
        line = [{"x": x, "y": y} for x, y in found.points]
        yield number | own | {"annotation_kind": "ImagePolyline", "line": line} | found.extra
    elif found.box is not None:
        sides = dict(zip(("left", "top", "width", "height"), found.box, strict=True))
        kind = {"annotation_kind": "ImageBoundingBox", "bounding_box": sides}
        yield number | own | kind | found.extra
    else:
        losses.add(NO_PLACE, [found.id])
