"""From the columns of a shard to the objects that annotation tools write."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from maskmill.backend.contract import RasterRule
from maskmill.datasets.crops import crop_masks
from maskmill.datasets.dataset import Category, Extra, Shard
from maskmill.datasets.jsonfile import FAULTS, Id
from maskmill.datasets.report import EMPTY, Losses, LossKind
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS
from maskmill.masks import Masks
from maskmill.ops.decode import decode

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.polygons import Polygons

__all__ = ["NO_PLACE", "Groups", "Outgoing", "instances_of", "member_fields"]

HOLES_AS_MASKS: Final = LossKind(
    "holes_as_masks", "instances with holes, which polygons of the format cannot have, as masks"
)
LEFT_OUT_MASKS: Final = LossKind(
    "masks_left_out", "instances that are masks, which the format does not have, left out"
)
LEFT_OUT_HOLES: Final = LossKind(
    "holes_left_out", "instances with holes, which the format does not have, left out"
)
NO_PLACE: Final = LossKind(
    "no_shape_left_out",
    "lines, points and other objects that enclose nothing, which the format does not have, "
    "left out",
)

_POINTS: Final = msgspec.json.Decoder(list[tuple[float, float]])
_TEXT: Final = msgspec.json.Decoder(str)
_MEMBERS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_INT: Final = msgspec.json.Decoder(int)

encode_json: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Outgoing:
    """One instance to write."""

    id: Id
    category: Category
    parts: list[list[list[list[float]]]] | None
    """Parts, their rings (an outline, its holes), vertices, x and y."""
    mask: Masks | None
    """One mask, of the box at ``corner``."""
    corner: tuple[int, int]
    box: list[float] | None
    score: float | None
    crowd: bool
    shape_type: str | None
    """What the tool called it that the instance comes from: "line", "rectangle", ..."""
    points: list[tuple[float, float]] | None
    """Vertices of a line, and of what else encloses nothing."""
    extra: dict[str, msgspec.Raw]

    def pixels(self) -> Array:
        """Pixels of ``mask``, bool (height, width)."""
        assert self.mask is not None
        dense: Array = decode(self.mask)[0].astype(bool)
        return dense


class Groups:
    """Numbers for the groups of parts that have none yet."""

    def __init__(self, objects: Sequence[Outgoing]) -> None:
        numbers = [_int_of(o.extra["group_id"]) for o in objects if "group_id" in o.extra]
        self._last = max([n for n in numbers if n is not None], default=-1)

    def next(self) -> int:
        """Give a number that no group of the image has."""
        self._last += 1
        return self._last


def member_fields(found: Outgoing) -> list[dict[str, msgspec.Raw]]:
    """Further fields of each part of a polygon, ``shape_type`` and ``points`` among them."""
    n_parts = len(found.parts or ())
    given = found.extra.pop("parts", None)
    if given is not None:
        try:
            members = _MEMBERS.decode(given)
        except FAULTS:
            members = []
        if len(members) == n_parts:
            return members
    own = dict(found.extra)
    if found.shape_type is not None:
        own["shape_type"] = msgspec.Raw(encode_json(found.shape_type))
    if found.points is not None:
        own["points"] = msgspec.Raw(encode_json(found.points))
    return [own.copy() for _ in range(n_parts)]


def instances_of(
    shard: Shard,
    categories: Sequence[Category],
    rule: RasterRule,
    losses: Losses,
    *,
    holes: bool,
    masks: bool = True,
) -> list[list[Outgoing]]:
    """Give the instances of each image of a shard as a format can carry them.

    Parameters
    ----------
    shard : Shard
    categories : sequence of Category
        Of the header.
    rule : {"coco", "center"}
        How polygons become pixels, where they must.
    losses : Losses
    holes : bool
        Whether polygons of the format have holes; otherwise those that do become masks.
    masks : bool
        Whether the format has masks; otherwise they are left out.
    """
    instances = shard.instances
    shapes = instances.shapes
    ids = instances.ids
    parts = _lists(shapes.polygons)
    polygonal = np.flatnonzero(shapes.kinds == POLYGONS)
    as_masks = shapes.kinds == RUN_LENGTHS
    if not holes:
        holed = [k for k, p in zip(polygonal.tolist(), parts, strict=True) if _has_holes(p)]
        losses.add(HOLES_AS_MASKS if masks else LEFT_OUT_HOLES, [ids[k] for k in holed])
        as_masks[holed] = True
    if not masks:
        losses.add(
            LEFT_OUT_MASKS, [ids[k] for k in np.flatnonzero(shapes.kinds == RUN_LENGTHS).tolist()]
        )
    rows = np.flatnonzero(as_masks)
    crops, boxes = crop_masks(shapes[rows].masks(shard.sizes()[rows], rule))
    empty = set(rows[boxes[:, 2] == 0].tolist())
    losses.add(EMPTY, [ids[k] for k in sorted(empty)])
    of_row = {k: i for i, k in enumerate(rows.tolist())}
    of_polygon = dict(zip(polygonal.tolist(), parts, strict=True))
    corners = boxes[:, :2].tolist()
    shaped = (shapes.kinds != NO_SHAPE).tolist()
    found: list[list[Outgoing]] = [[] for _ in range(len(shard.images))]
    for k, image in enumerate(instances.images().tolist()):
        i = of_row.get(k)
        if i is not None and (not masks or k in empty):
            continue
        if instances.areas[k] is not None:
            losses.drop_fields(["area"])
        if shaped[k] and instances.boxes[k] is not None:
            losses.drop_fields(["bbox"])
        extra: Extra = dict(instances.extra[k])
        shape_type, points = _drawn(extra)
        found[image].append(
            Outgoing(
                id=ids[k],
                category=categories[instances.categories[k]],
                parts=of_polygon.get(k) if i is None else None,
                mask=None if i is None else crops[i],
                corner=(0, 0) if i is None else (corners[i][0], corners[i][1]),
                box=None if shaped[k] else instances.boxes[k],
                score=instances.scores[k],
                crowd=bool(instances.crowd[k]),
                shape_type=shape_type,
                points=points,
                extra=extra,
            )
        )
    return found


def _drawn(extra: dict[str, Any]) -> tuple[str | None, list[tuple[float, float]] | None]:
    """Take ``shape_type`` and ``points`` out of the further fields, if they are what we know."""
    shape_type, points = None, None
    with suppress(KeyError, *FAULTS):
        shape_type = _TEXT.decode(extra["shape_type"])
        del extra["shape_type"]
    with suppress(KeyError, *FAULTS):
        points = _POINTS.decode(extra["points"])
        del extra["points"]
    return shape_type, points


def _int_of(value: msgspec.Raw) -> int | None:
    """Whole number that a further field holds, or None."""
    try:
        return _INT.decode(value)
    except FAULTS:
        return None


def _lists(polygons: Polygons) -> list[list[list[list[list[float]]]]]:
    """Vertices of each mask, as lists of parts of rings."""
    coords = polygons.coords.tolist()
    ends = polygons.ring_offsets.tolist()
    rings = [coords[a:b] for a, b in pairwise(ends)]
    ends = polygons.part_offsets.tolist()
    parts = [rings[a:b] for a, b in pairwise(ends)]
    ends = polygons.mask_offsets.tolist()
    return [parts[a:b] for a, b in pairwise(ends)]


def _has_holes(parts: Sequence[Sequence[object]]) -> bool:
    return any(len(part) > 1 for part in parts)
