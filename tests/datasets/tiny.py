"""Small COCO files to bend, and a look at what came out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SQUARE = [[1.0, 1.0, 4.0, 1.0, 4.0, 4.0, 1.0, 4.0]]


def tiny_coco() -> dict[str, Any]:
    """Two images, two categories, three instances: a small square on a large one, and a crowd."""
    return {
        "info": {"description": "tiny"},
        "images": [
            {"id": 1, "file_name": "a.jpg", "height": 6, "width": 8, "license": 3},
            {"id": 2, "file_name": "sub/b.png", "height": 5, "width": 5},
        ],
        "annotations": [
            {
                "id": 11,
                "image_id": 1,
                "category_id": 7,
                "segmentation": [[2.0, 2.0, 4.0, 2.0, 4.0, 4.0, 2.0, 4.0]],
                "area": 4,
                "bbox": [2, 2, 2, 2],
                "iscrowd": 0,
                "attributes": {"occluded": True},
            },
            {
                "id": 12,
                "image_id": 1,
                "category_id": 9,
                "segmentation": [[0.0, 0.0, 6.0, 0.0, 6.0, 6.0, 0.0, 6.0]],
                "area": 36.5,
                "bbox": [0, 0, 6, 6],
                "iscrowd": 0,
            },
            {
                "id": 13,
                "image_id": 2,
                "category_id": 7,
                "segmentation": {"size": [5, 5], "counts": [5, 10, 10]},
                "area": 10,
                "bbox": [1, 0, 2, 5],
                "iscrowd": 1,
            },
        ],
        "categories": [
            {"id": 7, "name": "cat", "supercategory": "animal"},
            {"id": 9, "name": "mat", "color": [1, 2, 3]},
        ],
    }


def write_json(path: Path, data: object) -> Path:
    """Write JSON text."""
    path.write_text(json.dumps(data))
    return path


def read_json(path: Path) -> Any:
    """Read JSON text."""
    return json.loads(path.read_text())


def files_under(folder: Path) -> set[str]:
    """Names of all files of a folder, with their sub-folders."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
