"""What a workload is made of: the same input in the form of every engine.

Conversions are made once, by NumPy or pycocotools, and are never timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from maskmill import Masks, Polygons, from_coco_strings
from maskmill.ragged import offsets_from_lengths

Array: TypeAlias = npt.NDArray[Any]
Rle: TypeAlias = dict[str, Any]
Size: TypeAlias = tuple[int, int]
Segmentation: TypeAlias = list[list[float]]


@dataclass(frozen=True)
class PolygonData:
    """Polygonal masks as COCO writes them: lists of rings ``[x, y, x, y, ...]``."""

    segmentations: list[Segmentation]
    sizes: list[Size]

    def __len__(self) -> int:
        return len(self.segmentations)

    @cached_property
    def polygons(self) -> Polygons:
        """The same as columns."""
        rings = [np.asarray(ring, np.float64) for s in self.segmentations for ring in s]
        n_rings = np.array([len(s) for s in self.segmentations], np.int64)
        return Polygons(
            np.concatenate([np.zeros(0), *rings]).reshape(-1, 2),
            offsets_from_lengths(np.array([len(ring) // 2 for ring in rings], np.int64)),
            np.arange(len(rings) + 1, dtype=np.int64),
            offsets_from_lengths(n_rings),
            np.array(self.sizes, np.int32).reshape(-1, 2),
        )

    @cached_property
    def rles(self) -> list[Rle]:
        """The masks as pycocotools draws them."""
        return [
            coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
            for segmentation, (height, width) in zip(self.segmentations, self.sizes, strict=True)
        ]

    @cached_property
    def masks(self) -> MaskData:
        """The drawn masks."""
        return MaskData(self.rles)


@dataclass(frozen=True)
class MaskData:
    """Masks as COCO run lengths: ``{"size": [height, width], "counts": bytes}``."""

    rles: list[Rle]

    def __len__(self) -> int:
        return len(self.rles)

    @cached_property
    def masks(self) -> Masks:
        """The same as columns, by the array program."""
        sizes = [rle["size"] for rle in self.rles]
        return from_coco_strings([rle["counts"] for rle in self.rles], sizes, backend="numpy")

    @cached_property
    def dense(self) -> Array:
        """The same as uint8 (N, H, W), C order; the masks have one size."""
        return np.ascontiguousarray(coco_mask.decode(self.rles).transpose(2, 0, 1))

    @property
    def n_chars(self) -> int:
        """Characters of all run-length strings."""
        return sum(len(rle["counts"]) for rle in self.rles)

    @property
    def n_pixels(self) -> int:
        """Pixels of all masks."""
        return sum(int(np.prod(rle["size"])) for rle in self.rles)


@dataclass(frozen=True)
class DenseData:
    """Dense masks in one memory order, with the run lengths that encoding must give."""

    stack: Array  # uint8 (N, H, W); in Fortran order each mask lies column by column
    order: Literal["C", "F"]
    rles: list[Rle]

    @classmethod
    def of(cls, masks: MaskData, order: Literal["C", "F"]) -> DenseData:
        """Lay masks of one size out in memory."""
        if order == "C":
            return cls(masks.dense, "C", masks.rles)
        return cls(coco_mask.decode(masks.rles).transpose(2, 0, 1), "F", masks.rles)

    @property
    def hwn(self) -> Array:
        """The same memory as (H, W, N), the axes of pycocotools; Fortran-ordered for order F."""
        return self.stack.transpose(1, 2, 0)


class ImagePairs(NamedTuple):
    """One image of `PairData`."""

    detections: list[Rle]
    truths: list[Rle]
    crowd: list[int]


@dataclass(frozen=True)
class PairData:
    """Detections and ground truth of many images, paired inside each."""

    images: list[ImagePairs]

    @property
    def n_pairs(self) -> int:
        """Pairs of all images."""
        return sum(len(image.detections) * len(image.truths) for image in self.images)

    @cached_property
    def detections(self) -> MaskData:
        """Detections of all images, image after image."""
        return MaskData([rle for image in self.images for rle in image.detections])

    @cached_property
    def truths(self) -> MaskData:
        """Ground truth of all images, image after image."""
        return MaskData([rle for image in self.images for rle in image.truths])

    @cached_property
    def crowd(self) -> npt.NDArray[np.bool_]:
        """The crowd flag of each ground truth."""
        return np.array([flag for image in self.images for flag in image.crowd], bool)

    @cached_property
    def groups(self) -> tuple[Array, Array]:
        """Offsets of the images in detections and in ground truth."""
        lengths = np.array([(len(i.detections), len(i.truths)) for i in self.images], np.int64)
        lengths = lengths.reshape(-1, 2)
        return offsets_from_lengths(lengths[:, 0]), offsets_from_lengths(lengths[:, 1])


@dataclass(frozen=True)
class PaintData:
    """Instances to be painted over one another, with their labels 1, 2, ..."""

    masks: MaskData

    @property
    def size(self) -> Size:
        """(height, width) of the map."""
        height, width = self.masks.rles[0]["size"]
        return height, width

    @cached_property
    def labels(self) -> Array:
        """One label a mask."""
        return np.arange(1, len(self.masks) + 1)

    @cached_property
    def label_map(self) -> Array:
        """The map, by dense painting."""
        painted = np.zeros(self.size, np.uint8)
        for label, rle in zip(self.labels.tolist(), self.masks.rles, strict=True):
            painted[coco_mask.decode(rle) != 0] = label
        return painted


@dataclass(frozen=True)
class LabelMapData:
    """A label map, with the run lengths of every label in ascending order."""

    label_map: Array
    rles: list[Rle]


@dataclass(frozen=True)
class FileData:
    """A COCO file, with the run lengths that its annotations must give."""

    path: Path
    rles: list[Rle]


def rle_of_crop(crop: Array, top: int, left: int, size: Size) -> Rle:
    """Run lengths of an image that holds a dense crop and nothing else; no dense image is made."""
    height, width = size
    columns, rows = np.nonzero(crop.T)
    positions = (left + columns).astype(np.int64) * height + top + rows
    jumps = np.flatnonzero(np.diff(positions) != 1)
    starts = positions[np.concatenate([[0], jumps + 1])]
    stops = positions[np.concatenate([jumps, [len(positions) - 1]])] + 1
    bounds = np.stack([starts, stops], axis=1).reshape(-1)
    counts = np.diff(np.concatenate([[0], bounds, [height * width]]))
    counts = counts[:-1] if counts[-1] == 0 else counts
    listed = {"size": [height, width], "counts": counts.tolist()}
    rle: Rle = coco_mask.frPyObjects(listed, height, width)
    return rle
