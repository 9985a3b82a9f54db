"""COCO instances whose polygons stay the polygons that they are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from maskmill.datasets.coco_file import (
    CocoWriter,
    Piece,
    annotation_records,
    encode_annotations,
    image_records,
    join_records,
    write_coco,
)
from maskmill.datasets.dataset import Header, Shard
from maskmill.datasets.format import Carried, Format, Options, Writer
from maskmill.datasets.report import HOLES, NOT_POLYGONS, Losses
from maskmill.datasets.shapes import POLYGONS, RUN_LENGTHS, Shapes
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["COCO_CARRIES", "FORMAT", "CocoPolygons", "PolygonWriter"]


COCO_CARRIES: Final[frozenset[Carried]] = frozenset(get_args(Carried)) - {"holes"}
"""COCO has no rings inside rings; polygons with holes go as run lengths, pixel for pixel."""


class CocoPolygons(Format[Options]):
    """COCO instances JSON, polygons as the numbers that they are.

    Run lengths stay run lengths, written as uncompressed counts like the crowd regions of COCO's
    own files. COCO cannot say that a polygon has holes: such an instance becomes run lengths.
    """

    name = "coco-polygons"
    summary = "COCO instances JSON, polygons kept as they are, run lengths as counts"
    carries = COCO_CARRIES

    def write(
        self, path: Path, header: Header, options: Options
    ) -> AbstractContextManager[Writer[Piece]]:
        return write_coco(path, header, options, PolygonWriter)


FORMAT = CocoPolygons()


class PolygonWriter(CocoWriter):
    """Writes polygons as they are."""

    compressed = False
    """Whether run lengths are strings."""

    def encode(self, shard: Shard, losses: Losses) -> Piece:
        segmentations = self.segmentations(shard, losses)
        records = annotation_records(shard, self._categories, segmentations, None, losses)
        return Piece(join_records(image_records(shard)), encode_annotations(shard, records))

    def segmentations(self, shard: Shard, losses: Losses) -> list[object]:
        """Give what stands in the field ``segmentation`` of each instance."""
        instances = shard.instances
        shapes = instances.shapes
        holed = np.zeros(len(shapes), bool)
        holed[shapes.kinds == POLYGONS] = _has_holes(shapes.polygons)
        segmentations = self._segmentations(shapes, holed, shard.sizes())
        for kind, rows in (
            (NOT_POLYGONS, np.flatnonzero(shapes.kinds == RUN_LENGTHS)),
            (HOLES, np.flatnonzero(holed)),
        ):
            losses.add(kind, [instances.ids[k] for k in rows.tolist()])
        return segmentations

    def _segmentations(self, shapes: Shapes, holed: Array, sizes: Array) -> list[object]:
        segmentations: list[object] = [[] for _ in range(len(shapes))]
        polygonal = np.flatnonzero(shapes.kinds == POLYGONS)
        lists = shapes.polygons.to_coco(holes="fill")  # those with holes are replaced below
        for k, rings in zip(polygonal.tolist(), lists, strict=True):
            segmentations[k] = rings
        as_runs = np.flatnonzero(holed | (shapes.kinds == RUN_LENGTHS))
        masks = shapes[as_runs].masks(sizes[as_runs], self._options.rule)
        for k, run_lengths in zip(
            as_runs.tolist(), masks.to_coco(compressed=self.compressed), strict=True
        ):
            segmentations[k] = run_lengths
        return segmentations


def _has_holes(polygons: Polygons) -> Array:
    """Whether a part of each mask has more than its outline, bool (N,)."""
    before = np.concatenate([[0], np.cumsum(np.diff(polygons.part_offsets) > 1)])
    holed: Array = before[polygons.mask_offsets[1:]] > before[polygons.mask_offsets[:-1]]
    return holed
