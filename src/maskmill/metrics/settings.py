"""What an evaluation is asked for: thresholds, area ranges, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from maskmill.metrics.columns import as_numbers
from maskmill.metrics.overlaps import COCO_SIGMAS
from maskmill.ops.check import check_choice

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["AREA_RANGES", "KEYPOINT_AREA_RANGES", "IouType", "Settings"]

IouType: TypeAlias = Literal["segm", "bbox", "keypoints"]

AREA_RANGES: Final = {
    "all": (0, 1e10),
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, 1e10),
}
"""Smallest and largest area of each range, pixels, both inside."""

KEYPOINT_AREA_RANGES: Final = {name: AREA_RANGES[name] for name in ("all", "medium", "large")}


class Settings:
    """Parameters of `maskmill.metrics.coco.CocoEvaluator`, checked, with COCO's defaults."""

    def __init__(
        self,
        iou_type: IouType,
        iou_thresholds: object | None,
        recall_thresholds: object | None,
        area_ranges: Mapping[str, tuple[float, float]] | None,
        max_detections: Sequence[int] | None,
        sigmas: object | None,
    ) -> None:
        name = "CocoEvaluator"
        check_choice(name, "iou_type", iou_type, get_args(IouType))
        self.iou_type = iou_type
        self.keypoints = iou_type == "keypoints"
        default_ranges = KEYPOINT_AREA_RANGES if self.keypoints else AREA_RANGES
        self.area_ranges = dict(default_ranges if area_ranges is None else area_ranges)
        limits = [20] if self.keypoints else [1, 10, 100]
        self.max_detections = sorted(limits if max_detections is None else max_detections)
        if not self.max_detections or self.max_detections[0] < 1:
            raise ValueError(
                f"{name}: max_detections must be positive numbers, got {self.max_detections}. "
                "COCO has [1, 10, 100]."
            )
        # Two of these differ from 0.5 + 0.05 * i in the last bit.
        default = np.linspace(0.5, 0.95, 10) if iou_thresholds is None else iou_thresholds
        self.iou_thresholds = as_numbers(name, "iou_thresholds", default, (-1,))
        default = np.linspace(0, 1, 101) if recall_thresholds is None else recall_thresholds
        self.recall_thresholds = as_numbers(name, "recall_thresholds", default, (-1,))
        for column in ("iou_thresholds", "recall_thresholds"):
            if not len(getattr(self, column)):
                raise ValueError(f"{name}: {column} must have a value, got none. Leave it out.")
        self.sigmas = as_numbers(name, "sigmas", COCO_SIGMAS if sigmas is None else sigmas, (-1,))
        edges = list(self.area_ranges.values())
        self._edges = as_numbers(name, "area_ranges", edges, (len(edges), 2))
        if not edges:
            raise ValueError(f"{name}: area_ranges must have a range, got none. Leave it out.")

    def ranges(self) -> tuple[Array, Array]:
        """Smallest and largest area of each range, float64 (A, 1) both."""
        return self._edges[:, :1], self._edges[:, 1:]
