"""Binds the compiled extension to the contract: columns in, columns out, no logic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from maskmill import _core
from maskmill.backend.arrays import Array
from maskmill.backend.contract import BackendName, Connectivity, RasterRule, Segmentations, SetOp
from maskmill.concurrency import thread_count
from maskmill.masks import Masks
from maskmill.polygons import Polygons


class Native:
    """The C++ backend."""

    name: Final[BackendName] = "cpu"

    def rasterize(self, polygons: Polygons, rule: RasterRule) -> Masks:
        bounds, offsets = _core.rasterize(
            polygons.coords,
            polygons.ring_offsets,
            polygons.part_offsets,
            polygons.mask_offsets,
            polygons.sizes,
            rule,
            thread_count(),
        )
        return Masks.from_trusted(bounds, offsets, polygons.sizes)

    def trace(self, masks: Masks, tolerance: float) -> Polygons:
        coords, rings, parts, polygons = _core.trace(
            masks.bounds, masks.offsets, masks.sizes, tolerance, thread_count()
        )
        return Polygons.from_trusted(coords.reshape(-1, 2), rings, parts, polygons, masks.sizes)

    def components(self, masks: Masks, connectivity: Connectivity) -> tuple[Masks, Array]:
        bounds, offsets, groups = _core.components(
            masks.bounds, masks.offsets, masks.sizes, connectivity, thread_count()
        )
        sizes = np.repeat(masks.sizes, np.diff(groups), axis=0)
        return Masks.from_trusted(bounds, offsets, sizes), groups

    def gather(self, masks: Masks, rows: Array, columns: Array, sizes: Array) -> Masks:
        bounds, offsets = _core.gather(
            masks.bounds, masks.offsets, masks.sizes, rows, columns, sizes, thread_count()
        )
        return Masks.from_trusted(bounds, offsets, sizes)

    def transpose(self, masks: Masks) -> Masks:
        bounds, offsets = _core.transpose(masks.bounds, masks.offsets, masks.sizes, thread_count())
        return Masks.from_trusted(bounds, offsets, np.ascontiguousarray(masks.sizes[:, ::-1]))

    def erode(self, masks: Masks, radii: Array) -> Masks:
        bounds, offsets = _core.erode(
            masks.bounds, masks.offsets, masks.sizes, radii, thread_count()
        )
        return Masks.from_trusted(bounds, offsets, masks.sizes)

    def dilate(self, masks: Masks, radii: Array) -> Masks:
        bounds, offsets = _core.dilate(
            masks.bounds, masks.offsets, masks.sizes, radii, thread_count()
        )
        return Masks.from_trusted(bounds, offsets, masks.sizes)

    def encode(self, dense: Array) -> Masks:
        return Masks.from_trusted(*_core.encode(dense, thread_count()))

    def decode(self, masks: Masks, out: Array) -> None:
        _core.decode(masks.bounds, masks.offsets, out, thread_count())

    def area(self, masks: Masks) -> Array:
        return _core.area(masks.bounds, masks.offsets, thread_count())

    def bbox(self, masks: Masks) -> Array:
        return _core.bbox(masks.bounds, masks.offsets, masks.sizes, thread_count())

    def combine(self, a: Masks, b: Masks, op: SetOp) -> Masks:
        bounds, offsets = _core.combine(
            a.bounds, a.offsets, b.bounds, b.offsets, op, thread_count()
        )
        return Masks.from_trusted(bounds, offsets, a.sizes if len(b) == 1 else b.sizes)

    def complement(self, masks: Masks) -> Masks:
        bounds, offsets = _core.complement(masks.bounds, masks.offsets, masks.sizes, thread_count())
        return Masks.from_trusted(bounds, offsets, masks.sizes)

    def merge(self, masks: Masks, groups: Array, op: SetOp, sizes: Array) -> Masks:
        bounds, offsets = _core.merge(
            masks.bounds, masks.offsets, groups, op, sizes, thread_count()
        )
        return Masks.from_trusted(bounds, offsets, sizes)

    def intersection_area(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return _core.intersection_area(
            a.bounds, a.offsets, b.bounds, b.offsets, a.sizes, b.sizes, groups_a, groups_b,
            thread_count(),
        )  # fmt: skip

    def iou(
        self, a: Masks, b: Masks, groups_a: Array, groups_b: Array, crowd: Array | None
    ) -> Array:
        return _core.iou(
            a.bounds, a.offsets, b.bounds, b.offsets, a.sizes, b.sizes, groups_a, groups_b,
            crowd, thread_count(),
        )  # fmt: skip

    def dice(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return _core.dice(
            a.bounds, a.offsets, b.bounds, b.offsets, a.sizes, b.sizes, groups_a, groups_b,
            thread_count(),
        )  # fmt: skip

    def label_map(
        self,
        masks: Masks,
        labels: Array,
        order: Array,
        groups: Array,
        sizes: Array,
        background: int,
        out: Array,
    ) -> None:
        _core.label_map(
            masks.bounds, masks.offsets, labels, order, groups, sizes, background, out,
            thread_count(),
        )  # fmt: skip

    def from_label_map(self, maps: Array, ignore: Array) -> tuple[Masks, Array, Array]:
        bounds, offsets, sizes, labels, groups = _core.from_label_map(maps, ignore, thread_count())
        return Masks.from_trusted(bounds, offsets, sizes), labels, groups

    def to_counts(self, masks: Masks) -> tuple[Array, Array]:
        return _core.to_counts(masks.bounds, masks.offsets, masks.sizes, thread_count())

    def from_counts(self, counts: Array, offsets: Array, sizes: Array) -> Masks:
        bounds, out_offsets = _core.from_counts(counts, offsets, sizes, thread_count())
        return Masks.from_trusted(bounds, out_offsets, sizes)

    def to_coco_strings(self, masks: Masks) -> tuple[Array, Array]:
        return _core.to_coco_strings(masks.bounds, masks.offsets, masks.sizes, thread_count())

    def from_coco_strings(self, chars: Array, offsets: Array, sizes: Array) -> Masks:
        bounds, out_offsets = _core.from_coco_strings(chars, offsets, sizes, thread_count())
        return Masks.from_trusted(bounds, out_offsets, sizes)

    def parse_segmentations(self, texts: Sequence[bytes | memoryview]) -> Segmentations:
        return Segmentations(*_core.parse_segmentations(texts, thread_count()))
