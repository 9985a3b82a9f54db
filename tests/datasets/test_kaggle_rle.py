from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area, decode
from maskmill.datasets import convert, detect, read
from tests.conftest import data_path
from tests.datasets.tiny import read_json, tiny_coco, write_json

REAL = (
    ("airbus_ship__nolicence", "train_ship_segmentations_v2.csv", "kaggle-rle"),
    ("siim_relative__nolicence", "train-rle.csv", "kaggle-rle-relative"),
)


@pytest.mark.parametrize(("folder", "file", "name"), REAL)
def test_real_files(tmp_path: Path, folder: str, file: str, name: str) -> None:
    path = data_path("formats", "kaggle_rle", folder, file)
    oracle = read_json(path.with_name("expected.json"))
    assert detect(path).name == name
    size = tuple(oracle["size"])
    rows: dict[str, list[Any]] = {}
    for row in oracle["rows"]:
        rows.setdefault(row["ImageId"], []).extend([row] if row["area"] else [])
    (shard,) = read(path, size=size)
    assert shard.images.file_names == [*rows]
    expected = [row for own in rows.values() for row in own]
    masks = shard.masks()
    assert area(masks).tolist() == [row["area"] for row in expected]
    for mask, row in zip(masks, expected, strict=True):
        dense = decode(mask)[0].astype(np.uint8)
        # The oracle hashes the pixels down the columns.
        assert hashlib.sha256(dense.T.tobytes()).hexdigest() == row["sha256_column_major"]
    convert(path, tmp_path / "out.csv", to=name, size=size)
    (back,) = read(tmp_path / "out.csv", from_=name, size=size)
    assert back.masks() == masks
    assert back.images.file_names == shard.images.file_names


def test_variants_say_the_same_differently(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    found = {}
    for name in ("kaggle-rle", "kaggle-rle-rows", "kaggle-rle-relative"):
        convert(source, tmp_path / f"{name}.csv", to=name)
        lines = (tmp_path / f"{name}.csv").read_text().splitlines()
        assert lines[0] == "ImageId,EncodedPixels,ClassId"
        found[name] = lines[1]
    # A square of 2x2 pixels at x=2, y=2 of an image 6 high and 8 wide.
    assert found == {
        "kaggle-rle": "a.jpg,15 2 21 2,cat",
        "kaggle-rle-rows": "a.jpg,19 2 27 2,cat",
        "kaggle-rle-relative": "a.jpg,14 2 4 2,cat",
    }


def test_losses_and_images_without_instances(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][2]["segmentation"] = []
    data["annotations"][0]["score"] = 0.5
    source = write_json(tmp_path / "x.json", data)
    report = convert(source, tmp_path / "out.csv", to="kaggle-rle")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[-1] == "sub/b.png,,"
    assert report.to_dict()["losses"]["box_only"]["ids"] == [13]
    assert report.losses.fields == {"score": 1, "attributes": 1, "images/license": 1}


def test_classes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        'ImageId_ClassId,EncodedPixels\nb.jpg_2,1 3\nb.jpg_10,"4 1 6 1"\na_b.jpg_2,\n', "utf-8-sig"
    )
    dataset = read(path, size=(4, 4))
    assert [(c.id, c.name) for c in dataset.header.categories] == [(2, "2"), (10, "10")]
    (shard,) = dataset
    assert shard.images.file_names == ["b.jpg", "a_b.jpg"]
    assert shard.instances.categories.tolist() == [0, 1]
    assert area(shard.masks()).tolist() == [3, 2]
    path.write_text("ImageId,EncodedPixels\na,5 2 1 2 3 1\n")  # not sorted, and two runs touch
    (shard,) = read(path, from_="kaggle-rle", size=(4, 4))
    assert shard.masks().bounds.tolist() == [0, 3, 4, 6]


@pytest.mark.parametrize(
    ("name", "runs", "problem"),
    [
        ("kaggle-rle", "1", "must be pairs of start and length, got 1 numbers"),
        ("kaggle-rle", "1 x", "must be whole numbers, got"),
        ("kaggle-rle", "1.5 2", "must be whole numbers, got"),
        ("kaggle-rle", f"1 {10**30}", "must be whole numbers, got"),
        ("kaggle-rle", "0 2", "must stay within 4x4 pixels, got runs from -1 to 1"),
        ("kaggle-rle", "16 2", "must stay within 4x4 pixels, got runs from 15 to 17"),
        ("kaggle-rle", "1 17", "must stay within 4x4 pixels, got the run 1 17"),
        ("kaggle-rle", "1 -3", "must stay within 4x4 pixels, got the run 1 -3"),
        ("kaggle-rle", "1 3 2 4", "must be runs that do not overlap"),
        ("kaggle-rle-rows", "16 2", "must stay within 4x4 pixels, got runs from 15 to 17"),
        ("kaggle-rle-relative", "-2 3", "must stay within 4x4 pixels, got the run -2 3"),
        ("kaggle-rle-relative", "9 3 4 3", "must stay within 4x4 pixels, got runs from 9 to 19"),
    ],
)
def test_bad_runs(tmp_path: Path, name: str, runs: str, problem: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"ImageId,EncodedPixels\na.jpg,1 1\na.jpg,{runs}\n")
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(path, from_=name, size=(4, 4)))
    assert (caught.value.file, caught.value.place, caught.value.record) == (
        str(path), "line 3", "a.jpg",
    )  # fmt: skip
    (shard,) = read(path, from_=name, size=(4, 4), on_error="skip")
    assert (len(shard.instances), len(shard.skipped)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "must have the columns ImageId and EncodedPixels, got none"),
        (b"a,b\n1,2\n", "must have the columns ImageId and EncodedPixels, got a, b"),
        (b"ImageId,EncodedPixels\na.jpg\n", "must have 2 columns and an image"),
        (b"ImageId,EncodedPixels\n,1 2\n", "must have 2 columns and an image"),
        (b"ImageId,EncodedPixels\n\xff,1 2\n", "must be UTF-8 text"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=problem) as caught:
        read(path, from_="kaggle-rle", size=(4, 4))
    assert caught.value.file == str(path)


def test_no_size(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ImageId,EncodedPixels\na.jpg,1 1\n../b.jpg,1 1\n")
    with pytest.raises(FormatError, match="must have a picture, whose header tells its size"):
        list(read(path))
    with pytest.raises(FormatError, match="must not go up"):
        list(read(path, size=(4, 4)))
