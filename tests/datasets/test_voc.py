from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmill import FormatError, area, bbox, decode
from maskmill.datasets import convert, detect, read
from maskmill.datasets.dataset import get_extra
from maskmill.datasets.png import read_label_png
from maskmill.datasets.report import Skipped
from tests.conftest import data_path
from tests.datasets.tiny import files_under, tiny_coco, write_json


def test_real_files() -> None:
    path = data_path("formats", "pascal_voc", "icevision")
    assert detect(path).name == "voc"
    dataset = read(path)
    names = [c.name for c in dataset.header.categories]
    assert (names[0], names[11], names[19]) == ("aeroplane", "dog", "tvmonitor")
    (shard,) = dataset
    assert shard.images.file_names == ["2007_000063.jpg", "2011_003353.jpg"]
    assert shard.images.sizes.tolist() == [[375, 500], [500, 375]]
    instances = shard.instances
    assert [names[row] for row in instances.categories.tolist()] == ["dog", "chair", "person"]
    objects = read_label_png(path / "SegmentationObject" / "2007_000063.png")
    classes = read_label_png(path / "SegmentationClass" / "2007_000063.png")
    masks = shard.masks()
    for k in range(2):
        assert np.array_equal(decode(masks[k])[0], objects == k + 1)
        assert np.unique(classes[objects == k + 1]).tolist() == [instances.categories[k] + 1]
    assert area(masks[2]).tolist() == [0]
    # Boxes count from 1 and include their ends; the void border around a mask lies inside them.
    assert instances.boxes[0] == [122, 114, 257, 161]
    x, y, width, height = bbox(masks[0])[0].tolist()
    assert (x - 122, y - 114) >= (0, 0)
    assert x + width <= 122 + 257
    assert y + height <= 114 + 161
    assert instances.boxes[2] == pytest.approx([129, 44.7, 246, 425.3], abs=1e-4)
    assert get_extra(instances.extra[1], "attributes", dict[str, object]) == {
        "pose": "Frontal", "truncated": True, "difficult": False,
    }  # fmt: skip


def test_what_is_written(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["attributes"] = {"pose": "<left>", "truncated": True, "age": 5}
    source = write_json(tmp_path / "x.json", data)
    convert(source, tmp_path / "out", to="voc", crowd="void")
    assert files_under(tmp_path / "out") == {
        "report.json", "labelmap.txt", "ImageSets/Segmentation/default.txt",
        *(f"{folder}/{stem}.{end}" for stem in ("a", "sub/b") for folder, end in (
            ("Annotations", "xml"), ("SegmentationClass", "png"), ("SegmentationObject", "png"))),
    }  # fmt: skip
    assert (tmp_path / "out" / "ImageSets/Segmentation/default.txt").read_text() == "a\nsub/b\n"
    assert (tmp_path / "out" / "labelmap.txt").read_text().splitlines() == [
        "background:0,0,0::", "cat:128,0,0::", "mat:0,128,0::",
    ]  # fmt: skip
    objects = read_label_png(tmp_path / "out" / "SegmentationObject" / "a.png")
    assert (objects.dtype.name, np.unique(objects).tolist()) == ("uint8", [0, 1, 2])
    void = read_label_png(tmp_path / "out" / "SegmentationClass" / "sub" / "b.png")
    assert np.unique(void).tolist() == [0, 255]
    text = (tmp_path / "out" / "Annotations" / "a.xml").read_text()
    assert "<pose>&lt;left&gt;</pose>\n    <truncated>1</truncated>" in text
    edges = "<xmin>3</xmin><ymin>3</ymin><xmax>4</xmax><ymax>4</ymax>"
    assert f"<bndbox>{edges}</bndbox>" in text
    (shard,) = read(tmp_path / "out")
    assert shard.instances.boxes[0] == [2, 2, 2, 2]


def test_more_objects_than_eight_bits_hold(tmp_path: Path) -> None:
    data = tiny_coco()
    record = data["annotations"][0]
    data["images"][0] |= {"height": 20, "width": 40}
    data["annotations"] = [
        record
        | {"id": k + 1, "segmentation": [[x, y, x + 1, y, x + 1, y + 1, x, y + 1]], "bbox": None}
        for k, (y, x) in enumerate((y, x) for y in range(20) for x in range(15))
    ]
    source = write_json(tmp_path / "x.json", data)
    report = convert(source, tmp_path / "out", to="voc")
    assert report.to_dict()["losses"]["wide_maps"]["ids"] == [1]
    objects = read_label_png(tmp_path / "out" / "SegmentationObject" / "a.png")
    assert objects.dtype.name == "uint16"
    assert len(np.unique(objects)) == 301
    (shard,) = read(tmp_path / "out")
    assert area(shard.masks()).tolist() == [1] * 300


def test_more_classes_than_eight_bits_hold(tmp_path: Path) -> None:
    data = tiny_coco()
    data["categories"] += [{"id": i, "name": str(i)} for i in range(100, 400)]
    source = write_json(tmp_path / "x.json", data)
    with pytest.raises(FormatError, match="categories must be at most 254"):
        convert(source, tmp_path / "out", to="voc")


def skipped(path: Path) -> list[Skipped]:
    dataset = read(path, from_="voc", on_error="skip")
    return [*dataset.skipped, *(r for shard in dataset for r in shard.skipped)]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<annotation>", "<!DOCTYPE a [<!ENTITY x 'y'>]><annotation>", "must have no DOCTYPE"),
        ("</annotation>", "", "must be whole, well-formed XML"),
        ("<annotation>", "<thing>", "must have the root <annotation>, got <thing>"),
        ("<width>8</width>", "<width>9</width>", "must state one size in all files"),
        ("<width>8</width>", "<width>x</width>", "width must be a number of pixels"),
        ("<width>8</width>", "<width>-8</width>", "must have a height and a width"),
        ("<xmin>3</xmin>", "", "bndbox must have xmin, ymin, xmax and ymax"),
        ("<xmin>3</xmin>", "<xmin>nan</xmin>", "xmin must be a number of pixels"),
        ("<xmin>3</xmin>", "<xmin>30</xmin>", "bndbox must not end before it begins"),
        ("<name>cat</name>", "<name> </name>", "must have a name, got none"),
    ],
)
def test_bad_xml(tmp_path: Path, old: str, new: str, problem: str) -> None:
    convert(write_json(tmp_path / "x.json", tiny_coco()), tmp_path / "out", to="voc")
    path = tmp_path / "out" / "Annotations" / "a.xml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(tmp_path / "out", from_="voc"))
    assert caught.value.file == str(path)
    assert len(skipped(tmp_path / "out")) == 1


def test_bad_maps(tmp_path: Path) -> None:
    convert(write_json(tmp_path / "x.json", tiny_coco()), tmp_path / "out", to="voc")
    path = tmp_path / "out" / "SegmentationObject" / "a.png"
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(FormatError, match="must be whole") as caught:
        list(read(tmp_path / "out"))
    assert caught.value.file == str(path)
    assert len(skipped(tmp_path / "out")) == 1
    path.write_bytes(content)
    (tmp_path / "out" / "labelmap.txt").write_text("background:::\nx:::\nx:::\n")
    with pytest.raises(FormatError, match="must have names that are unique"):
        read(tmp_path / "out")
    with pytest.raises(FormatError, match="must hold files in Annotations"):
        read(tmp_path, from_="voc")
