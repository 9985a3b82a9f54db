"""The one signature: every engine takes the data of a workload and gives the work to be timed."""

from __future__ import annotations

from typing import Any, ClassVar

from benchmarks.data import (
    DenseData,
    FileData,
    LabelMapData,
    MaskData,
    PaintData,
    PairData,
    PolygonData,
)
from benchmarks.work import NotOfferedError, Work


class Baseline:
    """An engine. What it does not override, it does not offer."""

    label: ClassVar[str]
    distribution: ClassVar[str]

    def work(self, operation: str, data: Any) -> Work:
        """Give the work of an operation by its name."""
        work: Work = getattr(self, operation)(data)
        return work

    def rasterize(self, data: PolygonData) -> Work:
        """Polygons to masks by COCO's rule: run lengths of every mask."""
        raise NotOfferedError("no rasterization")

    def rasterize_center(self, data: PolygonData) -> Work:
        """Polygons to masks by pixel centres: run lengths of every mask."""
        raise NotOfferedError("no rasterization by pixel centres")

    def decode(self, data: MaskData) -> Work:
        """Run lengths to dense masks of one size, into a given buffer where that is offered."""
        raise NotOfferedError("no run lengths")

    def encode(self, data: DenseData) -> Work:
        """Dense masks to run lengths."""
        raise NotOfferedError("no run lengths")

    def iou(self, data: PairData) -> Work:
        """IoU of all pairs of every image: one matrix an image."""
        raise NotOfferedError("no IoU of masks")

    def area(self, data: MaskData) -> Work:
        """Pixels of each mask."""
        raise NotOfferedError("no run lengths")

    def bbox(self, data: MaskData) -> Work:
        """Box of each mask: x, y, width, height."""
        raise NotOfferedError("no run lengths")

    def from_strings(self, data: MaskData) -> Work:
        """COCO strings to masks in the engine's working form."""
        raise NotOfferedError("no run lengths")

    def union(self, data: MaskData) -> Work:
        """The union of all masks: the run lengths of one mask."""
        raise NotOfferedError("no union of run lengths")

    def label_map(self, data: PaintData) -> Work:
        """Instances to one label map, the last on top."""
        raise NotOfferedError("no label maps")

    def from_label_map(self, data: LabelMapData) -> Work:
        """A label map to the run lengths of every label."""
        raise NotOfferedError("no masks of a label map")

    def read_coco(self, data: FileData) -> Work:
        """A COCO file to the run lengths of every annotation."""
        raise NotOfferedError("no COCO files")

    def encode_one(self, data: DenseData) -> Work:
        """One small mask, Fortran order, to run lengths."""
        raise NotOfferedError("no run lengths")

    def decode_one(self, data: MaskData) -> Work:
        """One small mask to a new dense array."""
        raise NotOfferedError("no run lengths")

    def iou_one(self, data: PairData) -> Work:
        """IoU of one small mask with one other."""
        raise NotOfferedError("no IoU of masks")
