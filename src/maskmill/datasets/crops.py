"""Masks of a part of an image, as annotation tools store them, and back.

Tools write the pixels of the box of a mask and where the box lies. All of it happens on the runs:
a mask of a few pixels in an image of gigapixels costs what its runs cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskmill.masks import Masks
from maskmill.ops.decode import decode
from maskmill.ops.encode import encode
from maskmill.ops.measure import bbox
from maskmill.ops.transform import crop, pad

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["crop_masks", "place_masks", "transpose_masks"]


def place_masks(crops: Masks, corners: Array, sizes: Array) -> Masks:
    """Put masks into larger images.

    Parameters
    ----------
    crops : Masks, N masks
    corners : int64 array, shape (N, 2)
        x and y of the first pixel of each in its image; all of it must lie inside.
    sizes : int32 array, shape (N, 2)
        (height, width) of the images.

    Returns
    -------
    Masks, N masks
    """
    x, y = corners.T
    height, width = (sizes.astype(np.int64) - crops.sizes).T
    return pad(crops, np.stack([x, y, width - x, height - y], axis=1))


def crop_masks(masks: Masks) -> tuple[Masks, Array]:
    """Cut masks to their boxes.

    Returns
    -------
    crops : Masks, N masks
        Each of the size of its box; an empty mask becomes one of 1x1.
    boxes : int64 array, shape (N, 4)
        x, y, width, height; zeros for an empty mask.
    """
    boxes = bbox(masks)
    corner, extent = boxes[:, :2], np.maximum(boxes[:, 2:], 1)
    return crop(masks, np.concatenate([corner, corner + extent], axis=1)), boxes


def transpose_masks(masks: Masks) -> Masks:
    """Exchange rows and columns, so that column-major run lengths become row-major ones.

    What lies outside the box of a mask costs nothing.
    """
    crops, boxes = crop_masks(masks)
    turned = Masks.concatenate(encode(np.swapaxes(decode(one), 1, 2)) for one in crops)
    sizes = np.ascontiguousarray(masks.sizes[:, ::-1])
    return place_masks(turned, boxes[:, [1, 0]], sizes)
