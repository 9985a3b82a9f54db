"""The twelve numbers of COCO (ten for keypoints), and the lines that print them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Summary", "summarize"]


class Summary(NamedTuple):
    """What `summarize` returns."""

    stats: Array
    """float64 (12,), or (10,) for keypoints; -1 where no category has objects that count."""
    lines: list[str]
    """One a number, character for character as pycocotools prints them."""


def summarize(
    precision: Array,
    recall: Array,
    iou_thresholds: Array,
    area_labels: Sequence[str],
    max_detections: Sequence[int],
    keypoints: bool,
) -> Summary:
    """Average curves over thresholds, recalls and categories, as COCO reports them.

    Raises
    ------
    ValueError
        If there are fewer than three detection limits (keypoints need none).
    """
    limits = list(max_detections)
    if not keypoints and len(limits) < 3:
        raise ValueError(
            f"summarize: max_detections must have three values, got {limits}. "
            "Read precision and recall, or evaluate with [1, 10, 100]."
        )
    stats, lines = [], []
    for is_precision, threshold, area, limit in _rows(limits, keypoints):
        values = precision if is_precision else recall
        if threshold is not None:
            values = values[np.flatnonzero(threshold == iou_thresholds)]
        ranges = [i for i, label in enumerate(area_labels) if label == area]
        places = [i for i, given in enumerate(limits) if given == limit]
        values = values[..., ranges, places]
        known = values[values > -1]
        mean = np.mean(known) if len(known) else -1
        title = "Average Precision  (AP)" if is_precision else "Average Recall     (AR)"
        span = f"{iou_thresholds[0]:0.2f}:{iou_thresholds[-1]:0.2f}"
        span = span if threshold is None else f"{threshold:0.2f}"
        lines.append(
            f" {title} @[ IoU={span:<9} | area={area:>6s} | maxDets={limit:>3d} ] = {mean:0.3f}"
        )
        stats.append(mean)
    return Summary(np.array(stats, np.float64), lines)


def _rows(limits: list[int], keypoints: bool) -> list[tuple[bool, float | None, str, int]]:
    """Whether it is precision, the threshold or None for all, area range, detection limit."""
    if keypoints:
        spans = [(None, "all"), (0.5, "all"), (0.75, "all"), (None, "medium"), (None, "large")]
        return [(kind, *span, 20) for kind in (True, False) for span in spans]
    low, middle, high = limits[:3]
    sizes = ("small", "medium", "large")
    return [
        (True, None, "all", 100),
        (True, 0.5, "all", high),
        (True, 0.75, "all", high),
        *[(True, None, size, high) for size in sizes],
        *[(False, None, "all", limit) for limit in (low, middle, high)],
        *[(False, None, size, high) for size in sizes],
    ]
