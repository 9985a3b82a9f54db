"""Columns that metrics take: checked, and the overlap of two of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from maskmill.masks import Masks
from maskmill.metrics.overlaps import box_iou, keypoint_similarity
from maskmill.ops.check import check_type
from maskmill.ops.iou import iou
from maskmill.ops.measure import area

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = [
    "as_column",
    "as_flags",
    "as_numbers",
    "as_shapes",
    "own_areas",
    "pack",
    "pair_overlaps",
    "places_of",
    "unpack",
]


def as_numbers(function: str, name: str, given: object, shape: tuple[int, ...]) -> Array:
    """Bring finite numbers to float64 of this shape; -1 stands for any length."""
    values = np.asarray(given)
    if values.size and values.dtype.kind not in "biuf":
        raise TypeError(
            f"{function}: {name} must be numbers, got {values.dtype}. Convert them first."
        )
    if not values.size and shape[0] in (-1, 0):
        values = values.reshape([max(n, 0) for n in shape])
    fits = values.ndim == len(shape) and all(
        n in (-1, own) for n, own in zip(shape, values.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("N" if n < 0 else str(n) for n in shape)
        raise ValueError(
            f"{function}: {name} must have shape ({wanted}), got {values.shape}. "
            "Give one value, or one row, for each."
        )
    numbers = values.astype(np.float64)
    bad = ~np.isfinite(numbers)
    if bad.any():
        i = int(np.argwhere(bad)[0, 0])
        raise ValueError(
            f"{function}: {name} must be finite, got {numbers[bad][0]} at {i}. "
            "Repair or drop the row."
        )
    return numbers


def as_column(function: str, name: str, given: object, n: int) -> Array:
    """Bring ids to one array of n integers or strings."""
    values = np.asarray(given)
    if not values.size:
        values = values.astype(np.int64)
    if values.dtype.kind not in "iuU":
        raise TypeError(
            f"{function}: {name} must be integers or strings, got {values.dtype}. Convert them."
        )
    if values.shape != (n,):
        raise ValueError(
            f"{function}: {name} must have shape ({n},), got {values.shape}. Give one id a shape."
        )
    return values


def as_shapes(function: str, given: object, iou_type: str, n_keypoints: int) -> Masks | Array:
    """Check masks, or bring boxes or keypoints to float64."""
    if iou_type == "segm":
        check_type(function, "shapes", given, Masks)
        assert isinstance(given, Masks)
        return given
    shape = (-1, 4) if iou_type == "bbox" else (-1, n_keypoints, 3)
    return as_numbers(function, "shapes", given, shape)


def own_areas(shapes: Masks | Array) -> Array:
    """Area of masks, of boxes, or of the boxes around keypoints; float64, pixels."""
    if isinstance(shapes, Masks):
        return area(shapes).astype(np.float64)
    sides: Array = shapes[:, 2:] if shapes.ndim == 2 else np.ptp(shapes[:, :, :2], axis=1)
    product: Array = sides[:, 0] * sides[:, 1]
    return product


def pair_overlaps(
    dt: Masks | Array,
    gt: Masks | Array,
    offsets: tuple[Array, Array],
    crowd: Array,
    extent: tuple[Array | None, Array],
    sigmas: Array,
) -> Array:
    """Overlap of the pairs of each cell, end to end.

    ``offsets`` are of ``dt`` and ``gt``, ``extent`` is boxes and areas of ``gt``.
    """
    if isinstance(dt, Masks) and isinstance(gt, Masks):
        return iou(dt, gt, crowd=crowd, groups_a=offsets[0], groups_b=offsets[1]).values
    assert isinstance(dt, np.ndarray)
    assert isinstance(gt, np.ndarray)
    if gt.ndim == 2:
        return box_iou(dt, gt, *offsets, crowd)
    boxes, areas = extent
    assert boxes is not None
    return keypoint_similarity(dt, gt, boxes, areas, *offsets, sigmas)


def pack(columns: dict[str, Array]) -> bytes:
    """Columns as bytes."""
    file = io.BytesIO()
    np.savez(file, **columns)  # type: ignore[arg-type]
    return file.getvalue()


def unpack(function: str, data: bytes) -> dict[str, Array]:
    """Columns of `pack`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return dict(file)
    except Exception as error:
        raise ValueError(
            f"{function}: other must be what to_bytes gave, got {len(data)} bytes: {error}. "
            "Check the transport."
        ) from None


def places_of(function: str, name: str, column: Array, known: Array) -> Array:
    """Number of each id among the known ones."""
    if not len(column):
        return np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(known, column), max(len(known) - 1, 0))
    foreign = known[at] != column if len(known) else np.ones(len(column), bool)
    if foreign.any():
        i = int(np.argmax(foreign))
        raise ValueError(
            f"{function}: {name} must be among the ids of the ground truth, got "
            f"{column[i].item()!r} at {i}. Drop the row, or list the id."
        )
    return at


def as_flags(function: str, name: str, given: object | None, n: int) -> Array:
    """Bring n flags to booleans; None means none set."""
    if given is None:
        return np.zeros(n, bool)
    flags = np.asarray(given)
    if flags.shape != (n,) or flags.dtype.kind not in "biu":
        raise ValueError(
            f"{function}: {name} must be {n} booleans or integers, got {flags.dtype} of shape "
            f"{flags.shape}. Give one flag an object."
        )
    out: Array = flags != 0
    return out
