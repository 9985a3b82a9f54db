"""Small datasets that no COCO file can hold: polygons with holes."""

from __future__ import annotations

import numpy as np

from maskmill import Masks, Polygons
from maskmill.datasets import Category, Dataset, Header, Images, Instances, Shapes, Shard


def one_with_a_hole() -> tuple[Dataset, Masks]:
    """One image with a frame, 8x8 with a hole of 4x4, and its mask."""
    square = [[1.0, 1.0], [9.0, 1.0], [9.0, 9.0], [1.0, 9.0]]
    hole = [[3.0, 3.0], [7.0, 3.0], [7.0, 7.0], [3.0, 7.0]]
    polygons = Polygons(
        np.array([*square, *hole]),
        np.array([0, 4, 8]),
        np.array([0, 2]),
        np.array([0, 1]),
        np.array([[10, 12]], np.int32),
    )
    shapes = Shapes.from_polygons(polygons)
    images = Images([1], ["a.jpg"], np.array([[10, 12]], np.int32), ["/images/0"], [{}])
    instances = Instances(
        np.array([0, 1]),
        [5],
        np.array([0]),
        np.array([False]),
        [None],
        [None],
        [None],
        shapes,
        [{}],
    )
    shard = Shard(images, instances)
    dataset = Dataset(Header((Category(1, "frame"),)), [lambda: shard], 1)
    return dataset, shard.masks()
