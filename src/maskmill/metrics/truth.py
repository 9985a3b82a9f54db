"""Ground truth of an evaluation: objects by image, ready to meet detections."""

from __future__ import annotations

import numpy as np

from maskmill.masks import Masks
from maskmill.metrics.columns import (
    as_column,
    as_flags,
    as_numbers,
    as_shapes,
    own_areas,
    places_of,
)
from maskmill.metrics.settings import Settings

__all__ = ["GroundTruth"]


class GroundTruth:
    """Columns of `maskmill.metrics.coco.CocoEvaluator`, checked and sorted by image."""

    def __init__(
        self,
        settings: Settings,
        shapes: object,
        image_ids: object,
        category_ids: object,
        crowd: object | None,
        areas: object | None,
        boxes: object | None,
        ignored: object | None,
        images: object | None,
        categories: object | None,
    ) -> None:
        name = "CocoEvaluator"
        given = as_shapes(name, shapes, settings.iou_type, len(settings.sigmas))
        n = len(given)
        image_column = as_column(name, "image_ids", image_ids, n)
        category_column = as_column(name, "category_ids", category_ids, n)
        self.images = np.unique(image_column if images is None else np.asarray(images))
        self.categories = np.unique(
            category_column if categories is None else np.asarray(categories)
        )
        image = places_of(name, "image_ids", image_column, self.images)
        order = np.argsort(image, kind="stable")
        self.image = image[order]
        self.category = places_of(name, "category_ids", category_column, self.categories)[order]
        self.starts = np.searchsorted(self.image, np.arange(len(self.images) + 1))
        self.shapes = given[order]
        self.crowd = as_flags(name, "crowd", crowd, n)[order]
        if settings.keypoints and (areas is None or boxes is None):
            raise ValueError(
                f"{name}: areas and boxes must be given for keypoints, got none. "
                "Pass those of the annotations."
            )
        own = own_areas(given) if areas is None else as_numbers(name, "areas", areas, (n,))
        self.areas = own[order]
        self.boxes = None if boxes is None else as_numbers(name, "boxes", boxes, (n, 4))[order]
        if ignored is None and settings.keypoints and not isinstance(given, Masks):
            ignored = ~(given[:, :, 2] > 0).any(axis=1)
        always = as_flags(name, "ignored", ignored, n)[order] | self.crowd
        low, high = settings.ranges()
        self.ignored = always | (self.areas < low) | (self.areas > high)
