"""What turning shapes into pixels loses, found out with few passes over the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskmill.backend.dispatch import backend_for
from maskmill.datasets.dataset import Shard
from maskmill.datasets.report import DEGENERATE, EMPTY, OUTSIDE, Losses, LossKind
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["note_shapes"]


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
