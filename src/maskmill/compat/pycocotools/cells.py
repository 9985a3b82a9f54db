"""From COCOeval's dicts to columns: cells, overlaps, matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from maskmill.backend.dispatch import backend_for
from maskmill.compat.pycocotools import mask as mask_utils
from maskmill.masks import Masks
from maskmill.metrics.matching import Layout, Matches, lay_out, left_out, match
from maskmill.metrics.overlaps import box_iou, keypoint_similarity

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.compat.pycocotools.params import Params

__all__ = [
    "Cells",
    "Found",
    "ious_of",
    "join_ious",
    "lay_out_cells",
    "match_cells",
    "split_ious",
]

Record = dict[str, Any]
Groups = Mapping[tuple[Any, Any], list[Record]]


class Cells(NamedTuple):
    """Annotations and detections in the order of a layout."""

    layout: Layout
    gts: list[Record]
    dts: list[Record]


def lay_out_cells(params: Params, gts: Groups, dts: Groups) -> Cells:
    """Sort the records of all images and categories into cells: category * images + image."""
    flat_gts, gt_cells = _flatten(params, gts)
    flat_dts, dt_cells = _flatten(params, dts)
    scores = np.array([dt["score"] for dt in flat_dts], np.float64)
    layout = lay_out(gt_cells, dt_cells, scores, params.maxDets[-1])
    return Cells(
        layout,
        [flat_gts[i] for i in layout.gt_order.tolist()],
        [flat_dts[i] for i in layout.dt_order.tolist()],
    )


def _flatten(params: Params, groups: Groups) -> tuple[list[Record], Array]:
    image_number = {image: i for i, image in enumerate(params.imgIds)}
    n_images = len(image_number)
    flat: list[Record] = []
    cells: list[int] = []
    if params.useCats:
        category_number = {category: k for k, category in enumerate(params.catIds)}
        for (image, category), own in groups.items():
            if image in image_number and category in category_number:
                flat += own
                cells += [category_number[category] * n_images + image_number[image]] * len(own)
    else:
        for category in params.catIds:
            for image, i in image_number.items():
                own = groups.get((image, category), [])
                flat += own
                cells += [i] * len(own)
    return flat, np.array(cells, np.int64)


def ious_of(params: Params, cells: Cells) -> Array:
    """Overlap of all pairs, one row-major matrix a cell, end to end."""
    layout, gts, dts = cells
    offsets = (layout.dt_offsets, layout.gt_offsets)
    if params.iouType == "keypoints":
        if not params.useCats:  # pycocotools finds no pair then
            n_pairs = np.diff(layout.dt_offsets) * np.diff(layout.gt_offsets)
            return np.full(int(n_pairs.sum()), -np.inf)
        return keypoint_similarity(
            _keypoints(dts, params),
            _keypoints(gts, params),
            _column(gts, "bbox", 4),
            _column(gts, "area"),
            *offsets,
            np.asarray(params.kpt_oks_sigmas, np.float64),
        )
    crowd = _crowd(gts)
    if params.iouType == "bbox":
        return box_iou(_column(dts, "bbox", 4), _column(gts, "bbox", 4), *offsets, crowd)
    a = mask_utils.as_masks("COCOeval", [dt["segmentation"] for dt in dts])
    b = mask_utils.as_masks("COCOeval", [gt["segmentation"] for gt in gts])
    return _grouped_iou(a, b, offsets, crowd, cells)


def _grouped_iou(
    a: Masks, b: Masks, offsets: tuple[Array, Array], crowd: Array, cells: Cells
) -> Array:
    layout = cells.layout
    size_of_cell = np.zeros((len(layout.cells), 2), np.int32)
    for masks, ends in ((a, offsets[0]), (b, offsets[1])):
        filled = np.flatnonzero(np.diff(ends))
        size_of_cell[filled] = masks.sizes[ends[filled]]
    for masks, ends, records in ((a, offsets[0], cells.dts), (b, offsets[1], cells.gts)):
        wanted = np.repeat(size_of_cell, np.diff(ends), axis=0)
        differs = (masks.sizes != wanted).any(axis=1)
        if differs.any():
            i = int(np.argmax(differs))
            raise ValueError(
                f"COCOeval: masks of image {records[i]['image_id']!r} must have one size, got "
                f"{masks.sizes[i].tolist()} and {wanted[i].tolist()}. Resize the results."
            )
    values: Array = backend_for(None).iou(a, b, *offsets, crowd)
    return values


def _crowd(gts: Sequence[Record]) -> Array:
    flags: Array = np.array([int(gt["iscrowd"]) for gt in gts], np.int64) != 0
    return flags


def _column(records: Sequence[Record], key: str, width: int = 0) -> Array:
    values = np.array([record[key] for record in records], np.float64)
    if not width:
        return values
    if not len(records):
        return np.zeros((0, width))
    if values.ndim != 2 or values.shape[1] != width:
        raise ValueError(
            f"COCOeval: {key} must have {width} numbers, got shape {values.shape[1:]}. "
            "Repair the records."
        )
    return values


def _keypoints(records: Sequence[Record], params: Params) -> Array:
    n = len(params.kpt_oks_sigmas)
    return _column(records, "keypoints", 3 * n).reshape(-1, n, 3)


def join_ious(params: Params, cells: Cells, ious: Mapping[Any, Any]) -> Array:
    """Lay matrices by (image id, category id) end to end; the only cell's has the key None.

    Where one is empty nothing overlaps.
    """
    layout = cells.layout
    categories = params.catIds if params.useCats else [-1]
    parts = [np.zeros(0)]
    for c, cell in enumerate(layout.cells.tolist()):
        if None in ious:
            given = ious[None]
        else:
            k, i = divmod(cell, len(params.imgIds))
            given = ious[params.imgIds[i], categories[k]]
        shape = (
            int(layout.dt_offsets[c + 1] - layout.dt_offsets[c]),
            int(layout.gt_offsets[c + 1] - layout.gt_offsets[c]),
        )
        if len(given) and shape[0] and shape[1]:
            parts.append(np.asarray(given, np.float64)[: shape[0], : shape[1]].reshape(-1))
        else:
            parts.append(np.full(shape[0] * shape[1], -np.inf))
    return np.concatenate(parts)


def split_ious(found: Found, overlaps: Array, params: Params) -> dict[tuple[Any, Any], Any]:
    """Give the matrix of each (image id, category id); [] where one side has no rows."""
    layout = found.cells.layout
    categories = params.catIds if params.useCats else [-1]
    ious: dict[tuple[Any, Any], Any] = {(i, k): [] for i in params.imgIds for k in categories}
    keypoints = params.iouType == "keypoints"
    if keypoints and not params.useCats:
        return ious
    shapes = np.stack([np.diff(layout.dt_offsets), np.diff(layout.gt_offsets)], axis=1)
    start = 0
    for cell, (n_dt, n_gt) in zip(layout.cells.tolist(), shapes.tolist(), strict=True):
        k, i = divmod(cell, len(params.imgIds))
        if n_dt and n_gt:
            own = overlaps[start : start + n_dt * n_gt].reshape(n_dt, n_gt)
            ious[params.imgIds[i], categories[k]] = own if keypoints else np.asfortranarray(own)
            start += n_dt * n_gt
    return ious


class Found(NamedTuple):
    """What `match_cells` returns: matches of cells, over A area ranges and T thresholds."""

    cells: Cells
    matches: Matches
    gt_ignored: Array
    """bool (A, G)"""
    matched: Array
    """bool (A, T, D)"""
    dt_ignored: Array
    """bool (A, T, D)"""


def match_cells(
    params: Params, cells: Cells, ious: Array, ranges: Sequence[Sequence[float]]
) -> Found:
    """Match cells for these area ranges. Ids of 0 count as no match, as in pycocotools."""
    layout, gts, dts = cells
    low, high = np.array([r[:2] for r in ranges], np.float64).reshape(-1, 2, 1).transpose(1, 0, 2)
    areas = _column(gts, "area")
    always = np.array([bool(gt["ignore"]) for gt in gts], bool)
    gt_ignored = always | (areas < low) | (areas > high)
    own = np.array([dt["area"] for dt in dts], np.float64)
    outside = (own < low) | (own > high)
    gt_ids = np.array([gt["id"] for gt in gts] + [0], np.float64)
    dt_ids = np.array([dt["id"] for dt in dts], np.float64)
    thresholds = np.array(params.iouThrs, np.float64).reshape(-1)
    matches = match(ious, layout, gt_ignored, _crowd(gts), thresholds, dt_ids > 0)
    gt_of_dt = matches.gt_of_dt
    matched = gt_ids[gt_of_dt] != 0  # index -1 is the 0 at the end
    out = left_out(matches, matched, gt_ignored, outside)
    return Found(cells, matches, gt_ignored, matched, out)
