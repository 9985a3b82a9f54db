"""torchvision: boxes of dense tensors."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from pycocotools import mask as coco_mask
from torchvision.ops import masks_to_boxes

from benchmarks.baselines.base import Baseline
from benchmarks.data import Array, MaskData
from benchmarks.work import NotOfferedError, Work


class Torchvision(Baseline):
    label = "torchvision"
    distribution = "torchvision"

    def bbox(self, data: MaskData) -> Work:
        if any(not coco_mask.area(rle) for rle in data.rles):
            raise NotOfferedError("no empty masks")
        dense = {id(rle): torch.from_numpy(coco_mask.decode(rle)[np.newaxis]) for rle in data.rles}
        return Work(partial(_boxes, [dense[id(rle)] for rle in data.rles]), _xywh, note="dense")


def _boxes(masks: list[torch.Tensor]) -> list[torch.Tensor]:
    return [masks_to_boxes(mask) for mask in masks]


def _xywh(boxes: list[torch.Tensor]) -> Array:
    """Its right and bottom edges are inclusive."""
    xyxy = torch.cat(boxes).numpy()
    return np.column_stack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2] + 1])


ENGINE = Torchvision()
