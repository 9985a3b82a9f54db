"""Draws annotations with matplotlib: what `COCO.showAnns` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.compat.pycocotools.coco import COCO

__all__ = ["show"]


def show(coco: COCO, anns: Sequence[dict[str, Any]], draw_bbox: bool) -> None:
    """Draw polygons, masks, keypoints and boxes; print captions."""
    if not anns:
        return
    if "segmentation" not in anns[0] and "keypoints" not in anns[0]:
        if "caption" not in anns[0]:
            raise ValueError(
                "showAnns: anns must have segmentation, keypoints or caption, got "
                f"{sorted(anns[0])}. Draw boxes with draw_bbox beside a segmentation."
            )
        for ann in anns:
            print(ann["caption"])
        return
    with loading:
        import matplotlib.pyplot as plt
        from matplotlib.collections import PatchCollection
        from matplotlib.patches import Polygon

    axes = plt.gca()
    axes.set_autoscale_on(False)
    outlines, colours = [], []
    generator = np.random.default_rng()
    for ann in anns:
        colour = (generator.random(3) * 0.6 + 0.4).tolist()
        segmentation = ann.get("segmentation")
        if isinstance(segmentation, list):
            for ring in segmentation:
                outlines.append(Polygon(np.reshape(ring, (-1, 2))))
                colours.append(colour)
        elif segmentation is not None:
            pixels = coco.annToMask(ann)
            paint = np.empty((*pixels.shape, 4))
            paint[:, :, :3] = [2 / 255, 166 / 255, 101 / 255] if ann.get("iscrowd") else colour
            paint[:, :, 3] = pixels * 0.5
            axes.imshow(paint)
        if isinstance(ann.get("keypoints"), list):
            bones = np.array(coco.loadCats(ann["category_id"])[0]["skeleton"]) - 1
            x, y, seen = np.reshape(ann["keypoints"], (-1, 3)).T
            for bone in bones:
                if (seen[bone] > 0).all():
                    axes.plot(x[bone], y[bone], linewidth=3, color=colour)
            for least, edge in ((0, "k"), (1, colour)):
                axes.plot(
                    x[seen > least], y[seen > least], "o", markersize=8, markeredgewidth=2,
                    markerfacecolor=colour, markeredgecolor=edge,
                )  # fmt: skip
        if draw_bbox:
            x0, y0, wide, high = ann["bbox"]
            x1, y1 = x0 + wide, y0 + high
            outlines.append(Polygon(np.array([[x0, y0], [x0, y1], [x1, y1], [x1, y0]])))
            colours.append(colour)
    axes.add_collection(PatchCollection(outlines, facecolor=colours, linewidths=0, alpha=0.4))
    axes.add_collection(
        PatchCollection(outlines, facecolor="none", edgecolors=colours, linewidths=2)
    )
