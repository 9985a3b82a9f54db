"""What a GPU user has today: functions of installed packages, and plain torch and CuPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Peer = Callable[[Any], object]


def segment_anything(dense: Any) -> object:
    """SAM's run lengths of a stack."""
    from segment_anything.utils.amg import mask_to_rle_pytorch

    return mask_to_rle_pytorch(dense.bool())


def torchvision_boxes(dense: Any) -> object:
    """Boxes of a stack by torchvision."""
    from torchvision.ops import masks_to_boxes

    return masks_to_boxes(dense)


def torch_matmul_iou(dense: Any) -> object:
    """IoU of all pairs by a product of flattened masks in half precision."""
    import torch

    a, b = (stack.flatten(1).to(torch.bfloat16) for stack in dense)
    common = (a @ b.T).float()
    union = a.float().sum(1)[:, None] + b.float().sum(1)[None, :] - common
    return common / union


def cupy_area(dense: Any) -> object:
    """Pixels of each mask by CuPy."""
    import cupy

    return cupy.asarray(dense).sum(axis=(1, 2))


def torch_area(dense: Any) -> object:
    """Pixels of each mask by torch."""
    return dense.sum(dim=(1, 2))
