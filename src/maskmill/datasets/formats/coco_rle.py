"""COCO instances whose every segmentation is compressed run lengths."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

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
from maskmill.datasets.format import Format, Options, Writer
from maskmill.datasets.formats.coco_polygons import COCO_CARRIES
from maskmill.datasets.losses import note_shapes
from maskmill.datasets.report import Losses
from maskmill.datasets.shapes import NO_SHAPE

__all__ = ["FORMAT", "CocoRle"]


class CocoRle(Format[Options]):
    """COCO instances JSON, all segmentations as compressed run lengths.

    An instance that has a box and nothing more keeps an empty list of polygons. Areas and boxes
    stay as the source states them.
    """

    name = "coco-rle"
    summary = "COCO instances JSON, every segmentation as compressed run lengths"
    carries = COCO_CARRIES - {"polygons", "parts"}

    def write(
        self, path: Path, header: Header, options: Options
    ) -> AbstractContextManager[Writer[Piece]]:
        return write_coco(path, header, options, _Writer)


FORMAT = CocoRle()


class _Writer(CocoWriter):
    def encode(self, shard: Shard, losses: Losses) -> Piece:
        masks = shard.masks(self._options.rule)
        note_shapes(shard, masks, losses)
        shaped = shard.instances.shapes.kinds != NO_SHAPE
        segmentations = [
            run_lengths if has_shape else []
            for run_lengths, has_shape in zip(masks.to_coco(), shaped.tolist(), strict=True)
        ]
        records = annotation_records(shard, self._categories, segmentations, masks, losses)
        return Piece(join_records(image_records(shard)), encode_annotations(shard, records))
