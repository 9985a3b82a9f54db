"""From every format to every other and back: what both say they carry is as it was.

A format joins by being registered; what is asked of it follows from what it says it carries.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maskmill.datasets import convert, get_format, read
from tests.datasets.comparison import Plain, both_ways, compare, likeness, plain, target
from tests.datasets.tiny import write_json

LEAST_LIKENESS = 0.9
"""Mean IoU that no trip of this small dataset, whose edges are many, falls below."""


def apart() -> dict[str, Any]:
    """Instances that share no pixel; none is a crowd."""
    return {
        "info": {"description": "small", "version": 3},
        "images": [
            {"id": 4, "file_name": "train/a.jpg", "height": 24, "width": 40, "date": "today"},
            {"id": 2, "file_name": "train/b.png", "height": 17, "width": 9},
            {"id": 9, "file_name": "val/c.jpg", "height": 12, "width": 12},
        ],
        "categories": [
            {"id": 3, "name": "cat", "supercategory": "animal", "color": [9, 8, 7]},
            {"id": 1, "name": "traffic light", "age": 7},
            {"id": 5, "name": "unused"},
        ],
        "annotations": [
            annotation(1, 4, 3, [[1.5, 1.0, 9.25, 1.0, 9.0, 8.5, 1.0, 8.0]]),
            annotation(2, 4, 3, [[12, 2, 18, 2, 18, 9, 12, 9], [20, 2, 26, 2, 26, 9, 20, 9]]),
            annotation(5, 4, 1, [[30, 1, 39, 1, 39, 12, 30, 12]]),
            annotation(6, 4, 1, {"size": [24, 40], "counts": holed(24, 40)}),
            annotation(7, 2, 1, [[0, 0, 9, 0, 9, 5, 0, 5]], [0, 0, 9, 5]),
        ],
    }


def together() -> dict[str, Any]:
    """All that COCO can say, over one another."""
    data = apart()
    data["annotations"] += [
        annotation(11, 4, 1, [[5, 5, 15, 5, 15, 15, 5, 15]]) | {"score": 0.25},
        annotation(12, 2, 3, {"size": [17, 9], "counts": [20, 60, 73]}) | {"iscrowd": 1},
        annotation(13, 2, 1, [], [1, 2, 3, 4.5]),
        annotation(14, 2, 3, [[1, 8, 8, 8, 8, 15, 1, 15]], [0, 7, 9, 9])
        | {"area": 50.5, "keypoints": [2, 9, 2, 4.5, 10, 1, 0, 0, 0], "num_keypoints": 2}
        | {"attributes": {"occluded": True, "id": "x"}, "by": {"name": "me"}},
    ]
    return data


def annotation(
    number: int, image: int, category: int, segmentation: Any, box: list[float] | None = None
) -> dict[str, Any]:
    record = {"id": number, "image_id": image, "category_id": category, "iscrowd": 0}
    return record | {"segmentation": segmentation} | ({"bbox": box} if box else {})


def holed(height: int, width: int) -> list[int]:
    """Run lengths of a frame: columns 2 to 9 of rows 14 to 21, without the inner four by four."""
    pixels = [
        14 <= y < 22 and 2 <= x < 10 and not (16 <= y < 20 and 4 <= x < 8)
        for x in range(width)
        for y in range(height)
    ]
    counts, value = [0], False
    for pixel in pixels:
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return counts


ALIKE = {"kaggle-rle-rows": "kaggle-rle"}
"""Formats whose files look like those of another."""

SOURCES = {"apart": apart, "together": together}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sources in every format, and the pictures whose headers tell sizes."""
    root = tmp_path_factory.mktemp("round_trips")
    for image in apart()["images"]:
        path = root / "pictures" / image["file_name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (image["width"], image["height"])).save(path)
    for name, data in SOURCES.items():
        write_json(root / f"{name}.json", data())
        (root / name).mkdir()
        for to in both_ways():
            send(root / f"{name}.json", root / name, to, "coco", root)
    return root


def send(source: Path, into: Path, to: str, from_: str, root: Path) -> Path:
    path = target(into, get_format(to))
    report = convert(source, path, to=to, from_=from_, images=root / "pictures")
    assert report.complete
    return path


def look(path: Path, name: str, root: Path) -> Plain:
    return plain(read(path, from_=name, images=root / "pictures"))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", both_ways())
def test_written_and_read(folder: Path, source: str, name: str) -> None:
    before = look(folder / f"{source}.json", "coco", folder)
    after = look(target(folder / source, get_format(name)), name, folder)
    compare(before, after, get_format(name).carries)
    assert likeness(before, after) >= LEAST_LIKENESS


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("one", "other"), [*permutations(both_ways(), 2)])
def test_there_and_back(tmp_path: Path, folder: Path, source: str, one: str, other: str) -> None:
    start = target(folder / source, get_format(one))
    before = look(start, one, folder)
    for step in ("there", "back"):
        (tmp_path / step).mkdir()
    there = send(start, tmp_path / "there", other, one, folder)
    back = send(there, tmp_path / "back", one, other, folder)
    after = look(back, one, folder)
    compare(before, after, get_format(one).carries & get_format(other).carries)
    assert likeness(before, after) >= LEAST_LIKENESS


@pytest.mark.parametrize("name", both_ways())
def test_what_is_written_is_recognised(folder: Path, name: str) -> None:
    from maskmill.datasets import detect

    found = detect(target(folder / "apart", get_format(name)))
    assert found.name == ALIKE.get(name, name)
