from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskmill import FormatError
from maskmill.datasets import overlay, read
from maskmill.datasets.drawing import find_image, open_picture
from tests.datasets.tiny import tiny_coco, write_json

COLOURS = np.array([[200, 0, 0], [0, 0, 100]], np.uint8)


def test_overlay_on_grey(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["segmentation"] = [[1.0, 1.0, 5.0, 1.0, 5.0, 5.0, 1.0, 5.0]]
    (shard,) = read(write_json(tmp_path / "x.json", data))
    drawn = overlay(shard.of_images(np.array([0])), COLOURS)
    assert drawn.shape == (6, 8, 3)
    assert drawn.dtype == np.uint8
    assert drawn[0, 7].tolist() == [128, 128, 128]
    assert drawn[0, 0].tolist() == [0, 0, 100]  # the outline of the large one
    assert drawn[1, 1].tolist() == [200, 0, 0]  # the outline of the small one, on top of it
    assert drawn[2, 2].tolist() == [164, 64, 64]  # inside: half grey, half red


def test_overlay_on_a_picture_leaves_it_alone(tmp_path: Path) -> None:
    (shard,) = read(write_json(tmp_path / "x.json", tiny_coco()))
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    before = picture.copy()
    drawn = overlay(shard.of_images(np.array([0])), COLOURS, picture=picture, opacity=0)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(drawn[:, 6:], before[:, 6:])
    np.testing.assert_array_equal(drawn[1, 1], before[1, 1])


def test_overlay_takes_one_image(tmp_path: Path) -> None:
    (shard,) = read(write_json(tmp_path / "x.json", tiny_coco()))
    with pytest.raises(ValueError, match="overlay: shard must hold one image, got 2"):
        overlay(shard, COLOURS)


def test_image_by_id_or_name(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"].append(data["images"][0] | {"id": 3, "file_name": "2"})
    dataset = read(write_json(tmp_path / "x.json", data))
    assert find_image(dataset, "2").images.ids == [2]
    assert find_image(dataset, "sub/b.png").images.ids == [2]
    assert find_image(dataset, "a.jpg").instances.ids == [11, 12]
    with pytest.raises(FormatError, match="image must be the id or file name of an image, got '9'"):
        find_image(dataset, "9")


def test_picture_of_another_size(tmp_path: Path) -> None:
    Image.new("L", (8, 6)).save(tmp_path / "a.png")
    picture = open_picture("a.png", (6, 8), tmp_path)
    assert picture is not None
    assert picture.shape == (6, 8, 3)
    with pytest.raises(FormatError, match="must be 6x8 pixels as the dataset says, got 8x6"):
        open_picture("a.png", (8, 6), tmp_path)


def test_picture_that_is_none(tmp_path: Path) -> None:
    assert open_picture("b.png", (6, 8), tmp_path) is None
    assert open_picture("/etc/hostname", (6, 8), tmp_path) is None
    assert open_picture("../b.png", (6, 8), tmp_path) is None
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(OSError, match="cannot identify"):
        open_picture("b.png", (6, 8), tmp_path)


def test_picture_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (80, 60)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)
    assert open_picture("a.png", (60, 80), tmp_path) is not None  # only a warning of Pillow's
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(FormatError, match="must be a picture of a sane size"):
        open_picture("a.png", (60, 80), tmp_path)
