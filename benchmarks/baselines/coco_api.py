"""Engines with the functions of ``pycocotools.mask``: dicts in, dicts out.

Each is called in the way that is fastest for it: the rings of an image in one call, and masks one
by one or as a stack, whichever was faster when all were tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from benchmarks.baselines.base import Baseline
from benchmarks.data import Array, DenseData, FileData, MaskData, PairData, PolygonData, Rle
from benchmarks.work import Work, same

Encode = Callable[[DenseData], Callable[[], Any]]


class CocoApi(Baseline):
    """A module with the functions of ``pycocotools.mask``."""

    mask: ClassVar[Any]
    stacks: ClassVar[bool] = False
    """Whether stacks (H, W, N) are faster than masks one by one."""
    takes_c_order: ClassVar[bool] = False
    """Whether C order is faster as it is than through ``np.asfortranarray``."""

    def rasterize(self, data: PolygonData) -> Work:
        return Work(partial(_rasterize, self.mask, _by_size(data)), same)

    def decode(self, data: MaskData) -> Work:
        if self.stacks:
            return Work(partial(self.mask.decode, data.rles), _from_hwn, note="new array")
        return Work(partial(_each, self.mask.decode, data.rles), np.stack, note="new arrays")

    def encode(self, data: DenseData) -> Work:
        encode = self.mask.encode
        as_is = data.order == "F" or self.takes_c_order
        note = "" if as_is else "through np.asfortranarray"
        if self.stacks:
            run = encode if as_is else partial(_through_fortran, encode)
            return Work(partial(run, data.hwn), same, note=note)
        run = encode if as_is else partial(_through_fortran, encode)
        return Work(partial(_each, run, list(data.stack)), same, note=note)

    def iou(self, data: PairData) -> Work:
        shapes = [(len(image.detections), len(image.truths)) for image in data.images]

        def read(matrices: list[Any]) -> list[Array]:
            return [np.reshape(m, shape) for m, shape in zip(matrices, shapes, strict=True)]

        return Work(partial(_iou, self.mask.iou, data.images), read)

    def area(self, data: MaskData) -> Work:
        return Work(partial(self.mask.area, data.rles), same)

    def bbox(self, data: MaskData) -> Work:
        return Work(partial(self.mask.toBbox, data.rles), same)

    def union(self, data: MaskData) -> Work:
        return Work(partial(self.mask.merge, data.rles), _alone)

    def read_coco(self, data: FileData) -> Work:
        return Work(partial(self.read_file, str(data.path)), same)

    def read_file(self, path: str) -> list[Rle]:
        """Load a COCO file and draw every annotation."""
        raise NotImplementedError

    def encode_one(self, data: DenseData) -> Work:
        dense = np.asfortranarray(data.stack[0])
        return Work(partial(self.mask.encode, dense), _alone)

    def decode_one(self, data: MaskData) -> Work:
        return Work(partial(self.mask.decode, data.rles[0]), same)

    def iou_one(self, data: PairData) -> Work:
        image = data.images[0]
        return Work(partial(self.mask.iou, image.detections, image.truths, [0]), same)


def _by_size(data: PolygonData) -> list[tuple[list[Any], list[int], int, int]]:
    """Rings, the number of them in each mask, and the size, of neighbouring masks of one size."""
    pairs = zip(data.sizes, data.segmentations, strict=True)
    found = []
    for (height, width), group in groupby(pairs, itemgetter(0)):
        own = [segmentation for _, segmentation in group]
        rings = [ring for segmentation in own for ring in segmentation]
        found.append((rings, [len(segmentation) for segmentation in own], height, width))
    return found


def _rasterize(mask: Any, images: list[tuple[list[Any], list[int], int, int]]) -> list[Rle]:
    drawn: list[Rle] = []
    for rings, lengths, height, width in images:
        rles = mask.frPyObjects(rings, height, width)
        start = 0
        for n in lengths:
            drawn.append(rles[start] if n == 1 else mask.merge(rles[start : start + n]))
            start += n
    return drawn


def _each(function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    return [function(value) for value in values]


def _through_fortran(encode: Callable[[Array], Any], dense: Array) -> Any:
    return encode(np.asfortranarray(dense))


def _iou(iou: Callable[..., Any], images: list[Any]) -> list[Any]:
    return [iou(image.detections, image.truths, image.crowd) for image in images]


def _from_hwn(dense: Array) -> Array:
    return dense.transpose(2, 0, 1)


def _alone(result: Any) -> list[Any]:
    return [result]
