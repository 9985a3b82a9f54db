"""scikit-image: polygons by pixel centres; objects of a label map."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from skimage.draw import polygon2mask
from skimage.measure import regionprops

from benchmarks.baselines.base import Baseline
from benchmarks.baselines.drawing import drawing
from benchmarks.data import Array, LabelMapData, PolygonData, Rle, Size, rle_of_crop
from benchmarks.work import Work, rles_from_dense


class ScikitImage(Baseline):
    label = "scikit-image"
    distribution = "scikit-image"

    def rasterize(self, data: PolygonData) -> Work:
        return drawing(_fill, data, _row_column)

    def rasterize_center(self, data: PolygonData) -> Work:
        work = drawing(_fill, data, _row_column)
        return Work(work.run, lambda _: rles_from_dense(work.read(None)), note=work.note)

    def from_label_map(self, data: LabelMapData) -> Work:
        size = data.label_map.shape

        def read(crops: list[tuple[Array, int, int]]) -> list[Rle]:
            return [rle_of_crop(crop, top, left, size) for crop, top, left in crops]

        return Work(partial(_crops, data.label_map), read, note="dense crops")


def _row_column(ring: Array) -> Array:
    # scikit-image counts from the centre of the first pixel.
    return np.ascontiguousarray(ring[:, ::-1] - 0.5)


def _fill(rings: list[Array], size: Size) -> Array:
    dense: Array = polygon2mask(size, rings[0])  # type: ignore[no-untyped-call]
    for ring in rings[1:]:
        dense |= polygon2mask(size, ring)  # type: ignore[no-untyped-call]
    return dense


def _crops(label_map: Array) -> list[tuple[Any, int, int]]:
    found = regionprops(label_map)  # type: ignore[no-untyped-call]
    return [(r.image, r.bbox[0], r.bbox[1]) for r in found]


ENGINE = ScikitImage()
