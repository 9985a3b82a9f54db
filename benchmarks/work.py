"""What is timed, and how results are brought into one form and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from pycocotools import mask as coco_mask

from benchmarks.data import PolygonData, Rle
from maskmill import Masks, to_coco_strings


class NotOfferedError(Exception):
    """An engine has no such operation; the message says what it has instead."""


@dataclass(frozen=True)
class Work:
    """One engine's way to do the work of a row.

    ``run`` is timed: it takes the input in the engine's own form, prepared before, and gives the
    result in the engine's own form. ``read`` brings that to the form of the row's reference.
    """

    run: Callable[[], Any]
    read: Callable[[Any], Any]
    note: str = ""
    edge_rule: bool = False
    """The engine has a pixel rule of its own: results may differ along the outline, and only there.

    Such an engine is listed, never taken for the best peer."""


Expected: TypeAlias = Any
"""Run-length dicts, an array, or a list of arrays."""


def rles(masks: Masks) -> list[Rle]:
    """Bring columns to COCO run lengths, by the array program."""
    strings = to_coco_strings(masks, backend="numpy")
    return [
        {"size": size, "counts": counts}
        for size, counts in zip(masks.sizes.tolist(), strings, strict=True)
    ]


def rles_from_dense(stack: Sequence[Any]) -> list[Rle]:
    """Bring dense masks to COCO run lengths, by pycocotools."""
    return [coco_mask.encode(np.asfortranarray(dense, np.uint8)) for dense in stack]


def same(result: Any) -> Any:
    """The result is in the form of the reference already."""
    return result


def difference(expected: Expected, got: Any) -> str | None:
    """Say where a result first differs from the reference; None where it nowhere does."""
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got)
    if len(expected) != len(got):
        return f"{len(got)} results for {len(expected)}"
    for i, (wanted, found) in enumerate(zip(expected, got, strict=True)):
        if isinstance(wanted, np.ndarray):
            problem = _array_difference(wanted, found)
        else:
            problem = _rle_difference(wanted, found)
        if problem:
            return f"result {i}: {problem}"
    return None


def edge_difference(data: PolygonData, expected: list[Rle], got: Sequence[Any]) -> str | None:
    """As `difference`, for dense masks, but within two pixels of an outline they may differ."""
    if len(expected) != len(got):
        return f"{len(got)} results for {len(expected)}"
    for i, (rle, dense) in enumerate(zip(expected, got, strict=True)):
        wanted = coco_mask.decode(rle) != 0
        found = np.asarray(dense) != 0
        if wanted.shape != found.shape:
            return f"result {i}: shape {found.shape} for {wanted.shape}"
        wrong = wanted != found
        if wrong.any():
            wrong &= ~_near_outline(data.segmentations[i], wrong)
        if wrong.any():
            return f"result {i}: {int(wrong.sum())} pixels differ away from the outline"
    return None


def _near_outline(rings: Sequence[Sequence[float]], wrong: Any) -> Any:
    """Tell which pixels lie within two of an outline; right only where ``wrong`` is set."""
    rows, columns = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    margin = 3
    top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
    part = (slice(top, rows[-1] + margin + 1), slice(left, columns[-1] + margin + 1))
    outline = Image.new("L", wrong[part].shape[::-1])
    draw = ImageDraw.Draw(outline)
    for ring in rings:
        points = np.reshape([*ring, *ring[:2]], (-1, 2)) - 0.5 - [left, top]
        draw.line(points.reshape(-1).tolist(), fill=1)
    near = np.zeros(wrong.shape, bool)
    near[part] = np.asarray(outline.filter(ImageFilter.MaxFilter(5))) != 0
    return near


def _array_difference(expected: Any, got: Any) -> str | None:
    found = np.asarray(got)
    if found.shape != expected.shape:
        return f"shape {found.shape} for {expected.shape}"
    if found.dtype == np.float32:  # an engine of single precision: equal to its last bit
        wrong = np.abs(found - expected) > np.spacing(np.abs(expected).astype(np.float32))
    else:
        wrong = found != expected
    if not wrong.any():
        return None
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"{int(wrong.sum())} of {wrong.size} values differ, first {found[at]} for {expected[at]}"


def _rle_difference(expected: Rle, got: Rle) -> str | None:
    if list(expected["size"]) != list(got["size"]):
        return f"size {got['size']} for {expected['size']}"
    counts = got["counts"].encode() if isinstance(got["counts"], str) else bytes(got["counts"])
    if counts == expected["counts"]:
        return None
    wanted, found = coco_mask.area([expected, {"size": got["size"], "counts": counts}]).tolist()
    return f"other run lengths: area {found} for {wanted}"
