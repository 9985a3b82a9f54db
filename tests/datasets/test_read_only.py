"""Data sets that are read and not written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area, bbox, decode
from maskmill.datasets import convert, detect, read
from maskmill.datasets.dataset import get_extra
from maskmill.datasets.png import read_label_png, write_png
from tests.conftest import data_path
from tests.datasets.tiny import read_json, write_json


def test_sa_1b(tmp_path: Path) -> None:
    path = data_path("formats", "segment_anything", "datumaro", "a.json")
    given = read_json(path)
    for source in (path, path.parent):
        assert detect(source).name == "sa-1b"
        (shard,) = read(source)
        assert (shard.images.ids, shard.images.file_names) == ([1], ["a.jpg"])
        (record,) = given["annotations"]
        masks = shard.masks()
        assert area(masks).tolist() == [record["area"]]
        assert bbox(masks).tolist() == [record["bbox"]]
        assert shard.instances.boxes == [record["bbox"]]
        extra = shard.instances.extra[0]
        assert get_extra(extra, "predicted_iou", float) == record["predicted_iou"]
    convert(path, tmp_path / "out.json", to="coco")
    (annotation,) = read_json(tmp_path / "out.json")["annotations"]
    assert annotation["stability_score"] == record["stability_score"]
    assert annotation["segmentation"] == record["segmentation"]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("segmentation", {"size": [5, 10], "counts": "`0"}, "must"),
        ("segmentation", {"size": [5, 9], "counts": "`04n0"}, "must hold run lengths of the size"),
        ("segmentation", [[1, 2, 3, 4, 5, 6]], "must be run lengths, got something else"),
        ("id", None, "must be"),
        ("bbox", [1, 2], "must be"),
    ],
)
def test_bad_sa_1b(tmp_path: Path, field: str, value: Any, problem: str) -> None:
    data = read_json(data_path("formats", "segment_anything", "datumaro", "a.json"))
    data["annotations"].append(data["annotations"][0] | {field: value})
    path = write_json(tmp_path / "a.json", data)
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(path, from_="sa-1b"))
    assert caught.value.file == str(path)
    assert (caught.value.place or "").startswith("/annotations/1")
    (shard,) = read(path, from_="sa-1b", on_error="skip")
    assert (len(shard.instances), len(shard.skipped)) == (1, 1)


def test_kitti() -> None:
    path = data_path("formats", "kitti", "datumaro_segmentation")
    assert detect(path).name == "kitti"
    dataset = read(path)
    (shard,) = dataset
    masks, k = shard.masks(), 0
    for name in shard.images.file_names:
        picture = read_label_png(path / "training" / "instance" / name)
        for value in np.unique(picture).tolist():
            if value:
                assert np.array_equal(decode(masks[k])[0], picture == value)
                category = dataset.header.categories[shard.instances.categories[k]]
                assert category.id == value // 256
                k += 1
    assert k == len(masks) > 1


def test_camvid() -> None:
    path = data_path("formats", "camvid")
    assert detect(path).name == "camvid"
    names = (path / "codes.txt").read_text().split()
    dataset = read(path)
    (shard,) = dataset
    assert shard.images.file_names == ["0006R0_f02280.png"]
    picture = read_label_png(path / "0006R0_f02280_P.png")
    found = {
        dataset.header.categories[row].name: int(pixels)
        for row, pixels in zip(
            shard.instances.categories.tolist(), area(shard.masks()).tolist(), strict=True
        )
    }
    values, counts = np.unique(picture, return_counts=True)
    expected = {names[v]: n for v, n in zip(values.tolist(), counts.tolist(), strict=True)}
    expected.pop("Void", None)
    assert found == expected


def test_bad_label_maps(tmp_path: Path) -> None:
    (tmp_path / "instance").mkdir()
    write_png(tmp_path / "instance" / "a.png", np.full((2, 2), 40 * 256, np.uint16))
    with pytest.raises(FormatError, match="must hold classes below 34, got the pixel 10240"):
        list(read(tmp_path))
    shutil.copy(data_path("formats", "camvid", "codes.txt"), tmp_path / "codes.txt")
    write_png(tmp_path / "b_P.png", np.full((2, 2), 77, np.uint8))
    with pytest.raises(FormatError, match=r"must hold lines of codes\.txt, 0 to 31, got 77"):
        list(read(tmp_path, from_="camvid"))
    (tmp_path / "codes.txt").write_text("a\na\n")
    with pytest.raises(FormatError, match="must have names that are unique"):
        read(tmp_path, from_="camvid")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "codes.txt").write_text("a")
    for name in ("kitti", "camvid", "sa-1b"):
        with pytest.raises(FormatError, match="must hold"):
            read(tmp_path / "empty", from_=name)
