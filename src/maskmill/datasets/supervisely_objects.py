"""Objects of Supervisely: from their records, and back."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from maskmill.datasets.dataset import Extra, get_extra
from maskmill.datasets.objects import Found, Labels, check_box, far_side, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.png_mask import decode_base64, decode_zlib, read_mask_png, write_mask_png
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError
from maskmill.ops.encode import encode

__all__ = ["Object", "TagTypes", "found_of", "objects_of", "read_tags", "write_tags"]

PNG_BYTES: Final = 1 << 16
"""Bytes of a PNG beside its pixels."""

TagTypes = dict[str, str]
"""Name of a tag to the type of its values, as ``meta.json`` declares it."""

_POINTS: Final = msgspec.json.Decoder(list[tuple[float, float]])


class Points(msgspec.Struct, frozen=True):
    """Vertices of an object."""

    exterior: list[tuple[float, float]] = []
    interior: list[list[tuple[float, float]]] = []


class Bitmap(msgspec.Struct, frozen=True):
    """Pixels of an object."""

    data: str
    origin: tuple[int, int]


class Geometry(msgspec.Struct, frozen=True):
    """Shape of an object, where it has a level of its own."""

    points: Points | None = None
    bitmap: Bitmap | None = None


class Object(msgspec.Struct, frozen=True):
    """A record."""

    classTitle: str  # noqa: N815  # as the file has it
    geometryType: str | None = None  # noqa: N815
    points: Points | None = None
    bitmap: Bitmap | None = None
    alpha_mask: Bitmap | None = None
    geometry: Geometry | None = None
    id: int | str | None = None
    iscrowd: bool | int | None = None
    score: float | None = None
    tags: list[msgspec.Raw] = []

    def kind(self, declared: str | None) -> str:
        """Kind of the shape; old files leave it to the class."""
        if self.geometryType is not None:
            return self.geometryType
        if self.bitmap is not None:
            return "bitmap"
        return "polygon" if declared in (None, "any", "bitmap") else declared


def found_of(
    record: Object,
    text: msgspec.Raw,
    place: str,
    labels: Labels,
    size: tuple[int, int],
) -> Found:
    """Read an object."""
    row = labels.row(record.classTitle)
    found = Found(place, record.id, row)
    found.crowd, found.score = bool(record.iscrowd), record.score
    kind = record.kind(get_extra(labels.categories[row].extra, "shape", str))
    geometry = record.geometry or Geometry()
    points = record.points or geometry.points or Points()
    bitmap = record.bitmap or record.alpha_mask or geometry.bitmap
    if kind == "polygon":
        found.parts = [[points.exterior, *points.interior]]
    elif kind in ("bitmap", "alpha_mask") and bitmap is not None:
        content = decode_zlib(decode_base64(bitmap.data), 2 * size[0] * size[1] + PNG_BYTES)
        found.mask = encode(read_mask_png(content, size[0] * size[1]))
        found.corner = bitmap.origin
    elif kind == "rectangle" and len(points.exterior) == 2:
        (x0, y0), (x1, y1) = points.exterior
        found.box = check_box([min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)])
    elif kind in ("point", "line") and points.exterior:
        found.extra |= {"shape_type": raw(kind), "points": raw(points.exterior)}
    elif kind in ("bitmap", "alpha_mask", "rectangle", "point", "line"):
        raise FormatError(f"must have the points or the bitmap of a {kind}, got another shape.")
    else:  # graphs, cuboids and what else there may be stay what they are
        found.extra |= {"shape_type": raw(kind), "supervisely": text}
    return found


def read_tags(tags: list[msgspec.Raw], extra: Extra) -> None:
    """Put tags into the further fields: as attributes, and as they are where that loses something.

    A tag without a value is an attribute that is true.
    """
    if not tags:
        return
    attributes: dict[str, Any] = {}
    for text in tags:
        tag = _TAG.decode(text)
        attributes[tag.name] = True if tag.value is None else tag.value
    if encode_json(_tags_of(attributes)[0]) != encode_json([msgspec.json.decode(t) for t in tags]):
        extra["tags"] = raw(tags)
    rest = get_extra(extra, "attributes", dict[str, Any]) or {}
    extra["attributes"] = raw(attributes | rest)


class _Tag(msgspec.Struct, frozen=True):
    name: str
    value: str | int | float | None = None


_TAG: Final = msgspec.json.Decoder(_Tag)
encode_json: Final = msgspec.json.Encoder().encode


def _tags_of(attributes: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Tags of attributes, and the attributes that no tag can say."""
    tags: list[dict[str, Any]] = []
    rest = {}
    for name, value in attributes.items():
        if value is True:
            tags.append({"name": name})
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            tags.append({"name": name, "value": value})
        else:
            rest[name] = value
    return tags, rest


def write_tags(extra: dict[str, msgspec.Raw], types: TagTypes) -> list[Any]:
    """Take attributes out of the further fields as tags; ``types`` takes their types."""
    attributes = get_extra(extra, "attributes", dict[str, Any])
    kept = get_extra(extra, "tags", list[dict[str, Any]])
    extra.pop("tags", None)
    if attributes is None:
        return kept or []
    tags, rest = _tags_of(attributes)
    del extra["attributes"]
    if rest:
        extra["attributes"] = raw(rest)
    if kept is not None:
        known = {tag.get("name"): tag.get("value") for tag in kept}
        if known == {tag["name"]: tag.get("value") for tag in tags}:
            return kept
    for tag in tags:
        value = tag.get("value")
        kind = "none" if value is None else "any_string" if isinstance(value, str) else "any_number"
        types.setdefault(tag["name"], kind)
    return tags


def objects_of(
    found: Outgoing, types: TagTypes, groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one object, or one a part."""
    own: dict[str, Any] = {"id": found.id} if numbered else {}
    own |= {"classTitle": found.category.name, "description": ""}
    if found.crowd:
        own["iscrowd"] = 1
    if found.score is not None:
        own["score"] = found.score
    if found.mask is not None:
        data = zlib.compress(write_mask_png(found.pixels(), transparent=True))
        bitmap = {"data": base64.b64encode(data).decode(), "origin": found.corner}
        tags = write_tags(found.extra, types)
        yield own | {"geometryType": "bitmap", "tags": tags, "bitmap": bitmap} | found.extra
    elif found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "instance" not in found.extra:
            key = raw(f"instance-{groups.next() + 1}")
            members = [member | {"instance": key} for member in members]
        for i, (part, fields) in enumerate(zip(found.parts, members, strict=True)):
            fields.pop("shape_type", None)
            fields.pop("points", None)
            tags = write_tags(fields, types)
            points = {"exterior": part[0], "interior": part[1:]}
            shape = {"geometryType": "polygon", "tags": tags, "points": points}
            record = own | shape | fields
            if i:
                record.pop("id", None)  # the parts are one instance
            yield record
    elif "supervisely" in found.extra:
        yield get_extra(found.extra, "supervisely", dict[str, Any]) or {}
    elif found.points is not None or found.box is not None:
        if found.points is not None:
            kind = "point" if len(found.points) == 1 else "line"
            exterior: list[Any] = list(found.points)
        else:
            assert found.box is not None
            x, y, width, height = found.box
            kind, exterior = "rectangle", [[x, y], [far_side(x, width), far_side(y, height)]]
        tags = write_tags(found.extra, types)
        points = {"exterior": exterior, "interior": []}
        yield own | {"geometryType": kind, "tags": tags, "points": points} | found.extra
    else:
        losses.add(NO_PLACE, [found.id])
