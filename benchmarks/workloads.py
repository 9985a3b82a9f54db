"""The named workloads. Each takes a size in (0, 1]: the share of the full work; seeds are fixed.

======================  ===========================================================================
coco_instances          2,235 polygon masks of COCO and LVIS files, repeated where said
lvis                    502 polygon masks of an LVIS file: more vertices, larger images
coco_detections         detections against ground truth with crowds, image by image
coco_file               a COCO file of 42,000 annotations, about 24 MB
countries_98k           the 1,600 rings of the world's countries, 98k vertices, on 2048x4096
sam_everything          100 masks of 1500x2250: what a segment-everything model gives for a photo
crowded                 500 masks of 480x640 that nearly all overlap
stack_of_20             20 overlapping masks of 480x640
street                  20 instances on 1024x2048
satellite               a 10,000x10,000 label map with 10,000 objects
noise                   16 masks of 512x512 at random: a run every other pixel
tiny                    4 masks of 64x64
huge                    one mask of 30,000x30,000
======================  ===========================================================================
"""

from __future__ import annotations

import tempfile
from functools import cache
from itertools import cycle, islice
from math import sqrt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import real
from benchmarks.data import (
    DenseData,
    FileData,
    ImagePairs,
    LabelMapData,
    MaskData,
    PaintData,
    PairData,
    PolygonData,
    Rle,
    rle_of_crop,
)


def coco_instances(size: float, times: int = 1) -> PolygonData:
    segmentations, sizes = real.polygons(*real.COCO, *real.LVIS)
    n = _count(len(sizes) * times, size)
    return PolygonData(_repeat(segmentations, n), _repeat(sizes, n))


def lvis(size: float) -> PolygonData:
    segmentations, sizes = real.polygons(*real.LVIS)
    n = _count(len(sizes), size)
    return PolygonData(segmentations[:n], sizes[:n])


def countries_98k(size: float) -> PolygonData:
    rings, extent = real.countries()
    n = _count(len(rings), size)
    return PolygonData(rings[:n], [extent] * n)


def coco_detections(size: float, times: int = 8) -> PairData:
    images = []
    for name in real.DETECTIONS:
        found = real.detections(name)
        truths: dict[int, list[real.Annotation]] = {}
        for annotation in real.instances(name):
            truths.setdefault(annotation.image, []).append(annotation)
        images += [
            ImagePairs(
                found.get(image, []),
                [_rle(a) for a in own],
                [int(a.crowd) for a in own],
            )
            for image, own in truths.items()
        ]
    return PairData(_repeat(images, _count(len(images) * times, size)))


def coco_file(size: float) -> FileData:
    """Write the file into a temporary folder; it stays until the process ends.

    Every repetition has images of its own, and annotations lie image after image.
    """
    found = sorted(
        ((name, a) for name in real.COCO for a in real.instances(name)),
        key=lambda pair: (pair[0], pair[1].image),
    )
    n = _count(42_000, size)
    places = [(i // len(found), *found[i % len(found)]) for i in range(n)]
    images: dict[tuple[int, str, int], real.Annotation] = {}
    for repetition, name, annotation in places:
        images.setdefault((repetition, name, annotation.image), annotation)
    number = {image: i + 1 for i, image in enumerate(images)}
    file = {
        "images": [
            {"id": number[image], "height": a.size[0], "width": a.size[1], "file_name": "image.jpg"}
            for image, a in images.items()
        ],
        "annotations": [
            {
                "segmentation": a.segmentation,
                "area": 1.0,
                "iscrowd": int(a.crowd),
                "image_id": number[repetition, name, a.image],
                "bbox": [0.0, 0.0, 1.0, 1.0],
                "category_id": 1,
                "id": i + 1,
            }
            for i, (repetition, name, a) in enumerate(places)
        ],
        "categories": [{"id": 1, "name": "thing", "supercategory": "thing"}],
    }
    path = _folder() / f"coco_{n}.json"
    path.write_bytes(msgspec.json.encode(file))
    drawn = _repeat([_rle(a) for _, a in found[:n]], n)
    return FileData(path, drawn)


def sam_everything(size: float) -> MaskData:
    return _blobs(_count(100, size), (1500, 2250), (10, 600), seed=1).masks


def crowded_polygons(size: float, seed: int = 2) -> PolygonData:
    return _blobs(_count(500, size), (480, 640), (80, 220), seed=seed, spread=0.3)


def crowded_pairs(size: float) -> PairData:
    a, b = (crowded_polygons(sqrt(size), seed).rles for seed in (2, 3))
    return PairData([ImagePairs(a, b, [0] * len(b))])


def stack_of_20(size: float) -> MaskData:
    return _blobs(_count(20, size), (480, 640), (60, 200), seed=4, spread=0.4).masks


def street(size: float) -> PaintData:
    return PaintData(_blobs(_count(20, size), (1024, 2048), (20, 250), seed=5).masks)


def street_map(size: float) -> LabelMapData:
    label_map = street(size).label_map
    return LabelMapData(label_map, _encode([label_map == k for k in np.unique(label_map)[1:]]))


def satellite(size: float) -> LabelMapData:
    """Every object lies in a cell of 100x100 of its own."""
    cells = max(2, round(100 * sqrt(size)))
    side = 100 * cells
    shapes = _blobs(cells * cells, (100, 100), (15, 42), seed=6, spread=0.05).rles
    label_map = np.zeros((side, side), np.int32)
    rles = []
    for i, shape in enumerate(shapes):
        row, column = divmod(i, cells)
        crop = coco_mask.decode(shape)
        label_map[100 * row : 100 * row + 100, 100 * column : 100 * column + 100] = np.where(
            crop, i + 1, 0
        )
        rles.append(rle_of_crop(crop, 100 * row, 100 * column, (side, side)))
    return LabelMapData(label_map, rles)


def noise(size: float) -> MaskData:
    stack = np.random.default_rng(7).random((_count(16, size), 512, 512)) < 0.5
    return MaskData(_encode(list(stack)))


def tiny(size: float) -> MaskData:
    return _blobs(_count(4, size), (64, 64), (8, 24), seed=8).masks


def huge(size: float) -> MaskData:
    side = _count(30_000, sqrt(size))
    return _blobs(1, (side, side), (0.3 * side, 0.4 * side), seed=9, spread=0.05).masks


def dense_c(masks: MaskData) -> DenseData:
    return DenseData.of(masks, "C")


def dense_fortran(masks: MaskData) -> DenseData:
    return DenseData.of(masks, "F")


def _count(full: int, size: float) -> int:
    return max(1, round(full * size))


def _repeat(rows: list[Any], n: int) -> list[Any]:
    return list(islice(cycle(rows), n))


def _rle(annotation: real.Annotation) -> Rle:
    height, width = annotation.size
    drawn: Any = coco_mask.frPyObjects(annotation.segmentation, height, width)
    return coco_mask.merge(drawn) if isinstance(drawn, list) else drawn  # type: ignore[no-any-return]


def _encode(stack: list[Any]) -> list[Rle]:
    return [coco_mask.encode(np.asfortranarray(dense, np.uint8)) for dense in stack]


def _blobs(
    n: int,
    extent: tuple[int, int],
    radii: tuple[float, float],
    *,
    seed: int,
    spread: float = 1.0,
) -> PolygonData:
    """Make smooth shapes of 64 vertices with centres in the inner ``spread`` of the image."""
    height, width = extent
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    waves = np.arange(2, 7)
    rings = []
    for _ in range(n):
        radius = np.exp(rng.uniform(*np.log(radii)))
        strength = rng.uniform(0, 0.25, len(waves)) / (waves - 1)
        phase = rng.uniform(0, 2 * np.pi, len(waves))
        r = radius * (
            1 + (strength[:, None] * np.cos(waves[:, None] * turn + phase[:, None])).sum(0)
        )
        centre = (0.5 + spread * (rng.random(2) - 0.5)) * (width, height)
        x = np.clip(centre[0] + r * np.cos(turn), 0, width)
        y = np.clip(centre[1] + r * np.sin(turn), 0, height)
        rings.append((np.rint(256 * np.stack([x, y], axis=1)) / 256).reshape(-1).tolist())
    return PolygonData([[ring] for ring in rings], [extent] * n)


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="maskmill-bench-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
