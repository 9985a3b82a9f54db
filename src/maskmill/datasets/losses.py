"""What turning shapes into pixels loses, found out with few passes over the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill.backend.dispatch import backend_for
from maskmill.datasets.dataset import Shard
from maskmill.datasets.format import Carried
from maskmill.datasets.report import DEGENERATE, EMPTY, OUTSIDE, Losses, LossKind
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["note_dropped", "note_shapes"]


def note_shapes(shard: Shard, masks: Masks, losses: Losses) -> Array:
    """Note empty masks, vertices out of their image and rings that enclose nothing.

    Parameters
    ----------
    shard : Shard
    masks : Masks
        The masks of its instances.
    losses : Losses

    Returns
    -------
    int64 array, shape (N,)
        The pixels of each mask, since they are counted anyway.
    """
    shapes = shard.instances.shapes
    areas = backend_for(None).area(masks)
    ids = shard.instances.ids
    _note(EMPTY, ids, (areas == 0) & (shapes.kinds != NO_SHAPE), 0, losses)
    polygons = shapes.polygons
    if not len(polygons):
        return areas
    polygonal = np.flatnonzero(shapes.kinds == POLYGONS)
    of_masks = polygons.part_offsets[polygons.mask_offsets]  # in rings
    rings = np.diff(polygons.ring_offsets)
    short = _sums(np.less(rings, 3), of_masks)
    vertex_offsets = polygons.ring_offsets[of_masks]
    limits = np.repeat(polygons.sizes[:, ::-1], np.diff(vertex_offsets), axis=0)
    beyond = np.any((polygons.coords < 0) | (polygons.coords > limits), axis=1)
    outside = _sums(beyond, vertex_offsets)
    for kind, counts in ((DEGENERATE, short), (OUTSIDE, outside)):
        total = int(counts.sum())
        if total:
            _note(kind, [ids[k] for k in polygonal.tolist()], counts > 0, total, losses)
    return areas


def _sums(flags: Array, offsets: Array) -> Array:
    before = np.concatenate([[0], np.cumsum(flags)])
    sums: Array = before[offsets[1:]] - before[offsets[:-1]]
    return sums


def _note(
    kind: LossKind, ids: Sequence[int | str], chosen: Array, amount: int, losses: Losses
) -> None:
    losses.add(kind, [ids[k] for k in np.flatnonzero(chosen).tolist()], amount)


def note_dropped(shard: Shard, carries: frozenset[Carried], losses: Losses) -> None:
    """Note the columns and fields of images and instances that a format does not carry.

    Parameters
    ----------
    shard : Shard
    carries : frozenset
        What the format carries, see `Format.carries`.
    losses : Losses
    """
    instances = shard.instances
    if "scores" not in carries:
        losses.drop_fields(["score"] * sum(score is not None for score in instances.scores))
    if "fields" not in carries:
        kept = {name for name, kinds in _FIELDS.items() if kinds in carries}
        for extra in instances.extra:
            losses.drop_fields(extra.keys() - kept)
    if "image_fields" not in carries:
        for extra in shard.images.extra:
            losses.drop_fields(f"images/{name}" for name in extra)


_FIELDS: Final[dict[str, Carried]] = {
    "attributes": "attributes",
    "keypoints": "keypoints",
    "num_keypoints": "keypoints",
}
