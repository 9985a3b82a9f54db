"""Panoptic, instance and semantic label maps as they are read, and what may be wrong; LVIS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area, decode
from maskmill.datasets import convert, detect, read
from maskmill.datasets.png import read_label_png, write_png
from tests.conftest import data_path
from tests.datasets.tiny import read_json, tiny_coco, write_json

SAMPLE = ("panoptic", "panopticapi_sample")


def test_panoptic_sample_of_coco() -> None:
    path = data_path(*SAMPLE, "panoptic_examples.json")
    given = read_json(path)
    assert detect(path).name == "panoptic"
    dataset = read(path)
    assert len(dataset.header.categories) == len(given["categories"])
    (shard,) = dataset
    infos = {a["image_id"]: a["segments_info"] for a in given["annotations"]}
    expected = [s for number in shard.images.ids for s in infos[number]]
    assert area(shard.masks()).tolist() == [s["area"] for s in expected]
    assert shard.instances.areas == [s["area"] for s in expected]
    assert shard.instances.crowd.tolist() == [s["iscrowd"] == 1 for s in expected]
    ids = [dataset.header.categories[row].id for row in shard.instances.categories.tolist()]
    assert ids == [s["category_id"] for s in expected]
    folder = data_path(*SAMPLE, "panoptic_examples")
    masks, offsets = shard.masks(), shard.instances.groups
    for g, number in enumerate(shard.images.ids):
        name = next(a["file_name"] for a in given["annotations"] if a["image_id"] == number)
        picture = read_label_png(folder / name, rgb=True)
        for k, segment in enumerate(infos[number], offsets[g]):
            assert np.array_equal(decode(masks[int(k)])[0], picture == segment["id"])


def test_panoptic_to_semantic_equals_panopticapi(tmp_path: Path) -> None:
    path = data_path(*SAMPLE, "panoptic_examples.json")
    # The converter of panopticapi numbers categories by their ids, with 0 for what has none.
    convert(path, tmp_path / "out", to="semantic-png", labels="id", void=0)
    for oracle in sorted(data_path(*SAMPLE, "semantic_oracle").glob("*.png")):
        assert np.array_equal(
            read_label_png(tmp_path / "out" / oracle.name), read_label_png(oracle)
        )


def test_panoptic_comes_back_pixel_for_pixel(tmp_path: Path) -> None:
    path = data_path(*SAMPLE, "panoptic_examples.json")
    report = convert(path, tmp_path / "out", to="panoptic")
    assert {kind.key for kind in report.losses.kinds} == {"crowd_drawn"}
    for name in ("000000439180.png", "000000142238.png"):
        one = read_label_png(data_path(*SAMPLE, "panoptic_examples", name), rgb=True)
        two = read_label_png(tmp_path / "out" / "panoptic" / name, rgb=True)
        pairs = np.unique(np.stack([one, two]).reshape(2, -1), axis=1)
        assert len(pairs[0]) == len({*pairs[0].tolist()}) == len({*pairs[1].tolist()})


def test_lvis_keeps_what_coco_does_not_know(tmp_path: Path) -> None:
    path = data_path("lvis", "lvis_v0.5_val_50a.json")
    given = read_json(path)
    report = convert(path, tmp_path / "out.json", to="lvis")
    assert report.source_format == "lvis"
    written = read_json(tmp_path / "out.json")
    back = {a["id"]: a for a in written["annotations"]}
    assert back == {a["id"]: a for a in given["annotations"]}
    assert written["images"] == [
        {"file_name": image.get("file_name", written["images"][i]["file_name"])} | image
        for i, image in enumerate(given["images"])
    ]
    assert written["categories"] == given["categories"]


def test_lvis_from_coco_counts(tmp_path: Path) -> None:
    data = tiny_coco()
    data["categories"].append({"id": 3, "name": "none"})
    report = convert(write_json(tmp_path / "x.json", data), tmp_path / "out.json", to="lvis")
    written = read_json(tmp_path / "out.json")
    counts = [(c["image_count"], c["instance_count"]) for c in written["categories"]]
    assert counts == [(2, 2), (1, 1), (0, 0)]
    assert {c["frequency"] for c in written["categories"]} == {"r"}
    for image in written["images"]:
        assert image["neg_category_ids"] == image["not_exhaustive_category_ids"] == []
    assert not any("iscrowd" in a for a in written["annotations"])
    assert report.to_dict()["losses"]["crowd_lost"]["ids"] == [13]


def test_a_folder_without_a_legend(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write_png(tmp_path / "sub" / "a.png", np.array([[0, 7, 255]], np.uint8))
    write_png(tmp_path / "b.png", np.array([[3, 7], [0, 0]], np.uint8))
    dataset = read(tmp_path, from_="semantic-png")
    assert [c.name for c in dataset.header.categories] == ["3", "7"]
    (shard,) = dataset
    assert shard.images.file_names == ["b.png", "sub/a.png"]
    assert shard.instances.categories.tolist() == [0, 1, 1]
    assert not shard.instances.numbered
    assert [decode(mask)[0].tolist() for mask in shard.masks()] == [
        [[True, False], [False, False]],
        [[False, True], [False, False]],
        [[False, True, False]],
    ]


def damage_json(name: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = read_json(folder / name)
        change(data)
        write_json(folder / name, data)

    return damage


def cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-30])

    return damage


def lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def put(*keys: Any, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


NOT_THERE = "must be a file that can be read, got: No such file"
PANOPTIC = ("panoptic", "panoptic.json", ("annotations", 0, "file_name"))
INSTANCE = ("instance-png", "instances.json", ("images", 0, "png"))
SEMANTIC = ("semantic-png", "images.json", (0, "png"))

BAD: list[tuple[str, Callable[[Path], None], str, str]] = [
    ("panoptic", cut("panoptic.json"), "panoptic.json", "breaks off"),
    ("panoptic", cut("panoptic/a.png"), "a.png", "cut off"),
    ("panoptic", lose("panoptic/a.png"), "a.png", NOT_THERE),
    ("instance-png", cut("instances.json"), "instances.json", "breaks off"),
    ("instance-png", cut("a.png"), "a.png", "cut off"),
    ("instance-png", lose("a.png"), "a.png", NOT_THERE),
    ("semantic-png", cut("images.json"), "images.json", "malformed|breaks off|truncated"),
    ("semantic-png", cut("labels.json"), "labels.json", "breaks off"),
    ("semantic-png", lose("a.png"), "a.png", NOT_THERE),
    *(
        (name, damage_json(file, put(*keys, value=value)), file, problem)
        for name, file, keys in (PANOPTIC, INSTANCE, SEMANTIC)
        for value, problem in ((5, "must be str"), ("../a.png", "must not go up"))
    ),
    *(
        ("panoptic", damage_json("panoptic.json", put("annotations", 0, *keys, value=value)),
         "panoptic.json", problem)
        for keys, value, problem in (
            (("image_id",), 77, "must be the id of an image, got 77"),
            (("image_id",), 2, "must be unique, got it twice"),
            (("segments_info",), {}, "must be array"),
            (("segments_info",), [], "must list the segments of its picture, got none for the id"),
            (("segments_info", 0), 5, "must be object"),
            (("segments_info", 0, "id"), "x", "must be int"),
            (("segments_info", 0, "id"), 12, "must be unique, got it twice"),
            (("segments_info", 0, "category_id"), 77, "must be the id of a category, got 77"),
            (("segments_info", 0, "bbox"), [1], "must be x, y, width and height"),
        )
    ),
    ("panoptic", damage_json("panoptic.json", put("images", 0, "width", value=9)), "a.png",
     "must have the size of its image, 6 high and 9 wide, got 6 and 8"),
    ("panoptic", damage_json("panoptic.json", lambda data: data.pop("categories")),
     "panoptic.json", "must have the field categories"),
    ("instance-png", damage_json("instances.json", lambda data: data.pop("images")),
     "instances.json", "must have the field images"),
    ("instance-png",
     damage_json("instances.json", put("images", 0, "instances", 0, "category_id", value=77)),
     "instances.json", "must be the id of a category, got 77"),
    ("semantic-png", damage_json("labels.json", put("categories", value=[])), "a.png",
     "must hold values of the legend, got 7"),
    ("semantic-png", damage_json("labels.json", put("categories", 0, "value", value=9)),
     "labels.json", "must be a value of its own, got 9 twice"),
    ("semantic-png", damage_json("labels.json", put("categories", 0, "color", value=[1, 2, 999])),
     "labels.json", "must be three bytes"),
    ("semantic-png", damage_json("labels.json", put("void", value="x")), "labels.json",
     "must be int"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "file", "problem"), BAD)
def test_bad_input(
    tmp_path: Path, name: str, damage: Callable[[Path], None], file: str, problem: str
) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    convert(source, tmp_path / name, to=name)
    damage(tmp_path / name)
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(tmp_path / name, from_=name))
    assert (caught.value.file or "").endswith(file)
    try:
        dataset = read(tmp_path / name, from_=name, on_error="skip")
        skipped = [*dataset.skipped]
        for shard in dataset:
            shard.masks()
            skipped += shard.skipped
        assert skipped
    except FormatError:
        assert name not in PANOPTIC or "breaks off" in problem or "field" in problem


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="must be a folder of PNG label maps, got none in it"):
        read(tmp_path, from_="semantic-png")


def test_panoptic_without_an_annotation_of_an_image(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    convert(source, tmp_path / "out", to="panoptic")
    data = read_json(tmp_path / "out" / "panoptic.json")
    data["annotations"].pop(0)
    write_json(tmp_path / "out" / "panoptic.json", data)
    shutil.rmtree(tmp_path / "out" / "panoptic" / "sub", ignore_errors=True)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["complete"]
    dataset = read(tmp_path / "out", on_error="skip")
    (shard,) = dataset
    assert shard.images.ids == [1]
    assert [r.id for r in shard.skipped] == [2]
