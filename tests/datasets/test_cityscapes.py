from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, decode
from maskmill.datasets import convert, detect, read
from maskmill.datasets.cityscapes_table import TABLE
from maskmill.datasets.png import read_label_png
from tests.conftest import data_path
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json

SAMPLE = ("formats", "cityscapes", "panlabel", "sample_valid.cityscapes.json")
NAME = "gtFine/x_gtFine_polygons.json"


def sample(folder: Path, change: Any = None) -> Path:
    (folder / "gtFine").mkdir(exist_ok=True)
    shutil.copy(data_path(*SAMPLE), folder / NAME)
    if change is not None:
        data = read_json(folder / NAME)
        change(data)
        write_json(folder / NAME, data)
    return folder


def test_polygons(tmp_path: Path) -> None:
    given = read_json(data_path(*SAMPLE))
    assert detect(sample(tmp_path)).name == "cityscapes"
    dataset = read(tmp_path)
    (shard,) = dataset
    instances = shard.instances
    names = [dataset.header.categories[row].name for row in instances.categories.tolist()]
    assert names == ["car", "person", "road", "mystery-object"]  # the truck is deleted
    assert instances.crowd.tolist() == [False, True, False, False]
    assert instances.shapes.polygons.to_coco() == [
        [[float(n) for vertex in o["polygon"] for n in vertex]] for o in given["objects"][:4]
    ]
    assert shard.images.sizes.tolist() == [[480, 640]]
    assert shard.images.file_names == ["x_leftImg8bit.png"]
    ids = {c.name: c.id for c in dataset.header.categories}
    assert (ids["car"], ids["road"], ids["mystery-object"]) == (26, 7, 34)


def test_maps_of_instances() -> None:
    path = data_path("formats", "cityscapes", "datumaro", "dataset")
    n = 0
    for shard in read(path):
        for g, name in enumerate(shard.images.file_names):
            stem = name.removesuffix("_leftImg8bit.png")
            picture = read_label_png(path / "gtFine" / f"{stem}_gtFine_instanceIds.png")
            labels = [v for v in np.unique(picture).tolist() if v]
            own = range(int(shard.instances.groups[g]), int(shard.instances.groups[g + 1]))
            assert len(own) == len(labels)
            masks = shard.masks()
            for k, label in zip(own, labels, strict=True):
                assert np.array_equal(decode(masks[k])[0], picture == label)
                number = label // 1000 if label >= 1000 else label
                assert [*TABLE.values()][shard.instances.categories[k]].id == number
                n += 1
    assert n > 4


def test_maps_are_made_from_the_polygons(tmp_path: Path) -> None:
    data = tiny_coco()
    data["categories"] = [{"id": 9, "name": "car"}, {"id": 7, "name": "sky"}]
    data["annotations"][2]["category_id"] = 9
    source = write_json(tmp_path / "x.json", data)
    report = convert(source, tmp_path / "out", to="cityscapes")
    ends = ("_gtFine_polygons.json", "_gtFine_labelIds.png", "_gtFine_instanceIds.png")
    assert files_under(tmp_path / "out") == {
        "report.json", "gtFine/labels.json",
        *(f"gtFine/{stem}{end}" for stem in ("a", "sub/b") for end in ends),
    }  # fmt: skip
    labels = read_label_png(tmp_path / "out" / "gtFine" / "a_gtFine_labelIds.png")
    pixels = read_label_png(tmp_path / "out" / "gtFine" / "a_gtFine_instanceIds.png")
    assert [labels.dtype.name, pixels.dtype.name] == ["uint8", "uint16"]
    assert np.unique(labels).tolist() == [0, 26]  # the large car, later in the file, hides the sky
    assert np.unique(pixels).tolist() == [0, 26000]
    crowd = read_label_png(tmp_path / "out" / "gtFine" / "sub" / "b_gtFine_instanceIds.png")
    assert np.unique(crowd).tolist() == [0, 26]
    objects = read_json(tmp_path / "out" / "gtFine" / "sub" / "b_gtFine_polygons.json")["objects"]
    assert [o["label"] for o in objects] == ["cargroup"]
    assert report.to_dict()["losses"]["traced"]["ids"] == [13]
    convert(source, tmp_path / "less", to="cityscapes", maps=False)
    assert not [name for name in files_under(tmp_path / "less") if name.endswith("png")]


def test_numbers_that_do_not_fit(tmp_path: Path) -> None:
    data = tiny_coco()
    data["categories"] += [{"id": i, "name": str(i)} for i in range(100, 164)]
    source = write_json(tmp_path / "x.json", data)
    with pytest.raises(FormatError, match="categories must be at most 65 for the pixels"):
        convert(source, tmp_path / "out", to="cityscapes")
    convert(source, tmp_path / "out", to="cityscapes", maps=False)
    data = tiny_coco()
    data["annotations"] = [data["annotations"][0] | {"id": i} for i in range(1001)]
    source = write_json(tmp_path / "x.json", data)
    with pytest.raises(FormatError, match="at most 1000 instances of a class in an image"):
        convert(source, tmp_path / "more", to="cityscapes")


def put(*keys: Any, value: Any) -> Any:
    def change(data: Any) -> None:
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (put("objects", 0, "polygon", value=[[1, 2], [3]]), "must be coordinates"),
        (put("objects", 0, "polygon", value=[[1, 2], [3, 1e9]]), "must be finite"),
        (put("objects", 0, "polygon", value=None), "must be"),
        (put("objects", 0, "label", value=5), "must be str"),
        (put("objects", 0, value=5), "must be object"),
        (put("objects", value={}), "must be array"),
        (put("imgHeight", value=0), "must have a height and a width"),
        (put("imgHeight", value=2**40), "must have a height and a width"),
        (put("imgWidth", value="x"), "must be"),
        (lambda data: data.pop("objects"), "must have the"),
    ],
)
def test_bad_objects(tmp_path: Path, change: Any, problem: str) -> None:
    sample(tmp_path, change)
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(tmp_path))
    assert caught.value.file == str(tmp_path / NAME)
    dataset = read(tmp_path, on_error="skip")
    skipped = [*dataset.skipped, *(r for shard in dataset for r in shard.skipped)]
    assert len(skipped) == 1


def test_bad_files(tmp_path: Path) -> None:
    (tmp_path / "gtFine").mkdir()
    with pytest.raises(FormatError, match="must hold files that end in"):
        read(tmp_path, from_="cityscapes")
    sample(tmp_path)
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[:-40])
    with pytest.raises(FormatError, match=r"malformed|truncated|breaks off"):
        read(tmp_path)
    (tmp_path / NAME).write_bytes(content)
    write_json(tmp_path / "gtFine" / "labels.json", [{"id": 1, "name": "a"}] * 2)
    with pytest.raises(FormatError, match="must have names that are unique"):
        read(tmp_path)
