"""Regions of VIA: from their attributes, and back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np

from maskmill.datasets.dataset import get_extra
from maskmill.datasets.ellipses import ellipse
from maskmill.datasets.objects import Found, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.report import Losses
from maskmill.errors import FormatError

__all__ = ["UNNAMED", "Region", "Shape", "class_attribute", "class_of", "found_of", "regions_of"]

UNNAMED: Final = "region"
"""Class of regions that have none."""
_CLASS_NAMES: Final = ("label", "class", "class_name", "name", "category", "type", "object")


class Shape(msgspec.Struct, frozen=True):
    """What is drawn."""

    name: str
    all_points_x: list[float] | None = None
    all_points_y: list[float] | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    cx: float | None = None
    cy: float | None = None
    r: float | None = None
    rx: float | None = None
    ry: float | None = None
    theta: float | None = None


class Region(msgspec.Struct, frozen=True):
    """A region."""

    shape_attributes: Shape
    region_attributes: dict[str, msgspec.Raw] = {}


def class_attribute(names: Iterable[str]) -> str | None:
    """Choose the attribute that names the classes, by the names of all attributes of all regions.

    The usual names come first; else it is the only attribute that there is.
    """
    counts = Counter(names)
    usual = [name for name in _CLASS_NAMES if name in counts]
    if usual:
        return max(usual, key=lambda name: (counts[name], -usual.index(name)))
    return next(iter(counts)) if len(counts) == 1 else None


def class_of(attributes: dict[str, msgspec.Raw], key: str | None) -> str:
    """Class of a region."""
    if key is None or key not in attributes:
        return UNNAMED
    text = get_extra(attributes, key, str)
    return (bytes(attributes[key]).decode() if text is None else text) or UNNAMED


def found_of(region: Region, place: str, category: int, key: str | None) -> Found:
    """Read a region."""
    shape = region.shape_attributes
    found = Found(place, None, category)
    attributes = {k: v for k, v in region.region_attributes.items() if k != key}
    for name in ("id", "score", "iscrowd", "group_id", "further"):
        value = attributes.pop(f"maskmill_{name}", None)
        if value is None:
            continue
        if name == "id":
            found.id = msgspec.json.decode(value, type=int | str)
        elif name == "score":
            found.score = msgspec.json.decode(value, type=float)
        elif name == "iscrowd":
            found.crowd = msgspec.json.decode(value, type=int) == 1
        elif name == "group_id":
            found.extra["group_id"] = value
        else:
            found.extra |= msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    if attributes:
        found.extra["attributes"] = raw(attributes)
    _read_shape(found, shape)
    return found


def _read_shape(found: Found, shape: Shape) -> None:
    name = shape.name
    if name in ("polygon", "polyline"):
        xs, ys = shape.all_points_x or [], shape.all_points_y or []
        if len(xs) != len(ys):
            raise FormatError(
                f"must have as many x as y, got {len(xs)} and {len(ys)}. Export it again."
            )
        points = list(zip(xs, ys, strict=True))
        if name == "polygon":
            found.parts = [[points]]
        else:
            found.extra |= {"shape_type": raw(name), "points": raw(points)}
    elif name == "rect":
        found.box = _numbers(shape, "x", "y", "width", "height")
    elif name == "circle":
        x, y, radius = _numbers(shape, "cx", "cy", "r")
        found.parts = [[ellipse(x, y, radius, radius)]]
        found.extra |= {"shape_type": raw(name), "ellipse": raw([x, y, radius, radius, 0.0])}
    elif name == "ellipse":
        axes = _numbers(shape, "cx", "cy", "rx", "ry")
        turn = math.degrees(shape.theta or 0.0)
        found.parts = [[ellipse(axes[0], axes[1], axes[2], axes[3], turn)]]
        found.extra |= {"shape_type": raw(name), "ellipse": raw([*axes, turn])}
    elif name == "point":
        found.extra |= {"shape_type": raw(name), "points": raw([_numbers(shape, "cx", "cy")])}
    else:
        raise FormatError(f"must be a shape that VIA draws, got {name!r}.")


def _numbers(shape: Shape, *names: str) -> list[float]:
    values = [getattr(shape, name) for name in names]
    if None in values or not max(map(abs, values)) < 2.0**31:
        raise FormatError(f"must have {', '.join(names)} as numbers, got {values}.")
    return values


def regions_of(
    found: Outgoing, key: str, groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one region, or one a part."""
    own: dict[str, Any] = {} if found.category.name == UNNAMED else {key: found.category.name}
    if numbered:
        own["maskmill_id"] = found.id
    if found.score is not None:
        own["maskmill_score"] = found.score
    if found.crowd:
        own["maskmill_iscrowd"] = 1
    if found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "group_id" not in found.extra:
            number = raw(groups.next())
            members = [member | {"group_id": number} for member in members]
        for part, fields in zip(found.parts, members, strict=True):
            yield _region(_outline(part[0], fields), own, fields)
    elif found.points is not None and len(found.points) == 1:
        ((x, y),) = found.points
        yield _region({"name": "point", "cx": x, "cy": y}, own, found.extra)
    elif found.points is not None:
        shape = {"name": "polyline"} | _columns(found.points)
        yield _region(shape, own, found.extra)
    elif found.box is not None:
        shape = dict(zip(("x", "y", "width", "height"), found.box, strict=True))
        yield _region({"name": "rect"} | shape, own, found.extra)
    else:
        losses.add(NO_PLACE, [found.id])


def _columns(points: Any) -> dict[str, Any]:
    return {"all_points_x": [p[0] for p in points], "all_points_y": [p[1] for p in points]}


def _outline(ring: list[list[float]], fields: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """Polygon of a part, or the circle or ellipse that it was, if it still is."""
    kind, axes = get_extra(fields, "shape_type", str), get_extra(fields, "ellipse", list[float])
    for name in ("shape_type", "points", "ellipse"):
        fields.pop(name, None)
    if axes is not None and len(axes) == 5 and np.array_equal(ellipse(*axes), ring):
        x, y, radius_x, radius_y, turn = axes
        if kind == "circle" and radius_x == radius_y and turn == 0:
            return {"name": kind, "cx": x, "cy": y, "r": radius_x}
        theta = math.radians(turn)
        if np.array_equal(ellipse(x, y, radius_x, radius_y, math.degrees(theta)), ring):
            shape = {"name": "ellipse", "cx": x, "cy": y, "rx": radius_x, "ry": radius_y}
            return shape | {"theta": theta}
    return {"name": "polygon"} | _columns(ring)


def _region(
    shape: dict[str, Any], own: dict[str, Any], fields: dict[str, msgspec.Raw]
) -> dict[str, Any]:
    fields = dict(fields)
    attributes = get_extra(fields, "attributes", dict[str, msgspec.Raw])
    if attributes is not None:
        del fields["attributes"]
    record: dict[str, Any] = dict(own) | (attributes or {})
    if "group_id" in fields:
        record["maskmill_group_id"] = fields.pop("group_id")
    if fields:
        record["maskmill_further"] = fields
    return {"shape_attributes": shape, "region_attributes": record}
