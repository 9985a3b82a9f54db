"""From matches to COCOeval's dicts and curves, and from its dicts to curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill.compat.pycocotools.cells import Found
from maskmill.metrics.curves import Curves, curves

if TYPE_CHECKING:
    from maskmill.compat.pycocotools.params import Params

__all__ = ["cell_result", "curves_of_found", "curves_of_images", "image_results"]

Record = dict[str, Any]


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
