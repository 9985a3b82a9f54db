"""Slow and obvious: what the operations must give, by dense loops and by the reference tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from maskmill import Masks

Dense = npt.NDArray[np.bool_]


def masks_from_dense(stack: list[Dense]) -> Masks:
    """Build masks pixel by pixel, through the checked constructor."""
    bounds: list[int] = []
    offsets = [0]
    for dense in stack:
        previous = False
        flat = dense.T.reshape(-1)
        for position, value in enumerate([*flat.tolist(), False]):
            if bool(value) != previous:
                bounds.append(position)
                previous = bool(value)
        offsets.append(len(bounds))
    sizes = np.array([d.shape for d in stack], np.int32).reshape(-1, 2)
    return Masks(np.array(bounds, np.uint32), np.array(offsets, np.int64), sizes)


def dense_from_masks(masks: Masks) -> list[Dense]:
    """Fill spans one by one."""
    stack = []
    for i, (height, width) in enumerate(masks.sizes.tolist()):
        flat = np.zeros(height * width, bool)
        own = masks.bounds[masks.offsets[i] : masks.offsets[i + 1]].tolist()
        for start, stop in zip(own[::2], own[1::2], strict=True):
            flat[start:stop] = True
        stack.append(flat.reshape(width, height).T)
    return stack


def coco_rle(dense: Dense) -> dict[str, Any]:
    """Encode with pycocotools."""
    from pycocotools import mask

    encoded: dict[str, Any] = mask.encode(np.asfortranarray(dense.astype(np.uint8)))
    return encoded
