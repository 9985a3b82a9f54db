from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill.datasets import summarize
from tests.datasets.tiny import tiny_coco, write_json
from tests.datasets.truth import FILES, dense_of, truth


def test_summary(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"].append({"id": 3, "file_name": "c.jpg", "height": 6, "width": 8})
    data["annotations"].append(data["annotations"][0] | {"id": 14, "segmentation": [[0, 0, 9]]})
    data["annotations"].append(data["annotations"][0] | {"id": 15, "segmentation": []})
    data["annotations"].append(
        data["annotations"][0] | {"id": 16, "segmentation": [[30, 0, 40, 0, 40, 9]]}
    )
    source = write_json(tmp_path / "x.json", data)
    assert summarize(source).to_dict() == {
        "source": str(source),
        "format": "coco",
        "images": 3,
        "instances": 5,
        "polygons": 3,
        "run_lengths": 1,
        "box_only": 1,
        "crowd": 1,
        "sizes": [
            {"height": 6, "width": 8, "images": 2},
            {"height": 5, "width": 5, "images": 1},
        ],
        "areas": {
            "smallest": 0,
            "median": 7.0,
            "largest": 36,
            "small": 4,
            "medium": 0,
            "large": 0,
        },
        "categories": [
            {"id": 7, "name": "cat", "instances": 4, "images": 2, "pixels": 14},
            {"id": 9, "name": "mat", "instances": 1, "images": 1, "pixels": 36},
        ],
        "problems": {
            "skipped": [
                {
                    "place": "/annotations/3/segmentation",
                    "id": 14,
                    "problem": "must hold pairs of coordinates, x and y, got 3 coordinates in "
                    "ring 0.",
                }
            ],
            "found": {
                "empty_masks": {
                    "text": "instances whose mask has no pixel",
                    "records": 1,
                    "ids": [16],
                },
                "images_without_instances": {
                    "text": "images without instances",
                    "records": 1,
                    "ids": [3],
                },
                "vertices_outside": {
                    "text": "instances that reach out of their image, cut at its border",
                    "records": 1,
                    "vertices": 3,
                    "ids": [16],
                },
            },
        },
    }


@pytest.mark.parametrize("name", FILES)
def test_summary_of_real_files(name: str) -> None:
    known = truth(name)
    summary = summarize(known.path)
    annotations = known.data["annotations"]
    assert not summary.skipped
    assert summary.images == len(known.data["images"])
    assert summary.instances == len(annotations)
    assert summary.crowd == sum(a.get("iscrowd", 0) for a in annotations)
    assert summary.run_lengths == sum(isinstance(a["segmentation"], dict) for a in annotations)
    assert summary.box_only == sum(not a["segmentation"] for a in annotations)
    for category in summary.categories:
        own = [a for a in annotations if a["category_id"] == category.id]
        assert category.instances == len(own)
        assert category.images == len({a["image_id"] for a in own})
    if len(annotations) < 500:
        images = {image["id"]: image for image in known.data["images"]}
        areas = [
            int(dense_of(a, images[a["image_id"]]).sum()) for a in annotations if a["segmentation"]
        ]
        assert sorted(summary.areas) == sorted(areas)
        assert summary.area_table()["median"] == np.median(areas)


def test_nothing_to_measure(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco() | {"annotations": []})
    assert summarize(source).area_table() == {}
    empty: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    assert summarize(write_json(tmp_path / "y.json", empty)).to_dict()["images"] == 0
