"""Instances as formats have them that know outlines only: one ring each, no holes, no parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill import ragged
from maskmill.backend.contract import RasterRule
from maskmill.datasets.dataset import Shard
from maskmill.datasets.keyholes import join_rings
from maskmill.datasets.report import DEGENERATE, EMPTY, Losses, LossKind
from maskmill.datasets.shapes import POLYGONS, RUN_LENGTHS
from maskmill.ops.combine import symmetric_difference
from maskmill.ops.measure import area
from maskmill.ops.rasterize import rasterize
from maskmill.ops.trace import trace
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.datasets.dataset import Id

__all__ = ["single_rings"]

TRACED: Final = LossKind(
    "traced",
    "instances that were run lengths and become polygons around their pixels",
    harmless=True,
)
JOINED: Final = LossKind("joined", "instances whose holes or parts are joined by bridges")
SPLIT: Final = LossKind("split", "instances whose parts become instances of their own")
CLAMPED: Final = LossKind(
    "clamped", "instances that reach out of their image, moved to its border", "vertices"
)
CHANGED: Final = LossKind("pixels_changed", "instances of which pixels changed", "pixels")


def single_rings(
    shard: Shard, rule: RasterRule, losses: Losses, *, split: bool = False, clamp: bool = False
) -> list[list[Array]]:
    """Give the rings of each instance.

    Parameters
    ----------
    shard : Shard
    rule : {"coco", "center"}
        How the pixels are counted that change.
    losses : Losses
        Takes what was done, and how many pixels it changes.
    split : bool
        Whether each part is a ring of its own; otherwise the parts are joined by bridges, as the
        holes are in any case.
    clamp : bool
        Whether vertices outside the image are moved to its border.

    Returns
    -------
    list of N lists of float64 arrays, shape (V, 2)
        One ring an instance, or one a part with ``split``; none where there is no shape, no pixel,
        or no ring of three vertices. A polygon of one ring is the array that it was.
    """
    shapes = shard.instances.shapes
    inside = shapes.rows_in_batches()
    batches = {POLYGONS: shapes.polygons, RUN_LENGTHS: trace(shapes.runs)}
    ids = shard.instances.ids
    noted: dict[LossKind, list[Id]] = {kind: [] for kind in (JOINED, SPLIT, CLAMPED, DEGENERATE)}
    changed: list[int] = []
    vertices = short = 0
    found: list[list[Array]] = [[] for _ in range(len(ids))]
    for k, kind in enumerate(shapes.kinds.tolist()):
        if kind not in batches:
            continue
        parts = _parts(batches[kind], int(inside[k]))
        whole = [[ring for ring in part if len(ring) >= 3] for part in parts]
        dropped = sum(map(len, parts)) - sum(map(len, whole))
        whole = [part for part in whole if part]
        kinds = set()
        if dropped:
            short += dropped
            kinds.add(DEGENERATE)
        if len(whole) > 1:
            kinds.add(SPLIT if split else JOINED)
        if any(len(part) > 1 for part in whole):
            kinds.add(JOINED)
        if split:
            rings = [join_rings(part) for part in whole]
        else:
            rings = [join_rings([ring for part in whole for ring in part])] if whole else []
        if clamp:
            limit = batches[kind].sizes[int(inside[k]), ::-1]
            moved = [np.clip(ring, 0, limit) for ring in rings]
            n_moved = sum(
                int((a != b).any(axis=1).sum()) for a, b in zip(moved, rings, strict=True)
            )
            if n_moved:
                vertices += n_moved
                kinds.add(CLAMPED)
                rings = moved
        for one in kinds:
            noted[one].append(ids[k])
        if kinds or kind == RUN_LENGTHS:
            changed.append(k)
        found[k] = rings
    for one, records in noted.items():
        losses.add(one, records, {CLAMPED: vertices, DEGENERATE: short}.get(one, 0))
    traced = np.flatnonzero(shapes.kinds == RUN_LENGTHS).tolist()
    losses.add(TRACED, [ids[k] for k in traced])
    losses.add(EMPTY, [ids[k] for k, rings in enumerate(found) if not rings and shapes.kinds[k]])
    _note_pixels(shard, found, changed, rule, losses)
    return found


def _parts(polygons: Polygons, k: int) -> list[list[Array]]:
    """Rings of the parts of one mask."""
    first, last = polygons.mask_offsets[k : k + 2].tolist()
    bounds = polygons.part_offsets[first : last + 1].tolist()
    ends = polygons.ring_offsets
    return [
        [polygons.coords[ends[r] : ends[r + 1]] for r in range(a, b)] for a, b in pairwise(bounds)
    ]


def _note_pixels(
    shard: Shard,
    rings: Sequence[Sequence[Array]],
    changed: list[int],
    rule: RasterRule,
    losses: Losses,
) -> None:
    """Count the pixels that have changed, by rasterizing what was and what is."""
    if not changed:
        return
    rows = np.array(changed, np.int64)
    sizes = shard.sizes()[rows]
    before = shard.instances.shapes[rows].masks(sizes, rule)
    own = [rings[k] for k in changed]
    flat = [ring for some in own for ring in some]
    after = Polygons(
        np.concatenate([*flat, np.zeros((0, 2))]),
        ragged.offsets_from_lengths(np.array([len(ring) for ring in flat], np.int64)),
        np.arange(len(flat) + 1, dtype=np.int64),
        ragged.offsets_from_lengths(np.array([len(some) for some in own], np.int64)),
        sizes,
    )
    pixels = area(symmetric_difference(before, rasterize(after, rule=rule)))
    ids = shard.instances.ids
    losses.add(CHANGED, [ids[k] for k in rows[pixels > 0].tolist()], int(pixels.sum()))
