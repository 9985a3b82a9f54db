"""Instances as results of Label Studio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from maskmill.datasets.crops import place_masks
from maskmill.datasets.dataset import get_extra
from maskmill.datasets.ellipses import ellipse, turned_box
from maskmill.datasets.label_studio_regions import DEFAULTS
from maskmill.datasets.label_studio_rle import to_label_studio_rle
from maskmill.datasets.objects import raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.percent import to_percent
from maskmill.datasets.report import Losses

__all__ = ["results_of"]


def results_of(
    found: Outgoing, size: tuple[int, int], groups: Groups, losses: Losses, *, numbered: bool
) -> Iterator[dict[str, Any]]:
    """Write an instance: one result, or one a part."""
    extra = found.extra
    others = get_extra(extra, "results", list[dict[str, msgspec.Raw]]) or []
    extra.pop("results", None)
    own = str(found.id)
    if found.mask is not None:
        sizes = np.array([size], np.int32)
        whole = place_masks(found.mask, np.array([found.corner], np.int64), sizes)
        value: dict[str, Any] = {"format": "rle", "rle": list(to_label_studio_rle(whole))}
        yield _result(found, own, "brushlabels", value, size, dict(extra))
    elif found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "group_id" not in extra:
            number = raw(groups.next())
            members = [member | {"group_id": number} for member in members]
        for i, (part, fields) in enumerate(zip(found.parts, members, strict=True)):
            kind, value = _outline(part[0], fields, size)
            part_id = own if i == 0 else f"{own}-{i + 1}"
            yield _result(found, part_id, kind, value, size, fields)
    elif found.points is not None and len(found.points) == 1:
        fields = dict(extra)
        (percent,) = to_percent(found.points, size)
        value = {"x": percent[0], "y": percent[1]}
        across = get_extra(fields, "point_width", float)
        fields.pop("point_width", None)
        value["width"] = 0.5 if across is None else across
        yield _result(found, own, "keypointlabels", value, size, fields)
    elif found.box is not None:
        x, y, width, height = found.box
        corner, extent = to_percent([(x, y), (width, height)], size)
        value = {"x": corner[0], "y": corner[1], "width": extent[0], "height": extent[1]}
        value["rotation"] = 0
        yield _result(found, own, "rectanglelabels", value, size, dict(extra))
    else:
        losses.add(NO_PLACE, [found.id])
        return
    for other in others:
        yield other | {"id": own}


def _outline(
    ring: list[list[float]], fields: dict[str, msgspec.Raw], size: tuple[int, int]
) -> tuple[str, dict[str, Any]]:
    """Polygon of a part, or the ellipse or the turned rectangle that it was, if it still is."""
    kind = get_extra(fields, "shape_type", str)
    numbers = get_extra(fields, kind, list[float]) if kind in ("ellipse", "rectangle") else None
    for name in ("shape_type", "points", "ellipse", "rectangle"):
        fields.pop(name, None)
    if numbers is not None and len(numbers) == 5:
        first, second = to_percent([numbers[:2], numbers[2:4]], size)
        value = {"x": first[0], "y": first[1], "rotation": numbers[4]}
        if kind == "ellipse" and np.array_equal(ellipse(*numbers), ring):
            return "ellipselabels", value | {"radiusX": second[0], "radiusY": second[1]}
        if kind == "rectangle" and np.array_equal(turned_box(numbers[:4], numbers[4]), ring):
            return "rectanglelabels", value | {"width": second[0], "height": second[1]}
    return "polygonlabels", {"points": to_percent(ring, size), "closed": True}


def _result(
    found: Outgoing,
    number: str,
    kind: str,
    value: dict[str, Any],
    size: tuple[int, int],
    fields: dict[str, msgspec.Raw],
) -> dict[str, Any]:
    names = get_extra(fields, "labels", list[str]) or [found.category.name]
    if names[0] != found.category.name:
        names = [found.category.name]
    else:
        fields.pop("labels", None)
    result: dict[str, Any] = {
        "id": number,
        "type": kind,
        "value": value | {kind: names},
        "original_width": size[1],
        "original_height": size[0],
        "image_rotation": get_extra(fields, "image_rotation", float) or 0,
    }
    fields.pop("image_rotation", None)
    for name, default in DEFAULTS.items():
        text = get_extra(fields, name, str)
        result[name] = default if text is None else text
        if text is not None:
            del fields[name]
    if found.score is not None:
        result["score"] = found.score
    if found.crowd:
        fields["iscrowd"] = raw(1)
    if fields:
        result["meta"] = fields
    return result
