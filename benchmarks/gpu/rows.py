"""The rows of the GPU table: the work, the least bytes it moves, the goal on one H100."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import maskmill
from benchmarks.gpu import peers
from benchmarks.gpu.peers import Peer
from maskmill import Masks, Polygons

TURNS = 3
"""Inputs that take turns."""


@dataclass(frozen=True)
class GpuRow:
    """One row."""

    name: str
    title: str
    inputs: Callable[[float, int], Any]
    """The input on the host at a size in (0, 1], from a seed."""
    run: Callable[[Any], Any]
    """The public function, which runs where its input is."""
    least_bytes: Callable[[Any, Any], int]
    """Bytes of the input and the result that must be moved."""
    amount: Callable[[Any], int]
    unit: str
    goal_seconds: float | None = None
    quick: float = 0.01
    peers: Mapping[str, Peer] = field(default_factory=dict)
    peer_input: Callable[[Any], Any] = lambda value: value
    """The input of the peers, made on the host from that of the row."""


def stars(n: int, size: tuple[int, int], radius: float, seed: int, vertices: int = 25) -> Polygons:
    """Make outlines with so many vertices at random places of their images."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = rng.uniform(0.4, 1.0, (n, vertices)) * radius
    centre = rng.uniform(0.1, 0.9, (n, 1, 2)) * np.array(size[::-1])
    coords = centre + np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=-1)
    each = np.arange(n + 1, dtype=np.int64)
    sizes = np.tile(np.array([size], np.int32), (n, 1))
    return Polygons(coords.reshape(-1, 2), each * vertices, each, each, sizes)


def masks(n: int, size: tuple[int, int], radius: float, seed: int) -> Masks:
    """Draw such outlines."""
    return maskmill.rasterize(stars(n, size, radius, seed))


def pairs(n: int, seed: int) -> tuple[Masks, Masks]:
    """Make two batches of masks whose boxes mostly overlap."""
    return masks(n, (1024, 1024), 400, seed), masks(n, (1024, 1024), 400, seed + 100)


def streets(n: int, seed: int) -> tuple[Masks, Any, Any]:
    """Make images of 20 instances each: masks, labels and groups."""
    batch = masks(20 * n, (1024, 2048), 200, seed)
    labels = np.tile(np.arange(1, 21, dtype=np.int64), n)
    return batch, labels, np.arange(0, 20 * n + 1, 20)


def nbytes(value: Any) -> int:
    """Bytes of columns."""
    if isinstance(value, (tuple, list)):
        return sum(map(nbytes, value))
    return int(getattr(value, "nbytes", 0))


def both(value: Any, result: Any) -> int:
    """The input is read and the result written."""
    return nbytes(value) + nbytes(result)


def of(n: int, size: float) -> int:
    """A share of n, at least 2."""
    return max(2, round(n * size))


ROWS = [
    GpuRow(
        "encode", "encode 1000 masks of 1024x1024, uint8, C order",
        inputs=lambda s, seed: maskmill.decode(masks(of(1000, s), (1024, 1024), 400, seed)),
        run=maskmill.encode, least_bytes=both, amount=len, unit="masks", goal_seconds=0.50e-3,
        peers={"segment-anything": peers.segment_anything},
    ),
    GpuRow(
        "decode", "decode 1000 masks of 1024x1024 to uint8",
        inputs=lambda s, seed: masks(of(1000, s), (1024, 1024), 400, seed),
        run=maskmill.decode, least_bytes=both, amount=len, unit="masks", goal_seconds=0.45e-3,
    ),
    GpuRow(
        "rasterize", "100,000 polygons of 25 vertices to run lengths",
        inputs=lambda s, seed: stars(of(100_000, s), (480, 640), 120, seed),
        run=maskmill.rasterize, least_bytes=both, amount=len, unit="masks", goal_seconds=1.0e-3,
    ),
    GpuRow(
        "iou_runs", "IoU of 1000 x 1000 masks of 1024x1024 from run lengths",
        inputs=lambda s, seed: pairs(of(1000, s), seed),
        run=lambda pair: maskmill.iou(*pair), least_bytes=both,
        amount=lambda pair: len(pair[0]) * len(pair[1]), unit="pairs", goal_seconds=0.8e-3,
    ),
    GpuRow(
        "iou_dense", "IoU of 1000 x 1000 dense masks of 1024x1024",
        inputs=lambda s, seed: tuple(map(maskmill.decode, pairs(of(1000, s), seed))),
        run=lambda pair: maskmill.iou(*map(maskmill.encode, pair)), least_bytes=both,
        amount=lambda pair: len(pair[0]) * len(pair[1]), unit="pairs", goal_seconds=1.5e-3,
        peers={"torch matmul": peers.torch_matmul_iou},
    ),
    GpuRow(
        "label_map", "label maps of 5,000 images of 1024x2048, 20 instances each",
        inputs=lambda s, seed: streets(of(5000, s), seed),
        run=lambda v: maskmill.label_map(v[0], v[1], groups=v[2], dtype=np.uint8),
        least_bytes=both, amount=lambda v: len(v[2]) - 1, unit="maps", goal_seconds=5e-3,
        quick=0.001,
    ),
    GpuRow(
        "area", "area of 100,000 masks",
        inputs=lambda s, seed: masks(of(100_000, s), (480, 640), 120, seed),
        run=maskmill.area, least_bytes=both, amount=len, unit="masks",
    ),
    GpuRow(
        "bbox", "boxes of 100,000 masks",
        inputs=lambda s, seed: masks(of(100_000, s), (480, 640), 120, seed),
        run=maskmill.bbox, least_bytes=both, amount=len, unit="masks",
    ),
    GpuRow(
        "bbox_dense", "boxes of 1000 dense masks of 1024x1024",
        inputs=lambda s, seed: maskmill.decode(masks(of(1000, s), (1024, 1024), 400, seed)),
        run=lambda dense: maskmill.bbox(maskmill.encode(dense)), least_bytes=both, amount=len,
        unit="masks", peers={"torchvision": peers.torchvision_boxes},
    ),
    GpuRow(
        "area_dense", "area of 1000 dense masks of 1024x1024",
        inputs=lambda s, seed: maskmill.decode(masks(of(1000, s), (1024, 1024), 400, seed)),
        run=lambda dense: maskmill.area(maskmill.encode(dense)), least_bytes=both, amount=len,
        unit="masks", peers={"torch": peers.torch_area, "CuPy": peers.cupy_area},
    ),
    GpuRow(
        "to_counts", "100,000 masks to COCO counts",
        inputs=lambda s, seed: masks(of(100_000, s), (480, 640), 120, seed),
        run=maskmill.to_counts, least_bytes=both, amount=len, unit="masks",
    ),
    GpuRow(
        "merge", "union of 20 masks, 5,000 times",
        inputs=lambda s, seed: streets(of(5000, s), seed),
        run=lambda v: maskmill.merge(v[0], groups=v[2], op="union"), least_bytes=both,
        amount=lambda v: len(v[2]) - 1, unit="unions", quick=0.001,
    ),
]  # fmt: skip
