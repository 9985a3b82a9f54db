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
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS, Shapes
from maskmill.masks import Masks
from maskmill.ops.decode import decode
from maskmill.ops.trace import trace
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["NO_PLACE", "Groups", "Outgoing", "instances_of", "member_fields"]

HOLES_AS_MASKS: Final = LossKind(
    "holes_as_masks", "instances with holes, which polygons of the format cannot have, as masks"
)
MASKS_AS_POLYGONS: Final = LossKind(
    "masks_as_polygons",
    "instances that are masks, which the format does not have, as polygons around their pixels",
)
BRIDGED: Final = LossKind(
    "holes_bridged",
    "instances with holes, which the format does not have, joined to their outlines by bridges "
    "without width",
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
        Whether the format has masks; otherwise they become polygons, holes bridged.
    """
    instances = shard.instances
    shapes = instances.shapes
    ids = instances.ids
    if not masks:
        shapes = _traced(shapes, ids, losses)
    parts = lists_of(shapes.polygons)
    polygonal = np.flatnonzero(shapes.kinds == POLYGONS)
    as_masks = shapes.kinds == RUN_LENGTHS
    if not holes:
        holed = [k for k, p in zip(polygonal.tolist(), parts, strict=True) if _has_holes(p)]
        losses.add(HOLES_AS_MASKS if masks else BRIDGED, [ids[k] for k in holed])
        if masks:
            as_masks[holed] = True
        else:
            parts = [[[bridged(part)] for part in p] for p in parts]
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
        if k in empty:
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


def lists_of(polygons: Polygons) -> list[list[list[list[list[float]]]]]:
    """Vertices of each mask, as lists of parts of rings."""
    coords = polygons.coords.tolist()
    ends = polygons.ring_offsets.tolist()
    rings = [coords[a:b] for a, b in pairwise(ends)]
    ends = polygons.part_offsets.tolist()
    parts = [rings[a:b] for a, b in pairwise(ends)]
    ends = polygons.mask_offsets.tolist()
    return [parts[a:b] for a, b in pairwise(ends)]


def _traced(shapes: Shapes, ids: Sequence[Id], losses: Losses) -> Shapes:
    """Turn masks into polygons around their pixels."""
    rows = np.flatnonzero(shapes.kinds == RUN_LENGTHS)
    if not len(rows):
        return shapes
    losses.add(MASKS_AS_POLYGONS, [ids[k] for k in rows.tolist()])
    batch = Polygons.concatenate([shapes.polygons, trace(shapes.runs)])
    kinds = np.where(shapes.kinds == RUN_LENGTHS, np.uint8(POLYGONS), shapes.kinds)
    order = np.concatenate([np.flatnonzero(shapes.kinds == POLYGONS), rows])
    return Shapes(kinds, batch[np.argsort(order, kind="stable")], Masks.empty())


def bridged(part: list[list[list[float]]]) -> list[list[float]]:
    """Join the holes of a part to its outline, each by a bridge there and back."""
    outline, *holes = part
    ring = outline
    for hole in holes:
        if not hole or not ring:
            continue
        start = int(np.argmin(np.array(hole)[:, 0]))
        turned = hole[start:] + hole[: start + 1]
        far = np.hypot(*(np.array(ring) - turned[0]).T)
        at = int(np.argmin(far))
        ring = [*ring[: at + 1], *turned, *ring[at:]]
    return ring


def _has_holes(parts: Sequence[Sequence[object]]) -> bool:
    return any(len(part) > 1 for part in parts)
