"""Real annotations, read in place: ``MASKMILL_DATA``, or ``../shared/data`` beside the project."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.data import Rle, Segmentation, Size

COCO = (
    "coco/mini_val2017/instances_val2017.json",
    "coco/tiny_train2017/instances_train2017.json",
    "coco/val2014_100/instances_val2014_100.json",
)
LVIS = ("lvis/lvis_v0.5_val_50a.json",)
DETECTIONS = {
    "coco/mini_val2017/instances_val2017.json": "coco/mini_val2017/derived_results.json",
    "coco/val2014_100/instances_val2014_100.json": (
        "coco/val2014_100/instances_val2014_fakesegm100_results.json"
    ),
}
COUNTRIES = "stress_polygons/countries_50m.json"


class MissingDataError(Exception):
    """The real data is not on this machine."""


class Annotation(NamedTuple):
    """One mask of a COCO file."""

    image: int
    size: Size
    segmentation: Any
    crowd: bool


def read(name: str) -> Any:
    """Decode a JSON file of the data folder."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("MASKMILL_DATA", default)) / name
    if not path.exists():
        raise MissingDataError(f"no real data at {path}; set MASKMILL_DATA to its folder")
    return msgspec.json.decode(path.read_bytes())


@cache
def instances(name: str) -> list[Annotation]:
    """Annotations of a COCO or LVIS file, in file order."""
    file = read(name)
    sizes = {image["id"]: (image["height"], image["width"]) for image in file["images"]}
    return [
        Annotation(a["image_id"], sizes[a["image_id"]], a["segmentation"], bool(a.get("iscrowd")))
        for a in file["annotations"]
    ]


def polygons(*names: str) -> tuple[list[Segmentation], list[Size]]:
    """Polygon annotations of files, and the sizes of their images."""
    found = [a for name in names for a in instances(name) if isinstance(a.segmentation, list)]
    return [a.segmentation for a in found], [a.size for a in found]


@cache
def detections(name: str) -> dict[int, list[Rle]]:
    """Detected masks of each image, for the ground truth in this file."""
    found: dict[int, list[Rle]] = {}
    for result in read(DETECTIONS[name]):
        rle = result["segmentation"]
        own = {"size": rle["size"], "counts": rle["counts"].encode()}
        found.setdefault(result["image_id"], []).append(own)
    return found


def countries() -> tuple[list[Segmentation], Size]:
    """Every ring of the world's countries, outlines and holes alike, and the size of the map."""
    file = read(COUNTRIES)
    rings = [
        ring
        for country in file["objects"]
        for polygon in country["polygons"]
        for ring in (polygon["exterior"], *polygon["holes"])
    ]
    return [[ring] for ring in rings], (file["image"]["height"], file["image"]["width"])
