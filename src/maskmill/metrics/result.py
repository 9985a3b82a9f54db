"""What a COCO evaluation gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from maskmill.metrics.summary import Summary, summarize

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["CocoResult"]


@dataclass(frozen=True)
class CocoResult:
    """Curves over T thresholds, R recalls, K categories, A area ranges, M detection limits.

    Attributes
    ----------
    precision : float64 (T, R, K, A, M)
        -1 where a category has no objects that count.
    recall : float64 (T, K, A, M)
    scores : float64 (T, R, K, A, M)
        The score at which each recall is reached.
    categories : array (K,)
    iou_thresholds, recall_thresholds : float64 arrays (T,), (R,)
    area_labels : list of A str
    max_detections : list of M int
    keypoints : bool
    """

    precision: Array
    recall: Array
    scores: Array
    categories: Array
    iou_thresholds: Array
    recall_thresholds: Array
    area_labels: list[str]
    max_detections: list[int]
    keypoints: bool

    @cached_property
    def _summary(self) -> Summary:
        return summarize(
            self.precision,
            self.recall,
            self.iou_thresholds,
            self.area_labels,
            self.max_detections,
            self.keypoints,
        )

    @property
    def stats(self) -> Array:
        """The twelve averages of COCO, ten for keypoints; -1 where nothing counts."""
        return self._summary.stats

    @property
    def text(self) -> str:
        """The averages as pycocotools prints them."""
        return "\n".join(self._summary.lines)

    def per_category(self) -> dict[str, Array]:
        """Average precision and recall of each category: ``AP``, ``AP50``, ``AR``, float64 (K,).

        Of the first area range and the largest detection limit; -1 where nothing counts. ``AP50``
        is left out where 0.5 is no threshold.
        """
        columns = {"AP": self.precision[..., 0, -1], "AR": self.recall[..., 0, -1]}
        half = np.flatnonzero(self.iou_thresholds == 0.5)
        if len(half):
            columns["AP50"] = columns["AP"][half]
        return {
            name: np.array(
                [_mean(np.take(values, k, axis=-1)) for k in range(len(self.categories))],
                np.float64,
            )
            for name, values in columns.items()
        }


def _mean(values: Array) -> float:
    known = values[values > -1]
    return float(np.mean(known)) if len(known) else -1.0
