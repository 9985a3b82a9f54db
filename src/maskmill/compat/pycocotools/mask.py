"""pycocotools.mask: masks as dicts ``{"size": [height, width], "counts": bytes}``.

Arguments, results, dtypes and orders are those of pycocotools 2.0.11.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill import ragged
from maskmill.backend.contract import SetOp
from maskmill.backend.dispatch import backend_for
from maskmill.errors import InvalidMaskError, InvalidPolygonError, StructureError
from maskmill.masks import Masks
from maskmill.metrics.overlaps import box_iou
from maskmill.ops.check import have_one_size
from maskmill.ops.encode import encode as encode_masks
from maskmill.ops.strings import from_counts
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["area", "decode", "encode", "frPyObjects", "iou", "merge", "toBbox"]

Rle = dict[str, Any]


def encode(bimask: Array) -> Any:
    """Encode a mask (height, width), or masks (height, width, n).

    Parameters
    ----------
    bimask : uint8 or bool array
        In any memory order; non-zero is foreground.

    Returns
    -------
    dict, or list of n dicts
    """
    given = np.asarray(bimask)
    if given.ndim == 2:
        return as_rles(encode_masks(given))[0]
    if given.ndim == 3:
        return as_rles(encode_masks(given.transpose(2, 0, 1))) if given.shape[2] else []
    raise ValueError(
        f"encode: bimask must have shape (height, width) or (height, width, n), got {given.shape}. "
        "Stack masks along the last axis."
    )


def decode(rleObjs: Any) -> Array:
    """Decode a mask to (height, width), or a list of n to (height, width, n): uint8, Fortran."""
    single = not isinstance(rleObjs, list)
    masks = as_masks("decode", [rleObjs] if single else rleObjs)
    if not len(masks):
        raise ValueError(
            "decode: rleObjs must have at least one mask, got none: there is no size. "
            "Make an array of zeros instead."
        )
    _check_one_size("decode", "rleObjs", masks)
    height, width = masks.sizes[0].tolist()
    dense = np.empty((len(masks), width, height), np.uint8)
    backend_for(None).decode(masks, dense.transpose(0, 2, 1))
    out: Array = dense.transpose(2, 1, 0)
    return out[:, :, 0] if single else out


def area(rleObjs: Any) -> Any:
    """Count pixels: np.uint32 of a mask, uint32 array (n,) of a list."""
    single = not isinstance(rleObjs, list)
    masks = as_masks("area", [rleObjs] if single else rleObjs)
    pixels = backend_for(None).area(masks).astype(np.uint32)
    return pixels[0] if single else pixels


def toBbox(rleObjs: Any) -> Array:
    """Bounding boxes (x, y, width, height): float64 (4,) of a mask, (n, 4) of a list."""
    single = not isinstance(rleObjs, list)
    masks = as_masks("toBbox", [rleObjs] if single else rleObjs)
    boxes: Array = backend_for(None).bbox(masks).astype(np.float64)
    return boxes[0] if single else boxes


def merge(rleObjs: list[Rle], intersect: bool | int = 0) -> Rle:
    """Unite masks of one size into one, or intersect them. No masks give size [0, 0]."""
    if not len(rleObjs):
        return {"size": [0, 0], "counts": b""}
    masks = as_masks("merge", rleObjs)
    _check_one_size("merge", "rleObjs", masks)
    groups = ragged.one_group(len(masks))
    op: SetOp = "intersection" if intersect else "union"
    return as_rles(backend_for(None).merge(masks, groups, op, masks.sizes[:1]))[0]


def iou(dt: Any, gt: Any, pyiscrowd: Any) -> Any:
    """Intersection over union of all pairs, of masks or of boxes.

    Parameters
    ----------
    dt, gt : list of dicts, list of boxes, or float array (n, 4)
        Both masks or both boxes (x, y, width, height).
    pyiscrowd : sequence of len(gt) flags
        Where set, the intersection is divided by the area of the detection.

    Returns
    -------
    float64 array (len(dt), len(gt)), Fortran order; ``[]`` if either is empty.
    """
    crowd = np.asarray(pyiscrowd).reshape(-1).astype(np.uint8) != 0
    dt_boxes, gt_boxes = _boxes("dt", dt), _boxes("gt", gt)
    if len(crowd) != len(gt):
        raise ValueError(
            f"iou: pyiscrowd must have one flag a gt ({len(gt)}), got {len(crowd)}. "
            "Pass the iscrowd of each."
        )
    if not len(dt) or not len(gt):
        return []
    one_cell = (ragged.one_group(len(dt)), ragged.one_group(len(gt)))
    if dt_boxes is not None and gt_boxes is not None:
        values = box_iou(dt_boxes, gt_boxes, *one_cell, crowd)
    elif dt_boxes is None and gt_boxes is None:
        a, b = as_masks("iou", dt), as_masks("iou", gt)
        if not have_one_size(a, b):
            _check_one_size("iou", "dt and gt", Masks.concatenate([a, b]))
        values = backend_for(None).iou(a, b, *one_cell, crowd)
    else:
        raise TypeError(
            "iou: dt and gt must be of one kind, got masks and boxes. Convert one of them."
        )
    return np.asfortranarray(values.reshape(len(dt), len(gt)))


def frPyObjects(pyobj: Any, h: float, w: float) -> Any:
    """Make masks of polygons, boxes or uncompressed run lengths.

    Parameters
    ----------
    pyobj : list of polygons, list of boxes, float array (n, 4), list of dicts, or one of these
        A polygon is ``[x, y, x, y, ...]``; the first entry of a list says what all are.
    h, w : int
        Size of the image. Run lengths have their own.

    Returns
    -------
    list of dicts; a dict for one object
    """
    if isinstance(pyobj, dict):
        return _from_counts([pyobj])[0]
    if not len(pyobj):
        raise ValueError(
            "frPyObjects: pyobj must have at least one object, got none. "
            "Encode an array of zeros for an empty mask."
        )
    if isinstance(pyobj[0], dict):
        return _from_counts(pyobj)
    if isinstance(pyobj[0], (int, float, np.number)):
        return frPyObjects([pyobj], h, w)[0]
    if isinstance(pyobj, np.ndarray) or len(pyobj[0]) == 4:
        boxes = _boxes("pyobj", pyobj, "frPyObjects")
        assert boxes is not None
        x0, y0, wide, high = boxes.T
        x1, y1 = x0 + wide, y0 + high
        rings = list(np.stack([x0, y0, x0, y1, x1, y1, x1, y0], axis=1))
    else:
        rings = [_ring(i, ring) for i, ring in enumerate(pyobj)]
    sizes = ragged.as_sizes("frPyObjects", (int(h), int(w)), len(rings), InvalidMaskError)
    offsets = np.fromiter(accumulate((len(r) // 2 for r in rings), initial=0), np.int64)
    each = np.arange(len(rings) + 1, dtype=np.int64)
    polygons = Polygons(np.concatenate(rings).reshape(-1, 2), offsets, each, each, sizes)
    return as_rles(backend_for(None).rasterize(polygons, "coco"))


def _ring(i: int, ring: Any) -> Array:
    try:
        coords = np.asarray(ring, np.float64)
    except (TypeError, ValueError):
        coords = np.empty((0, 0))
    if coords.ndim != 1:
        raise InvalidPolygonError(
            f"frPyObjects: pyobj[{i}] must be a list of numbers x, y, x, y, ..., got "
            f"{type(ring).__name__}. Put each ring into one flat list."
        )
    return coords[: len(coords) // 2 * 2]


def _from_counts(objects: list[Rle]) -> list[Rle]:
    for i, rle in enumerate(objects):
        _check_keys("frPyObjects", i, rle)
    sizes = np.array([rle["size"] for rle in objects], np.int64).reshape(-1, 2)
    return as_rles(from_counts([rle["counts"] for rle in objects], sizes))


def _check_keys(function: str, i: int, rle: object) -> None:
    if not isinstance(rle, dict) or "size" not in rle or "counts" not in rle:
        raise TypeError(
            f"{function}: mask {i} must be a dict with size and counts, got {type(rle).__name__}. "
            "Encode it first."
        )


def as_masks(function: str, rles: Any) -> Masks:
    """Decode the strings of dicts into a batch."""
    strings: list[bytes] = []
    for i, rle in enumerate(rles):
        _check_keys(function, i, rle)
        counts = rle["counts"]
        if isinstance(counts, str):
            counts = counts.encode("utf-8", "surrogatepass")
        elif not isinstance(counts, bytes):
            raise TypeError(
                f"{function}: counts of mask {i} must be bytes or str, got "
                f"{type(counts).__name__}. Lists of counts go to frPyObjects first."
            )
        strings.append(counts)
    chars = np.frombuffer(b"".join(strings), np.uint8)
    offsets = np.fromiter(accumulate(map(len, strings), initial=0), np.int64, len(strings) + 1)
    sizes = [tuple(rle["size"]) for rle in rles]
    checked = ragged.as_sizes(
        function, sizes or np.zeros((0, 2), np.int64), len(strings), InvalidMaskError
    )
    try:
        return backend_for(None).from_coco_strings(chars, offsets, checked)
    except StructureError as error:
        raise InvalidMaskError(
            f"{function}: counts of mask {error.record} must {error.requirement}, got "
            f"{error.got}. Check that size is (height, width), and repair or drop the mask."
        ) from None


def as_rles(masks: Masks) -> list[Rle]:
    chars, offsets = backend_for(None).to_coco_strings(masks)
    text = chars.tobytes()
    return [
        {"size": size, "counts": text[start:stop]}
        for size, (start, stop) in zip(
            masks.sizes.tolist(), pairwise(offsets.tolist()), strict=True
        )
    ]


def _check_one_size(function: str, name: str, masks: Masks) -> None:
    if not have_one_size(masks):
        i = int(np.argmax((masks.sizes != masks.sizes[0]).any(axis=1)))
        raise ValueError(
            f"{function}: {name} must have one size, got {masks.sizes[0].tolist()} and "
            f"{masks.sizes[i].tolist()}. Group the masks by image."
        )


def _boxes(name: str, given: Any, function: str = "iou") -> Array | None:
    """Give float64 (n, 4), or None for masks."""
    if not isinstance(given, np.ndarray):
        if not isinstance(given, (list, tuple)):
            raise TypeError(
                f"{function}: {name} must be a list or an array, got {type(given).__name__}. "
                "Put a single one into a list."
            )
        if len(given) and isinstance(given[0], dict):
            return None
        if not len(given):
            return None
    try:
        boxes = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        boxes = np.empty(0)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f"{function}: {name} must be masks or boxes of four numbers, got "
            f"{boxes.shape if isinstance(given, np.ndarray) else 'other lists'}. "
            "A box is x, y, width, height."
        )
    return boxes
