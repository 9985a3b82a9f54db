"""COCO's average precision and recall over columns, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskmill import ragged
from maskmill.metrics.columns import (
    as_column,
    as_numbers,
    as_shapes,
    own_areas,
    pack,
    pair_overlaps,
    places_of,
    unpack,
)
from maskmill.metrics.curves import curves
from maskmill.metrics.matching import lay_out, left_out, match
from maskmill.metrics.result import CocoResult
from maskmill.metrics.settings import AREA_RANGES, KEYPOINT_AREA_RANGES, IouType, Settings
from maskmill.metrics.truth import GroundTruth

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["AREA_RANGES", "KEYPOINT_AREA_RANGES", "CocoEvaluator", "IouType"]


class CocoEvaluator:
    """Compares detections with ground truth that stays the same, as COCO does.

    Parameters
    ----------
    shapes : Masks, float array (N, 4) or float array (N, J, 3)
        Ground truth of N objects: masks, boxes (x, y, width, height), or J keypoints (x, y,
        visibility), as ``iou_type`` says.
    image_ids, category_ids : int or str arrays (N,)
    crowd : bool array (N,), optional
        Regions that any number of detections may match, and that count neither way.
    areas : float array (N,), optional, pixels
        What puts an object into area ranges. Default: of the mask or box; keypoints need it.
    boxes : float array (N, 4), optional
        Boxes of the objects; keypoints need them.
    ignored : bool array (N,), optional
        Further objects that count neither way. Default: keypoint objects of which none is visible.
    images, categories : arrays of distinct ids, optional
        All there are. Default: those of the objects.
    iou_type : {"segm", "bbox", "keypoints"}
    iou_thresholds : float array (T,), optional
        Default: 0.50, 0.55 ... 0.95.
    recall_thresholds : float array (R,), optional
        Default: 0.00, 0.01 ... 1.00.
    area_ranges : dict of str to (low, high), optional
        Default: `AREA_RANGES`, or `KEYPOINT_AREA_RANGES`.
    max_detections : sequence of M ints, optional
        How many detections of an image and category count. Default: 1, 10, 100; keypoints: 20.
    sigmas : float array (J,), optional
        Spread of each keypoint. Default: COCO's 17 of a person.

    Raises
    ------
    TypeError, ValueError
        If a column has the wrong kind, shape or a value that is not finite.

    Notes
    -----
    Precision, recall, scores, averages and text are equal to pycocotools 2.0.11 to the last bit.
    Images without detections count; categories without objects give -1. Detections are matched
    when they come: 2*A*T + 24 bytes stay of each.

    Examples
    --------
    >>> import numpy as np
    >>> evaluator = CocoEvaluator(
    ...     np.array([[0.0, 0, 10, 10], [5, 5, 10, 10]]), [1, 2], [7, 7], iou_type="bbox"
    ... )
    >>> evaluator.update(np.array([[0.0, 0, 10, 10]]), [1], [7], [0.9])
    >>> result = evaluator.compute()
    >>> print(f"AP {result.stats[0]:.3f}, AR {result.stats[8]:.3f}")
    AP 0.505, AR 0.500
    """

    def __init__(
        self,
        shapes: object,
        image_ids: object,
        category_ids: object,
        *,
        crowd: object | None = None,
        areas: object | None = None,
        boxes: object | None = None,
        ignored: object | None = None,
        images: object | None = None,
        categories: object | None = None,
        iou_type: IouType = "segm",
        iou_thresholds: object | None = None,
        recall_thresholds: object | None = None,
        area_ranges: Mapping[str, tuple[float, float]] | None = None,
        max_detections: Sequence[int] | None = None,
        sigmas: object | None = None,
    ) -> None:
        self.settings = Settings(
            iou_type, iou_thresholds, recall_thresholds, area_ranges, max_detections, sigmas
        )
        self.truth = GroundTruth(
            self.settings, shapes, image_ids, category_ids, crowd, areas, boxes, ignored, images,
            categories,
        )  # fmt: skip
        self.reset()

    def reset(self) -> None:
        """Forget all detections; the ground truth stays."""
        self._seen = np.zeros(len(self.truth.images), bool)
        n = (len(self.settings.area_ranges), len(self.settings.iou_thresholds), 0)
        empty = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        self._parts = [(*empty, np.zeros(n, bool), np.zeros(n, bool))]

    def update(
        self,
        shapes: object,
        image_ids: object,
        category_ids: object,
        scores: object,
        *,
        areas: object | None = None,
    ) -> None:
        """Add all detections of some images.

        Parameters
        ----------
        shapes : Masks, float array (D, 4) or float array (D, J, 3)
            In the form of the ground truth.
        image_ids, category_ids : arrays (D,)
            Categories that the ground truth does not have are left out, as in pycocotools.
        scores : float array (D,)
            Equal scores keep their order.
        areas : float array (D,), optional, pixels
            Default: of the mask, the box, or the box around the keypoints.

        Raises
        ------
        ValueError
            If an image is not one of the ground truth or had detections before: those of one image
            belong into one call.

        Notes
        -----
        O(pairs of one image and category), with one call of `maskmill.iou` for all.
        """
        name, truth = "CocoEvaluator.update", self.truth
        given = as_shapes(name, shapes, self.settings.iou_type, len(self.settings.sigmas))
        n = len(given)
        image = places_of(
            name, "image_ids", as_column(name, "image_ids", image_ids, n), truth.images
        )
        category_column = as_column(name, "category_ids", category_ids, n)
        score = as_numbers(name, "scores", scores, (n,))
        area = own_areas(given) if areas is None else as_numbers(name, "areas", areas, (n,))
        batch = np.unique(image)
        again = batch[self._seen[batch]]
        if len(again):
            raise ValueError(
                f"{name}: image_ids must be of images that had no detections before, got "
                f"{truth.images[again[0]].item()!r} again. Give an image's detections at once."
            )
        known = np.flatnonzero(np.isin(category_column, truth.categories))
        given, image, score, area = given[known], image[known], score[known], area[known]
        category = np.searchsorted(truth.categories, category_column[known])
        own = ragged.spread(truth.starts[batch], truth.starts[batch + 1] - truth.starts[batch])
        n_images = len(truth.images)
        layout = lay_out(
            truth.category[own] * n_images + truth.image[own],
            category * n_images + image,
            score,
            self.settings.max_detections[-1],
        )
        rows, dt = own[layout.gt_order], layout.dt_order
        overlaps = pair_overlaps(
            given[dt],
            truth.shapes[rows],
            (layout.dt_offsets, layout.gt_offsets),
            truth.crowd[rows],
            (None if truth.boxes is None else truth.boxes[rows], truth.areas[rows]),
            self.settings.sigmas,
        )
        ignored = truth.ignored[:, rows]
        matches = match(overlaps, layout, ignored, truth.crowd[rows], self.settings.iou_thresholds)
        low, high = self.settings.ranges()
        matched = matches.gt_of_dt >= 0
        out = left_out(matches, matched, ignored, (area[dt] < low) | (area[dt] > high))
        self._parts.append((layout.dt_cells, layout.dt_rank, score[dt], matched, out))
        self._seen[batch] = True

    def merge(self, other: CocoEvaluator | bytes) -> None:
        """Add what another evaluator of the same ground truth has seen, or its `to_bytes`.

        Raises
        ------
        ValueError
            If ground truth or parameters differ, or both have seen an image.
        """
        name = "CocoEvaluator.merge"
        if not isinstance(other, (CocoEvaluator, bytes)):
            raise TypeError(
                f"{name}: other must be a CocoEvaluator or bytes, got {type(other).__name__}. "
                "Pass what to_bytes gave."
            )
        state = other._state() if isinstance(other, CocoEvaluator) else unpack(name, other)
        own = self._identity()
        for key, value in own.items():
            if key not in state or not np.array_equal(state[key], value):
                raise ValueError(
                    f"{name}: other must have the same ground truth and parameters, got another "
                    f"{key}. Build all evaluators alike."
                )
        n = (len(self.settings.area_ranges), len(self.settings.iou_thresholds), len(state["score"]))
        both = np.flatnonzero(self._seen & state["seen"])
        if len(both):
            raise ValueError(
                f"{name}: other must have seen other images, got "
                f"{self.truth.images[both[0]].item()!r} twice. Give each evaluator its own images."
            )
        bits = [
            np.unpackbits(state[key], count=n[0] * n[1] * n[2]).reshape(n) != 0
            for key in ("matched", "left_out")
        ]
        self._parts.append((state["cell"], state["rank"], state["score"], bits[0], bits[1]))
        self._seen |= state["seen"]

    def to_bytes(self) -> bytes:
        """Pack what was seen, to `merge` it in another process."""
        return pack(self._state())

    def compute(self) -> CocoResult:
        """Accumulate all detections so far; more may follow."""
        truth, settings = self.truth, self.settings
        cell, rank, score, matched, out = self._together()
        order = np.lexsort((rank, cell))
        n_categories = len(truth.categories)
        n_positive = np.stack(
            [np.bincount(truth.category[~row], minlength=n_categories) for row in truth.ignored],
            axis=1,
        )
        found = curves(
            matched[:, :, order],
            out[:, :, order],
            score[order],
            cell[order] // max(len(truth.images), 1),
            rank[order],
            n_positive,
            settings.recall_thresholds,
            settings.max_detections,
        )
        return CocoResult(
            *found,
            categories=truth.categories,
            iou_thresholds=settings.iou_thresholds,
            recall_thresholds=settings.recall_thresholds,
            area_labels=list(settings.area_ranges),
            max_detections=settings.max_detections,
            keypoints=settings.iou_type == "keypoints",
        )

    def _together(self) -> tuple[Array, Array, Array, Array, Array]:
        cell, rank, score, matched, out = (
            np.concatenate(columns, axis=-1) for columns in zip(*self._parts, strict=True)
        )
        self._parts = [(cell, rank, score, matched, out)]
        return self._parts[0]

    def _identity(self) -> dict[str, Array]:
        """Columns in which evaluators must agree to be merged."""
        truth, settings = self.truth, self.settings
        return {
            "images": truth.images,
            "categories": truth.categories,
            "iou_thresholds": settings.iou_thresholds,
            "area_ranges": np.concatenate(settings.ranges(), axis=1),
            "max_detections": np.array(settings.max_detections, np.int64),
            "image": truth.image,
            "category": truth.category,
            "areas": truth.areas,
            "crowd": truth.crowd,
        }

    def _state(self) -> dict[str, Array]:
        cell, rank, score, matched, out = self._together()
        return {
            **self._identity(),
            "seen": self._seen,
            "cell": cell,
            "rank": rank,
            "score": score,
            "matched": np.packbits(matched),
            "left_out": np.packbits(out),
        }
