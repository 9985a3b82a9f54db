"""How batches look: a line or a few in the console, a contact sheet in a notebook.

Both cost about the same for any batch: they look at the first few masks, and at those through a
fixed number of samples.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np

from maskmill.backend.arrays import on_host
from maskmill.backend.dispatch import backend_for
from maskmill.loading import loading
from maskmill.masks import Masks
from maskmill.polygons import Polygons
from maskmill.structure import MAX_COORDINATE

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

FEW: Final = 8
"""Masks that are shown one by one."""
SHORT: Final = 2**16
"""Bounds or vertices up to which that is cheap."""
SIDE: Final = 128
"""Longer side of a mask in the contact sheet, pixels."""
COLUMNS: Final = 4
GAP: Final = 4
GREY: Final = 110


def describe_masks(masks: Masks) -> str:
    """Number, sizes and memory; area and box of each of a few."""
    masks = on_host(masks)
    head = f"Masks({_count(len(masks), 'mask')}{_sizes(masks.sizes)}, "
    head += f"{_count(len(masks.bounds) // 2, 'span')}, {_bytes(masks.nbytes)})"
    if not len(masks) or len(masks) > FEW or len(masks.bounds) > SHORT:
        return head
    serve = backend_for("numpy")
    rows = zip(serve.area(masks).tolist(), serve.bbox(masks).tolist(), strict=True)
    lines = [
        f"  {i}: area {area:,}, box {w}x{h} at x={x}, y={y}" if area else f"  {i}: empty"
        for i, (area, (x, y, w, h)) in enumerate(rows)
    ]
    return "\n".join([head, *lines])


def describe_polygons(polygons: Polygons) -> str:
    """Number, sizes, nesting and memory; nesting and extent of each of a few."""
    polygons = on_host(polygons)
    head = f"Polygons({_count(len(polygons), 'mask')}{_sizes(polygons.sizes)}, "
    head += f"{_nesting(polygons)}, {_bytes(polygons.nbytes)})"
    if not len(polygons) or len(polygons) > FEW or len(polygons.coords) > SHORT:
        return head
    lines = []
    for i, mask in enumerate(polygons):
        line = f"  {i}: {_nesting(mask)}"
        if len(mask.coords):
            low, high = mask.coords.min(axis=0), mask.coords.max(axis=0)
            line += f", x {low[0]:g} to {high[0]:g}, y {low[1]:g} to {high[1]:g}"
        lines.append(line)
    return "\n".join([head, *lines])


def draw_masks(masks: Masks) -> bytes | None:
    """Draw the first few masks beside one another, as PNG; none for an empty batch."""
    if not len(masks):
        return None
    thumbnails = [_sample(mask) for mask in on_host(masks[:FEW])]
    columns = min(COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    height = max(len(thumbnail) for thumbnail in thumbnails) + GAP
    width = max(thumbnail.shape[1] for thumbnail in thumbnails) + GAP
    sheet = np.full((rows * height + GAP, columns * width + GAP), GREY, np.uint8)
    for k, thumbnail in enumerate(thumbnails):
        top, left = k // columns * height + GAP, k % columns * width + GAP
        sheet[top : top + len(thumbnail), left : left + thumbnail.shape[1]] = thumbnail
    with loading:
        from PIL import Image

    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()


def draw_polygons(polygons: Polygons) -> bytes | None:
    """Draw the first few masks, rasterized at the size of the picture."""
    small = []
    for mask in on_host(polygons[:FEW]):
        size = _fitted(mask.sizes[0])
        scale = (size / mask.sizes[0])[::-1]
        small.append(
            Polygons.from_trusted(
                np.clip(mask.coords * scale, -MAX_COORDINATE, MAX_COORDINATE),
                mask.ring_offsets,
                mask.part_offsets,
                mask.mask_offsets,
                size[np.newaxis].astype(np.int32),
            )
        )
    return draw_masks(backend_for("numpy").rasterize(Polygons.concatenate(small), "center"))


def _fitted(size: Array) -> Array:
    """Size in the picture, at least one pixel each way."""
    fitted: Array = np.maximum(np.rint(size * (SIDE / size.max())), 1).astype(np.int64)
    return fitted


def _sample(mask: Masks) -> Array:
    """Look up the pixel under the centre of each pixel of the picture; nothing is decoded."""
    height, width = mask.sizes[0].tolist()
    rows, columns = _fitted(mask.sizes[0]).tolist()
    y = ((np.arange(rows) + 0.5) * height / rows).astype(np.int64)
    x = ((np.arange(columns) + 0.5) * width / columns).astype(np.int64)
    # An odd number of bounds at or before a position: inside. The dtype of the bounds saves a copy.
    positions = (x * height + y[:, np.newaxis]).astype(np.uint32)
    inside = np.searchsorted(mask.bounds, positions, side="right") % 2 == 1
    return np.where(inside, 255, 0).astype(np.uint8)


def _nesting(polygons: Polygons) -> str:
    counts = {
        "part": len(polygons.part_offsets) - 1,
        "ring": len(polygons.ring_offsets) - 1,
        "vertex": len(polygons.coords),
    }
    return ", ".join(_count(n, name) for name, n in counts.items())


def _count(n: int, name: str) -> str:
    plural = "vertices" if name == "vertex" else f"{name}s"
    return f"{n:,} {name if n == 1 else plural}"


def _sizes(sizes: Array) -> str:
    if not len(sizes):
        return ""
    low, high = sizes.min(axis=0).tolist(), sizes.max(axis=0).tolist()
    sides = (f"{a}" if a == b else f"{a}..{b}" for a, b in zip(low, high, strict=True))
    return " of " + "x".join(sides)


def _bytes(n: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} bytes"
