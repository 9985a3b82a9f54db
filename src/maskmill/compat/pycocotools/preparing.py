"""What COCOeval does to the records before it compares them."""

from __future__ import annotations

from typing import Any

from maskmill.compat.pycocotools import mask as mask_utils
from maskmill.masks import Masks

__all__ = ["encode_segmentations"]

Record = dict[str, Any]


def encode_segmentations(anns: list[Record], images: dict[Any, Record]) -> None:
    """Replace polygons and uncompressed run lengths by compressed ones, in place."""
    loose = [ann for ann in anns if _is_loose(ann["segmentation"])]
    sizes = [
        (image["height"], image["width"])
        if isinstance(ann["segmentation"], list)
        else tuple(ann["segmentation"]["size"])
        for ann in loose
        for image in [images[ann["image_id"]]]
    ]
    if not loose:
        return
    masks = Masks.from_coco([ann["segmentation"] for ann in loose], sizes)
    for ann, rle in zip(loose, mask_utils.as_rles(masks), strict=True):
        ann["segmentation"] = rle


def _is_loose(segmentation: Any) -> bool:
    return isinstance(segmentation, list) or isinstance(segmentation["counts"], list)
