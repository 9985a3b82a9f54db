"""What the engines share that draw polygons into dense pictures, by pixel rules of their own.

Every mask is drawn into a new picture, which is dropped before the next one: so nobody pays for
memory that a program would not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.data import Array, PolygonData, Size
from benchmarks.work import Work

Draw = Callable[[Any, Size], Array]


def drawing(
    draw: Draw, data: PolygonData, form: Callable[[Array], Any], note: str = "dense"
) -> Work:
    """Draw every mask; ``form`` brings a ring (V, 2) to the engine's own form, untimed."""
    masks = [
        ([form(np.reshape(ring, (-1, 2))) for ring in segmentation], size)
        for segmentation, size in zip(data.segmentations, data.sizes, strict=True)
    ]

    def run() -> None:
        for rings, size in masks:
            draw(rings, size)

    def read(_: None) -> list[Array]:
        return [draw(rings, size) for rings, size in masks]

    return Work(run, read, note=note, edge_rule=True)
