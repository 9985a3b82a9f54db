"""The data that ships: the countries of the world, in COCO's format."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from maskmill import Masks, area, bbox, label_map, merge
from maskmill.datasets import convert, read
from tests.conftest import ROOT, data_path

FOLDER = ROOT / "examples" / "countries"
FILE = FOLDER / "countries.json"


def test_annotations_state_their_areas_and_boxes() -> None:
    coco = json.loads(FILE.read_text("utf-8"))
    sizes = {image["id"]: (image["height"], image["width"]) for image in coco["images"]}
    annotations = coco["annotations"]
    masks = Masks.from_coco(
        [a["segmentation"] for a in annotations], [sizes[a["image_id"]] for a in annotations]
    )
    np.testing.assert_array_equal(area(masks), [a["area"] for a in annotations])
    np.testing.assert_array_equal(bbox(masks), [a["bbox"] for a in annotations])


def test_every_pixel_is_sea_or_of_one_country() -> None:
    for shard in read(FILE):
        masks = shard.masks()
        for start, stop in pairwise(shard.instances.groups.tolist()):
            own = masks[start:stop]
            labels = np.asarray(label_map(own, np.arange(1, len(own) + 1), overlap="raise"))
            assert np.all(labels)
            assert area(merge(own)) == labels.size


def test_neighbours_have_different_colours() -> None:
    coco = json.loads(FILE.read_text("utf-8"))
    colours = np.array([[0, 0, 0], *(c["color"] for c in coco["categories"])])
    assert [c["id"] for c in coco["categories"]] == list(range(1, len(colours)))
    for shard in read(FILE):
        masks = shard.masks()
        for start, stop in pairwise(shard.instances.groups.tolist()):
            own = shard.instances.categories[start:stop] + 1
            labels = np.asarray(label_map(masks[start:stop], own))
            for a, b in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
                border = a != b
                assert border.any()
                assert (colours[a[border]] != colours[b[border]]).any(axis=1).all()


def test_the_main_job_loses_nothing(tmp_path: Path) -> None:
    report = convert(FILE, tmp_path / "maps", to="semantic-png")
    assert report.complete
    assert (report.images, report.instances) == (4, 313)
    assert report.losses.to_lines() == []


@pytest.mark.timeout(300)
def test_the_script_makes_the_file(tmp_path: Path) -> None:
    source = data_path("stress_polygons", "countries_50m.json")
    script = tmp_path / "make.py"
    script.write_bytes((FOLDER / "make.py").read_bytes())  # it writes beside itself
    subprocess.run([sys.executable, str(script), str(source)], check=True, timeout=240)
    assert (tmp_path / FILE.name).read_bytes() == FILE.read_bytes()
