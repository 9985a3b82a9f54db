"""OpenCV: polygons filled with their outline, on a grid of 1/256 pixel."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np

from benchmarks.baselines.base import Baseline
from benchmarks.baselines.drawing import drawing
from benchmarks.data import Array, PaintData, PolygonData, Size
from benchmarks.work import Work, same

_SHIFT = 8


class OpenCV(Baseline):
    label = "OpenCV"
    distribution = "opencv-python-headless"

    def rasterize(self, data: PolygonData) -> Work:
        return drawing(_fill, data, _on_grid)

    def label_map(self, data: PaintData) -> Work:
        """Filled contours; the contours of the masks are found before."""
        contours = []
        for mask in data.masks.dense:
            found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            contours.append(found)
        labels = data.labels.tolist()
        return Work(partial(_paint, data.size, contours, labels), same, note="from contours")


def _on_grid(ring: Array) -> Array:
    # OpenCV counts from the centre of the first pixel.
    grid: Array = np.rint((ring - 0.5) * 2**_SHIFT).astype(np.int32)
    return grid


def _fill(rings: list[Array], size: Size) -> Array:
    dense = np.zeros(size, np.uint8)
    for ring in rings:
        cv2.fillPoly(dense, [ring], 1, cv2.LINE_8, _SHIFT)
    return dense


def _paint(size: Size, contours: list[Any], labels: list[int]) -> Array:
    label_map = np.zeros(size, np.uint8)
    for label, found in zip(labels, contours, strict=True):
        cv2.drawContours(label_map, found, -1, label, cv2.FILLED)
    return label_map


ENGINE = OpenCV()
