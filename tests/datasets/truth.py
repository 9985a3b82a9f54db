"""What a COCO file holds, found out slowly: pycocotools for the masks, loops for the painting."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tests.conftest import data_path
from tests.oracles import Dense
from tests.real_data import ANNOTATION_FILES, read_json

FILES: Final = (
    *ANNOTATION_FILES,
    "coco/mini_val2017/person_keypoints_val2017.json",
    "formats/roboflow_coco/sharks/train/_annotations.coco.json",
)
"""Files with a stored oracle, one with keypoints, and one of boxes with a few polygons."""

Ints = npt.NDArray[np.int64]


class Truth(NamedTuple):
    """A file as plain data."""

    path: Path
    data: dict[str, Any]

    def images(self) -> Iterator[tuple[int, dict[str, Any], list[dict[str, Any]], list[Dense]]]:
        """Give images with their number, annotations that have a mask, and the masks.

        All of them, but only some of a large file: painting slowly takes its time.
        """
        own: dict[Any, list[dict[str, Any]]] = {}
        for annotation in self.data["annotations"]:
            if annotation["segmentation"]:
                own.setdefault(annotation["image_id"], []).append(annotation)
        images = self.data["images"]
        for g in range(0, len(images), 1 + len(images) // 100):
            records = own.get(images[g]["id"], [])
            yield g, images[g], records, [dense_of(a, images[g]) for a in records]


@cache
def truth(name: str) -> Truth:
    """Read one of `FILES`."""
    path = data_path(*name.split("/"))
    return Truth(path, read_json(path))


def rle_of(annotation: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    """Mask of an annotation as pycocotools has it."""
    from pycocotools import mask

    segmentation = annotation["segmentation"]
    height, width = image["height"], image["width"]
    if isinstance(segmentation, dict):
        counted = isinstance(segmentation["counts"], list)
        found: dict[str, Any] = (
            mask.frPyObjects(segmentation, height, width) if counted else segmentation
        )
    else:
        found = mask.merge(mask.frPyObjects(segmentation, height, width))
    return found


def dense_of(annotation: dict[str, Any], image: dict[str, Any]) -> Dense:
    """Pixels of an annotation."""
    from pycocotools import mask

    dense: Dense = mask.decode(rle_of(annotation, image)).astype(bool)
    return dense


def painting_order(annotations: list[dict[str, Any]], masks: list[Dense]) -> list[int]:
    """Crowd regions first, then large ones before small ones."""
    rows = range(len(annotations))
    return sorted(rows, key=lambda k: (not annotations[k].get("iscrowd", 0), -int(masks[k].sum())))


def paint(
    image: dict[str, Any], masks: list[Dense], labels: list[int], order: list[int], background: int
) -> Ints:
    """Label map, mask after mask."""
    out = np.full((image["height"], image["width"]), background, np.int64)
    for k in order:
        out[masks[k]] = labels[k]
    return out
