from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import Array

def area(bounds: Array, offsets: Array, threads: int) -> npt.NDArray[np.int64]: ...
def bbox(bounds: Array, offsets: Array, sizes: Array, threads: int) -> npt.NDArray[np.int64]: ...
def combine(
    bounds_a: Array, offsets_a: Array, bounds_b: Array, offsets_b: Array, op: str, threads: int
) -> tuple[Array, Array]: ...
def complement(
    bounds: Array, offsets: Array, sizes: Array, threads: int
) -> tuple[Array, Array]: ...
def components(
    bounds: Array, offsets: Array, sizes: Array, connectivity: int, threads: int
) -> tuple[Array, Array, Array]: ...
def decode(bounds: Array, offsets: Array, out: Array, threads: int) -> None: ...
def dice(
    bounds_a: Array,
    offsets_a: Array,
    bounds_b: Array,
    offsets_b: Array,
    sizes_a: Array,
    sizes_b: Array,
    groups_a: Array,
    groups_b: Array,
    threads: int,
) -> npt.NDArray[np.float64]: ...
def dilate(
    bounds: Array, offsets: Array, sizes: Array, radii: Array, threads: int
) -> tuple[Array, Array]: ...
def encode(dense: Array, threads: int) -> tuple[Array, Array, Array]: ...
def erode(
    bounds: Array, offsets: Array, sizes: Array, radii: Array, threads: int
) -> tuple[Array, Array]: ...
def force_simd(level: str) -> None: ...
def from_coco_strings(
    chars: Array, offsets: Array, sizes: Array, threads: int
) -> tuple[Array, Array]: ...
def from_counts(
    counts: Array, offsets: Array, sizes: Array, threads: int
) -> tuple[Array, Array]: ...
def from_label_map(
    maps: Array, ignore: Array, threads: int
) -> tuple[Array, Array, Array, Array, Array]: ...
def gather(
    bounds: Array,
    offsets: Array,
    sizes: Array,
    rows: Array,
    columns: Array,
    out_sizes: Array,
    threads: int,
) -> tuple[Array, Array]: ...
def intersection_area(
    bounds_a: Array,
    offsets_a: Array,
    bounds_b: Array,
    offsets_b: Array,
    sizes_a: Array,
    sizes_b: Array,
    groups_a: Array,
    groups_b: Array,
    threads: int,
    method: str | None = None,
) -> npt.NDArray[np.int64]: ...
def iou(
    bounds_a: Array,
    offsets_a: Array,
    bounds_b: Array,
    offsets_b: Array,
    sizes_a: Array,
    sizes_b: Array,
    groups_a: Array,
    groups_b: Array,
    crowd: Array | None,
    threads: int,
) -> npt.NDArray[np.float64]: ...
def label_map(
    bounds: Array,
    offsets: Array,
    labels: Array,
    order: Array,
    groups: Array,
    sizes: Array,
    background: int,
    out: Array,
    threads: int,
) -> None: ...
def merge(
    bounds: Array, offsets: Array, groups: Array, op: str, sizes: Array, threads: int
) -> tuple[Array, Array]: ...
def overlap_methods(
    bounds_a: Array,
    offsets_a: Array,
    bounds_b: Array,
    offsets_b: Array,
    sizes_a: Array,
    sizes_b: Array,
    groups_a: Array,
    groups_b: Array,
) -> list[str]: ...
def parse_segmentations(
    texts: Sequence[bytes | memoryview], threads: int
) -> tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array]: ...
def rasterize(
    coords: Array,
    ring_offsets: Array,
    part_offsets: Array,
    mask_offsets: Array,
    sizes: Array,
    rule: str,
    threads: int,
) -> tuple[Array, Array]: ...
def simd_level() -> str: ...
def simd_levels() -> tuple[str, ...]: ...
def to_coco_strings(
    bounds: Array, offsets: Array, sizes: Array, threads: int
) -> tuple[Array, Array]: ...
def to_counts(bounds: Array, offsets: Array, sizes: Array, threads: int) -> tuple[Array, Array]: ...
def trace(
    bounds: Array, offsets: Array, sizes: Array, tolerance: float, threads: int
) -> tuple[Array, Array, Array, Array]: ...
def transpose(bounds: Array, offsets: Array, sizes: Array, threads: int) -> tuple[Array, Array]: ...
