"""Shapes of LabelMe: from their records, and back."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from maskmill.datasets.jsonfile import FAULTS
from maskmill.datasets.objects import Found, Labels, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.png_mask import decode_base64, read_mask_png, write_mask_png
from maskmill.datasets.records import text_of
from maskmill.datasets.report import Losses, LossKind
from maskmill.errors import FormatError
from maskmill.masks import Masks
from maskmill.ops.encode import encode
from maskmill.structure import MAX_COORDINATE

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Shape", "found_of", "shapes_of"]

BOX_AS_RECTANGLE: Final = LossKind(
    "boxes_as_rectangles",
    "instances with a box and no mask, as rectangles, which LabelMe fills when it draws masks",
)

_POINTS: Final = msgspec.json.Decoder(list[tuple[float, float]])


class Shape(msgspec.Struct, frozen=True):
    """A record."""

    label: str
    points: list[tuple[float, float]]
    shape_type: str | None = None
    group_id: int | str | None = None
    mask: str | None = None
    id: int | str | None = None
    iscrowd: bool | int | None = None
    score: float | None = None


def found_of(shape: Shape, place: str, labels: Labels, size: tuple[int, int]) -> Found:
    """Read a shape; raise FormatError for kinds that LabelMe does not have."""
    found = Found(place, shape.id, labels.row(shape.label))
    found.crowd, found.score = bool(shape.iscrowd), shape.score
    kind, points = shape.shape_type or "polygon", shape.points
    if kind == "polygon":
        found.parts = [[points]]
    elif kind == "rectangle" and len(points) in (2, 4):
        found.parts = [[_rectangle(points)]]
        found.extra["shape_type"] = raw(kind)
    elif kind == "circle" and len(points) == 2:
        found.parts = [[_circle(points)]]
        found.extra |= {"shape_type": raw(kind), "points": raw(points)}
    elif kind == "mask" and len(points) == 2:
        found.mask, found.corner = _read_mask(shape, size)
        if points[0] != found.corner:
            found.extra["points"] = raw(points)
    elif kind in ("line", "linestrip", "point", "points"):
        found.extra |= {"shape_type": raw(kind), "points": raw(points)}
    else:
        raise FormatError(
            f"must be a shape that LabelMe draws, got {kind!r} of {len(points)} points."
        )
    return found


def _rectangle(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners of a rectangle of which two that lie opposite are given."""
    if len(points) == 4:
        return points
    (x0, y0), (x1, y1) = points
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _circle(points: list[tuple[float, float]]) -> Array:
    """Polygon of a circle, a pixel or less beside it, as LabelMe's converter to COCO makes it."""
    (x, y), (edge_x, edge_y) = points
    radius = min(math.hypot(edge_x - x, edge_y - y), MAX_COORDINATE)
    n = 12 if radius <= 1 else max(int(math.pi / math.acos(1 - 1 / radius)), 12)
    angles = 2 * np.pi / n * np.arange(n)
    return np.stack([x + radius * np.sin(angles), y + radius * np.cos(angles)], axis=1)


def _read_mask(shape: Shape, size: tuple[int, int]) -> tuple[Masks, tuple[int, int]]:
    if shape.mask is None:
        raise FormatError("must have the field mask, as shapes of the kind mask do.")
    pixels = read_mask_png(decode_base64(shape.mask), size[0] * size[1])
    return encode(pixels), _corner(shape.points)


def _corner(points: list[tuple[float, float]]) -> tuple[int, int]:
    """First pixel of a mask; a mask that was moved may lie between pixels."""
    x, y = points[0]
    if not (math.isfinite(x) and math.isfinite(y)):
        raise FormatError(f"must lie in its image, got a mask at ({x}, {y}).")
    return int(x), int(y)


def shapes_of(
    found: Outgoing, groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one shape, or one a part; note what LabelMe cannot say."""
    members = member_fields(found)
    shape: dict[str, Any] = {
        "label": found.category.name,
        "points": [],
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }
    if numbered:
        shape["id"] = found.id
    if found.crowd:
        shape["iscrowd"] = 1
    if found.score is not None:
        shape["score"] = found.score
    if found.mask is not None:
        x, y = found.corner
        pixels = found.pixels()
        height, width = pixels.shape
        stated = found.points
        kept = stated is not None and len(stated) == 2 and _corner(stated) == found.corner
        shape |= {
            "shape_type": "mask",
            "points": stated if kept else [[x, y], [x + width - 1, y + height - 1]],
            "mask": base64.b64encode(write_mask_png(pixels)).decode(),
        }
        yield shape | found.extra
    elif found.parts:
        if len(found.parts) > 1 and "group_id" not in found.extra:
            shape["group_id"] = groups.next()
        for part, member in zip(found.parts, members, strict=True):
            yield shape | _outline(part[0], member) | member
    elif found.shape_type is not None and found.points is not None:
        yield shape | {"shape_type": found.shape_type, "points": found.points} | found.extra
    elif found.box is not None:
        left, top, across, down = found.box
        losses.add(BOX_AS_RECTANGLE, [found.id])
        corners = [[left, top], [left + across, top + down]]
        yield shape | {"shape_type": "rectangle", "points": corners} | found.extra
    else:
        losses.add(NO_PLACE, [found.id])


def _outline(ring: list[list[float]], member: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """Points of a part: those of the rectangle or circle that it was, if it still is."""
    kind, points = text_of(member.pop("shape_type", None)), None
    given = member.pop("points", None)
    if kind == "rectangle" and len(ring) == 4:
        two = [(ring[0][0], ring[0][1]), (ring[2][0], ring[2][1])]
        still = np.array_equal(_rectangle(two), ring)
        return {"shape_type": kind, "points": two if still else ring}
    if kind == "circle" and given is not None:
        try:
            points = _POINTS.decode(given)
        except FAULTS:
            points = None
        if points is not None and len(points) == 2 and np.array_equal(_circle(points), ring):
            return {"shape_type": kind, "points": points}
    return {"points": ring}
