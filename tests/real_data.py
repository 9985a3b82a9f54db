"""Real annotations and what pycocotools 2.0.11 made of them, read in place."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from maskmill import Polygons
from tests.conftest import data_path
from tests.oracles import polygons_from_lists

ANNOTATION_FILES: Final = (
    "coco/icevision6/annotations.json",
    "coco/mini_val2017/instances_val2017.json",
    "coco/roboflow_medical_waste/test/_annotations.coco.json",
    "coco/roboflow_medical_waste/train/_annotations.coco.json",
    "coco/tiny_train2017/instances_train2017.json",
    "coco/val2014_100/instances_val2014_100.json",
    "formats/cvat_coco/potato/instances_default.json",
    "lvis/lvis_v0.5_val_50a.json",
)
"""COCO, LVIS and CVAT's COCO: every file of this shape that has an oracle."""

STRESS_FILES: Final = (
    "stress_polygons/countries_50m.json",
    "stress_polygons/land_110m.json",
    "stress_polygons/us_states_albers_10m.json",
)
"""Maps: many parts, holes, up to 98,000 vertices."""


class Annotation(NamedTuple):
    """One annotation, and the oracle's answer."""

    segmentation: Any  # as in the file: lists of numbers, or run lengths
    size: tuple[int, int]  # (height, width)
    string: bytes  # COCO's compressed counts
    area: int
    box: list[float]  # x, y, width, height

    @property
    def is_polygon(self) -> bool:
        return isinstance(self.segmentation, list)


class Map(NamedTuple):
    """Objects of one stress file, and the oracle's answers."""

    objects: list[list[list[list[float]]]]  # parts of rings of x, y, x, y...
    names: list[str]
    size: tuple[int, int]
    strings: list[bytes]
    areas: list[int]
    areas_without_holes: list[int]
    ring_areas: list[list[list[int]]]  # of each part: outline, holes
    boxes: list[list[float]]


def read_json(path: Path) -> Any:
    """Read JSON, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        return json.load(file)


def _oracle(path: Path) -> Any:
    plain = path.with_suffix(".oracle.json")
    return read_json(plain if plain.exists() else plain.with_suffix(".json.gz"))


@cache
def load_annotations(name: str) -> list[Annotation]:
    """Read one of `ANNOTATION_FILES` and its oracle."""
    path = data_path(*name.split("/"))
    given = {str(a["id"]): a["segmentation"] for a in read_json(path)["annotations"]}
    answers = _oracle(path)["annotations"]
    assert given.keys() == answers.keys()
    return [
        Annotation(given[key], tuple(a["size"]), a["counts"].encode(), a["area"], a["bbox"])
        for key, a in answers.items()
    ]


def polygons_of(annotations: list[Annotation]) -> Polygons:
    """One batch of annotations that are polygons: each list of numbers is a part of one ring."""
    parts = [[[ring] for ring in a.segmentation] for a in annotations]
    return polygons_from_lists(parts, [a.size for a in annotations])


@cache
def load_map(name: str) -> Map:
    """Read one of `STRESS_FILES` and its oracle."""
    path = data_path(*name.split("/"))
    given = read_json(path)
    oracle = _oracle(path)
    answers = [oracle["objects"][str(o["id"])] for o in given["objects"]]
    return Map(
        objects=[[[p["exterior"], *p["holes"]] for p in o["polygons"]] for o in given["objects"]],
        names=[o["name"] for o in given["objects"]],
        size=tuple(oracle["size"]),
        strings=[a["counts"].encode() for a in answers],
        areas=[a["area"] for a in answers],
        areas_without_holes=[a["area_no_holes"] for a in answers],
        ring_areas=[a["ring_areas"] for a in answers],
        boxes=[a["bbox"] for a in answers],
    )
