"""Annotations of Scale AI: from the response of a task, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np

from maskmill.datasets.dataset import Extra, get_extra
from maskmill.datasets.label_studio_regions import id_of
from maskmill.datasets.objects import Found, Labels, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.paths import safe_parts
from maskmill.datasets.png_reader import read_label_png
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError
from maskmill.ops.encode import encode

__all__ = ["Annotation", "Segment", "annotations_of", "found_of", "segments_of"]


class Vertex(msgspec.Struct, frozen=True):
    """A vertex."""

    x: float
    y: float


class Annotation(msgspec.Struct, frozen=True):
    """A record of an image annotation task."""

    label: str
    type: str = "polygon"
    uuid: str | None = None
    vertices: list[Vertex] | None = None
    left: float | None = None
    top: float | None = None
    width: float | None = None
    height: float | None = None
    x: float | None = None
    y: float | None = None
    score: float | None = None
    iscrowd: int | None = None


class Segment(msgspec.Struct, frozen=True):
    """What a segmentation task says about an index of its picture."""

    index: int | list[int]


def found_of(record: Annotation, place: str, labels: Labels) -> Found:
    """Read an annotation."""
    found = Found(place, id_of(record.uuid), labels.row(record.label))
    found.score, found.crowd = record.score, record.iscrowd == 1
    points = [(v.x, v.y) for v in record.vertices or ()]
    if record.type == "polygon":
        found.parts = [[points]]
    elif record.type == "box" and len(points) == 4:  # a turned one
        found.parts = [[points]]
        box = [record.left, record.top, record.width, record.height]
        found.extra |= {"shape_type": raw("box"), "box": raw(box)}
    elif record.type == "box":
        box = [record.left, record.top, record.width, record.height]
        found.box = [side for side in box if side is not None]
        if len(found.box) != 4 or not max(map(abs, found.box)) < 2.0**31:
            raise FormatError(f"must have left, top, width and height, got {box}.")
    elif record.type == "point" and record.x is not None and record.y is not None:
        found.extra |= {"shape_type": raw("point"), "points": raw([(record.x, record.y)])}
    elif record.type == "line" and points:
        found.extra |= {"shape_type": raw("line"), "points": raw(points)}
    else:
        raise FormatError(f"must be a polygon, box, line or point, got {record.type!r}.")
    return found


def segments_of(
    picture: str, mapping: dict[str, list[Segment]], folder: Path, labels: Labels, place: str
) -> tuple[list[Found], tuple[int, int]]:
    """Read the segments of a picture of indices, and its size.

    The picture lies in ``folder``: URLs are not opened.
    """
    name = unquote(urlsplit(picture).path).replace("\\", "/").rpartition("/")[2]
    path = folder.joinpath(*safe_parts(name))
    if not path.is_file():
        raise FormatError(
            f"must have its picture of indices at hand, got none named {name!r} beside the file. "
            "Download it."
        )
    indices = read_label_png(path)
    found = []
    for label, segments in mapping.items():
        for i, segment in enumerate(segments):
            wanted = [segment.index] if isinstance(segment.index, int) else segment.index
            mask = np.isin(indices, wanted)
            if mask.any():
                where = f"{place}/labelMapping/{label}/{i}"
                found.append(Found(where, None, labels.row(label), mask=encode(mask)))
    height, width = indices.shape
    return found, (height, width)


def annotations_of(
    found: Outgoing, groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one annotation, or one a part."""
    own: dict[str, Any] = {"label": found.category.name}
    number = str(found.id)
    if found.score is not None:
        own["score"] = found.score
    if found.crowd:
        own["iscrowd"] = 1
    if found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "group_id" not in found.extra:
            group = raw(groups.next())
            members = [member | {"group_id": group} for member in members]
        for i, (part, fields) in enumerate(zip(found.parts, members, strict=True)):
            shape = _outline(part[0], fields)
            uuid = {"uuid": f"{number}-{i + 1}" if i else number} if numbered else {}
            yield own | uuid | shape | fields
        return
    if numbered:
        own["uuid"] = number
    if found.points is not None and len(found.points) == 1:
        ((x, y),) = found.points
        yield own | {"type": "point", "x": x, "y": y} | found.extra
    elif found.points is not None:
        yield own | {"type": "line", "vertices": _vertices(found.points)} | found.extra
    elif found.box is not None:
        sides = dict(zip(("left", "top", "width", "height"), found.box, strict=True))
        yield own | {"type": "box"} | sides | found.extra
    else:
        losses.add(NO_PLACE, [found.id])


def _vertices(points: Any) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in points]


def _outline(ring: list[list[float]], fields: Extra) -> dict[str, Any]:
    """Polygon of a part, or the turned box that it was."""
    kind, box = get_extra(fields, "shape_type", str), get_extra(fields, "box", list[float])
    for name in ("shape_type", "points", "box"):
        fields.pop(name, None)
    if kind == "box" and box is not None and len(box) == 4 and len(ring) == 4:
        sides = dict(zip(("left", "top", "width", "height"), box, strict=True))
        return {"type": "box", "vertices": _vertices(ring)} | sides
    return {"type": "polygon", "vertices": _vertices(ring)}
