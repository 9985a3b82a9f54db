"""From COCOeval's dicts to columns and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from maskmill.backend.dispatch import backend_for
from maskmill.compat.pycocotools import mask as mask_utils
from maskmill.masks import Masks
from maskmill.metrics.curves import Curves, curves
from maskmill.metrics.matching import Layout, Matches, lay_out, match
from maskmill.metrics.overlaps import box_iou, keypoint_similarity

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.compat.pycocotools.params import Params

__all__ = [
    "Cells",
    "Found",
    "cell_result",
    "curves_of_found",
    "curves_of_images",
    "image_results",
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
    outside = ((own < low) | (own > high))[:, np.newaxis, :]
    gt_ids = np.array([gt["id"] for gt in gts] + [0], np.float64)
    dt_ids = np.array([dt["id"] for dt in dts], np.float64)
    thresholds = np.array(params.iouThrs, np.float64).reshape(-1)
    matches = match(ious, layout, gt_ignored, _crowd(gts), thresholds, dt_ids > 0)
    gt_of_dt = matches.gt_of_dt
    matched = gt_ids[gt_of_dt] != 0  # index -1 is the 0 at the end
    padded = np.pad(gt_ignored, ((0, 0), (0, 1)))  # and here it is False
    of_match = np.take_along_axis(padded[:, np.newaxis, :], gt_of_dt.astype(np.int64), axis=2)
    return Found(cells, matches, gt_ignored, matched, of_match | (~matched & outside))


def image_results(found: Found, params: Params) -> list[Record | None]:
    """Make evalImgs: a dict or None for each category, area range and image."""
    cats = params.catIds if params.useCats else [-1]
    n_images, n_ranges = len(params.imgIds), len(params.areaRng)
    results: list[Record | None] = [None] * (len(cats) * n_ranges * n_images)
    for c, cell in enumerate(found.cells.layout.cells.tolist()):
        k, i = divmod(cell, n_images)
        for a, area_range in enumerate(params.areaRng):
            results[(k * n_ranges + a) * n_images + i] = {
                "image_id": params.imgIds[i],
                "category_id": cats[k],
                "aRng": area_range,
                "maxDet": params.maxDets[-1],
                **cell_result(found, c, a),
            }
    return results


def cell_result(found: Found, c: int, a: int) -> Record:
    """What COCOeval records of one cell and area range."""
    layout = found.cells.layout
    own_gt = slice(int(layout.gt_offsets[c]), int(layout.gt_offsets[c + 1]))
    own_dt = slice(int(layout.dt_offsets[c]), int(layout.dt_offsets[c + 1]))
    gts, dts = found.cells.gts[own_gt], found.cells.dts[own_dt]
    ignored = found.gt_ignored[a, own_gt]
    order = np.argsort(ignored, kind="stable")
    gt_of_dt = found.matches.gt_of_dt[a, :, own_dt]
    dt_of_gt = found.matches.dt_of_gt[a, :, own_gt][:, order]
    gt_ids = np.array([gt["id"] for gt in gts] + [0], np.float64)
    dt_ids = np.array([dt["id"] for dt in dts] + [0], np.float64)
    gt_at = np.where(gt_of_dt < 0, len(gts), gt_of_dt - own_gt.start)
    dt_at = np.where(dt_of_gt < 0, len(dts), dt_of_gt - own_dt.start)
    return {
        "dtIds": [dt["id"] for dt in dts],
        "gtIds": [gts[i]["id"] for i in order.tolist()],
        "dtMatches": np.ascontiguousarray(gt_ids[gt_at]),
        "gtMatches": np.ascontiguousarray(dt_ids[dt_at]),
        "dtScores": [dt["score"] for dt in dts],
        "gtIgnore": ignored[order].astype(np.int64) if gts else np.array([]),
        "dtIgnore": found.dt_ignored[a, :, own_dt].copy(),
    }


def curves_of_found(found: Found, params: Params) -> Curves:
    """Accumulate matches of all cells."""
    layout = found.cells.layout
    n_images = len(params.imgIds)
    n_categories = len(params.catIds) if params.useCats else 1
    scores = np.array([dt["score"] for dt in found.cells.dts], np.float64)
    category = layout.gt_cells // max(n_images, 1)
    n_positive = np.stack(
        [np.bincount(category[~row], minlength=n_categories) for row in found.gt_ignored], axis=1
    )
    return curves(
        found.matched,
        found.dt_ignored,
        scores,
        layout.dt_cells // max(n_images, 1),
        layout.dt_rank,
        n_positive,
        np.array(params.recThrs, np.float64),
        params.maxDets,
    )


def curves_of_images(results: Sequence[Record | None], params: Params, known: Params) -> Curves:
    """Accumulate evalImgs that were made with the parameters ``known``, for those of ``params``."""
    known_cats = known.catIds if known.useCats else [-1]
    ranges = {tuple(r) for r in known.areaRng}
    k_list = _among(params.catIds, known_cats)
    a_list = _among([tuple(r) for r in params.areaRng], ranges)
    i_list = _among(params.imgIds, known.imgIds)
    limits = [m for m in params.maxDets if m in set(known.maxDets)]
    n_images, n_ranges = len(known.imgIds), len(known.areaRng)
    recalls = np.array(params.recThrs, np.float64)
    n_thresholds = len(params.iouThrs)
    n_categories = len(params.catIds) if params.useCats else 1
    shape = (n_categories, len(params.areaRng), len(params.maxDets))
    out = Curves(
        np.full((n_thresholds, len(recalls), *shape), -1.0),
        np.full((n_thresholds, *shape), -1.0),
        np.full((n_thresholds, len(recalls), *shape), -1.0),
    )
    for a, a0 in enumerate(a_list):
        parts = [
            (k, e)
            for k, k0 in enumerate(k_list)
            for i in i_list
            if (e := results[(k0 * n_ranges + a0) * n_images + i]) is not None
        ]
        if not parts:
            continue
        lengths = [len(e["dtScores"]) for _, e in parts]
        n_positive = np.zeros((len(k_list), 1), np.int64)
        for k, e in parts:
            n_positive[k, 0] += np.count_nonzero(np.asarray(e["gtIgnore"]) == 0)
        one = curves(
            np.concatenate([e["dtMatches"] for _, e in parts], axis=1)[np.newaxis] != 0,
            np.concatenate([e["dtIgnore"] for _, e in parts], axis=1)[np.newaxis] != 0,
            np.array([score for _, e in parts for score in e["dtScores"]], np.float64),
            np.repeat([k for k, _ in parts], lengths),
            np.concatenate([np.arange(n) for n in lengths]),
            n_positive,
            recalls,
            limits,
        )
        for whole, part in zip(out, one, strict=True):
            whole[..., : len(k_list), a, : len(limits)] = part[..., 0, :]
    return out


def _among(given: Sequence[Any], known: Any) -> list[int]:
    kept = set(known)
    return [n for n, value in enumerate(given) if value in kept]
