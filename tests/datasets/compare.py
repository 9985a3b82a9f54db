"""Datasets as plain data, to compare what two files hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maskmill.datasets import Dataset, read


def plain(dataset: Dataset, *, without: Iterable[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Give the instances of each image, by its file name; further fields are decoded."""
    dropped = {*without}
    categories = dataset.header.categories
    found: dict[str, list[dict[str, Any]]] = {}
    for shard in dataset:
        instances, images = shard.instances, shard.images
        inside = instances.shapes.rows_in_batches().tolist()
        masks = instances.shapes.runs.to_coco()
        for k, g in enumerate(instances.images().tolist()):
            record: dict[str, Any] = {
                "id": instances.ids[k] if instances.numbered else None,
                "category": categories[instances.categories[k]].name,
                "crowd": bool(instances.crowd[k]),
                "score": instances.scores[k],
                "area": instances.areas[k],
                "box": instances.boxes[k],
                "parts": parts_of(instances.shapes.polygons[[inside[k]]])
                if instances.shapes.kinds[k] == 1
                else None,
                "mask": masks[inside[k]] if instances.shapes.kinds[k] == 2 else None,
                "size": images.sizes[g].tolist(),
            }
            for name, raw in instances.extra[k].items():
                own = f"further {name}" if name in record else name
                record[own] = json.loads(bytes(raw))
            kept = {name: value for name, value in record.items() if name not in dropped}
            found.setdefault(images.file_names[g], []).append(kept)
        for name in images.file_names:
            found.setdefault(name, [])
    return found


def parts_of(polygons: Any) -> list[list[list[list[float]]]]:
    """Vertices of one mask: parts of rings."""
    rings = [
        polygons.coords[a:b].tolist()
        for a, b in zip(polygons.ring_offsets, polygons.ring_offsets[1:], strict=False)
    ]
    return [
        rings[a:b] for a, b in zip(polygons.part_offsets, polygons.part_offsets[1:], strict=False)
    ]


def plain_file(path: Path, **how: Any) -> dict[str, list[dict[str, Any]]]:
    """Read a dataset as plain data."""
    return plain(read(path), **how)
