"""The array program: every operation as short, vectorised NumPy. The executable specification.

Each module holds one operation as plain functions; `Program` binds them to the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from maskmill.backend.arrays import Array
from maskmill.backend.contract import BackendName, Connectivity, RasterRule, Segmentations, SetOp
from maskmill.backend.program import (
    boundary,
    combine,
    components,
    decode,
    encode,
    iou,
    label_map,
    measure,
    rasterize,
    segmentation,
    strings,
    trace,
    transform,
)
from maskmill.masks import Masks
from maskmill.polygons import Polygons


class Program:
    """The reference backend."""

    name: Final[BackendName] = "numpy"

    def rasterize(self, polygons: Polygons, rule: RasterRule) -> Masks:
        return rasterize.rasterize(polygons, rule)

    def trace(self, masks: Masks, tolerance: float) -> Polygons:
        return trace.trace(masks, tolerance)

    def components(self, masks: Masks, connectivity: Connectivity) -> tuple[Masks, Array]:
        return components.components(masks, connectivity)

    def gather(self, masks: Masks, rows: Array, columns: Array, sizes: Array) -> Masks:
        return transform.gather(masks, rows, columns, sizes)

    def transpose(self, masks: Masks) -> Masks:
        return transform.transpose(masks)

    def erode(self, masks: Masks, radii: Array) -> Masks:
        return boundary.erode(masks, radii)

    def dilate(self, masks: Masks, radii: Array) -> Masks:
        return boundary.dilate(masks, radii)

    def encode(self, dense: Array) -> Masks:
        return encode.encode(dense)

    def decode(self, masks: Masks, out: Array) -> None:
        decode.decode(masks, out)

    def area(self, masks: Masks) -> Array:
        return measure.area(masks)

    def bbox(self, masks: Masks) -> Array:
        return measure.bbox(masks)

    def combine(self, a: Masks, b: Masks, op: SetOp) -> Masks:
        return combine.combine(a, b, op)

    def complement(self, masks: Masks) -> Masks:
        return combine.complement(masks)

    def merge(self, masks: Masks, groups: Array, op: SetOp, sizes: Array) -> Masks:
        return combine.merge(masks, groups, op, sizes)

    def intersection_area(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return iou.intersection_area(a, b, groups_a, groups_b)

    def iou(
        self, a: Masks, b: Masks, groups_a: Array, groups_b: Array, crowd: Array | None
    ) -> Array:
        return iou.iou(a, b, groups_a, groups_b, crowd)

    def dice(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return iou.dice(a, b, groups_a, groups_b)

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
        label_map.label_map(masks, labels, order, groups, sizes, background, out)

    def from_label_map(self, maps: Array, ignore: Array) -> tuple[Masks, Array, Array]:
        return label_map.from_label_map(maps, ignore)

    def to_counts(self, masks: Masks) -> tuple[Array, Array]:
        return strings.to_counts(masks)

    def from_counts(self, counts: Array, offsets: Array, sizes: Array) -> Masks:
        return strings.from_counts(counts, offsets, sizes)

    def to_coco_strings(self, masks: Masks) -> tuple[Array, Array]:
        return strings.to_coco_strings(masks)

    def from_coco_strings(self, chars: Array, offsets: Array, sizes: Array) -> Masks:
        return strings.from_coco_strings(chars, offsets, sizes)

    def parse_segmentations(self, texts: Sequence[bytes | memoryview]) -> Segmentations:
        return segmentation.parse_segmentations(texts)
