"""Pillow: polygons filled with their outline; bitmaps pasted."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.baselines.base import Baseline
from benchmarks.baselines.drawing import drawing
from benchmarks.data import Array, PaintData, PolygonData, Size
from benchmarks.work import Work, same


class Pillow(Baseline):
    label = "Pillow"
    distribution = "pillow"

    def rasterize(self, data: PolygonData) -> Work:
        return drawing(_fill, data, lambda ring: (ring - 0.5).reshape(-1).tolist())

    def label_map(self, data: PaintData) -> Work:
        """Pasted bitmaps, each cut to its box before."""
        bitmaps = []
        for label, dense in zip(data.labels.tolist(), data.masks.dense, strict=True):
            picture = Image.fromarray(dense * 255).convert("1")
            box = picture.getbbox()
            bitmaps.append((label, box, picture.crop(box)))
        return Work(partial(_paste, data.size, bitmaps), same, note="from bitmaps")


def _fill(rings: list[list[float]], size: Size) -> Array:
    picture = Image.new("L", size[::-1])
    draw = ImageDraw.Draw(picture)
    for ring in rings:
        draw.polygon(ring, fill=1)
    return np.asarray(picture)


def _paste(size: Size, bitmaps: list[Any]) -> Array:
    picture = Image.new("L", size[::-1])
    for label, box, bitmap in bitmaps:
        picture.paste(label, box, bitmap)
    return np.asarray(picture)


ENGINE = Pillow()
