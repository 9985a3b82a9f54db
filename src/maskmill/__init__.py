"""Segmentation masks: rasterize, encode, measure, combine and convert, fast and exact.

The public names load on first use, so that ``maskmill --help`` waits for no array library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.dispatch import backends
    from maskmill.concurrency import thread_count, threads
    from maskmill.errors import (
        BackendUnavailableError,
        FormatError,
        InvalidMaskError,
        InvalidPolygonError,
        MaskmillError,
    )
    from maskmill.groups import Groups, PairMatrices, group
    from maskmill.masks import Masks
    from maskmill.ops.boundary import boundary, dilate, erode
    from maskmill.ops.combine import (
        complement,
        difference,
        intersection,
        merge,
        symmetric_difference,
        union,
    )
    from maskmill.ops.components import (
        Components,
        components,
        fill_holes,
        remove_small_regions,
    )
    from maskmill.ops.decode import decode
    from maskmill.ops.encode import encode
    from maskmill.ops.iou import dice, intersection_area, iou
    from maskmill.ops.label_map import LabelledMasks, from_label_map, label_map
    from maskmill.ops.measure import area, bbox
    from maskmill.ops.rasterize import rasterize
    from maskmill.ops.strings import from_coco_strings, from_counts, to_coco_strings, to_counts
    from maskmill.ops.trace import trace
    from maskmill.ops.transform import crop, flip, pad, resize, rotate90, translate
    from maskmill.polygons import Polygons

__all__ = [
    "BackendUnavailableError",
    "Components",
    "FormatError",
    "Groups",
    "InvalidMaskError",
    "InvalidPolygonError",
    "LabelledMasks",
    "MaskmillError",
    "Masks",
    "PairMatrices",
    "Polygons",
    "area",
    "backends",
    "bbox",
    "boundary",
    "complement",
    "components",
    "crop",
    "decode",
    "dice",
    "difference",
    "dilate",
    "encode",
    "erode",
    "fill_holes",
    "flip",
    "from_coco_strings",
    "from_counts",
    "from_label_map",
    "group",
    "intersection",
    "intersection_area",
    "iou",
    "label_map",
    "merge",
    "pad",
    "rasterize",
    "remove_small_regions",
    "resize",
    "rotate90",
    "symmetric_difference",
    "thread_count",
    "threads",
    "to_coco_strings",
    "to_counts",
    "trace",
    "translate",
    "union",
]

__version__ = "0.1.0"

_HOME = {
    "BackendUnavailableError": "maskmill.errors",
    "Components": "maskmill.ops.components",
    "FormatError": "maskmill.errors",
    "Groups": "maskmill.groups",
    "InvalidMaskError": "maskmill.errors",
    "InvalidPolygonError": "maskmill.errors",
    "LabelledMasks": "maskmill.ops.label_map",
    "MaskmillError": "maskmill.errors",
    "Masks": "maskmill.masks",
    "PairMatrices": "maskmill.groups",
    "Polygons": "maskmill.polygons",
    "area": "maskmill.ops.measure",
    "backends": "maskmill.backend.dispatch",
    "bbox": "maskmill.ops.measure",
    "boundary": "maskmill.ops.boundary",
    "complement": "maskmill.ops.combine",
    "components": "maskmill.ops.components",
    "crop": "maskmill.ops.transform",
    "decode": "maskmill.ops.decode",
    "dice": "maskmill.ops.iou",
    "difference": "maskmill.ops.combine",
    "dilate": "maskmill.ops.boundary",
    "encode": "maskmill.ops.encode",
    "erode": "maskmill.ops.boundary",
    "fill_holes": "maskmill.ops.components",
    "flip": "maskmill.ops.transform",
    "from_coco_strings": "maskmill.ops.strings",
    "from_counts": "maskmill.ops.strings",
    "from_label_map": "maskmill.ops.label_map",
    "group": "maskmill.groups",
    "intersection": "maskmill.ops.combine",
    "intersection_area": "maskmill.ops.iou",
    "iou": "maskmill.ops.iou",
    "label_map": "maskmill.ops.label_map",
    "merge": "maskmill.ops.combine",
    "pad": "maskmill.ops.transform",
    "rasterize": "maskmill.ops.rasterize",
    "remove_small_regions": "maskmill.ops.components",
    "resize": "maskmill.ops.transform",
    "rotate90": "maskmill.ops.transform",
    "symmetric_difference": "maskmill.ops.combine",
    "thread_count": "maskmill.concurrency",
    "threads": "maskmill.concurrency",
    "to_coco_strings": "maskmill.ops.strings",
    "to_counts": "maskmill.ops.strings",
    "trace": "maskmill.ops.trace",
    "translate": "maskmill.ops.transform",
    "union": "maskmill.ops.combine",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'maskmill' has no attribute {name!r}")
    with loading:
        value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
