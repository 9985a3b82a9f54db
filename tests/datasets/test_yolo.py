from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from PIL import Image

from maskmill import FormatError, Polygons, area, rasterize
from maskmill.datasets import convert, detect, read
from maskmill.datasets.keyholes import join_rings
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS
from tests.conftest import data_path
from tests.datasets.tiny import files_under, tiny_coco, write_json

CONFIG = "names: [cat, dog]\ntrain: images\n"
TRIANGLE = "1 0.1 0.1 0.9 0.1 0.5 0.9"


def dataset(root: Path, labels: dict[str, str], config: str = CONFIG, width: int = 20) -> Path:
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "labels").mkdir(exist_ok=True)
    (root / "data.yaml").write_text(config)
    for stem, text in labels.items():
        Image.new("L", (width, 10)).save(root / "images" / f"{stem}.png")
        (root / "labels" / f"{stem}.txt").write_text(text)
    return root


def test_real_files() -> None:
    path = data_path("formats", "yolo_seg", "sharks")
    assert detect(path).name == "yolo-seg"
    given = {p.stem: p.read_text().splitlines() for p in path.rglob("labels/*.txt")}
    found = read(path, size=(640, 640))
    assert [c.name for c in found.header.categories] == ["fish", "primary", "shark"]
    seen = 0
    for shard in found:
        instances = shard.instances
        for g, name in enumerate(shard.images.file_names):
            own = range(int(instances.groups[g]), int(instances.groups[g + 1]))
            lines = given[name.split("/")[-1]]
            assert len(own) == len(lines)
            for k, line in zip(own, lines, strict=True):
                words = line.split()
                assert instances.categories[k] == int(words[0])
                kind = POLYGONS if len(words) > 5 else NO_SHAPE
                assert instances.shapes.kinds[k] == kind
                if kind == NO_SHAPE:
                    x, y, width, height = instances.boxes[k] or []
                    expected = [float(w) * 640 for w in words[1:]]
                    assert [x + width / 2, y + height / 2, width, height] == pytest.approx(expected)
                seen += 1
        coords = [float(w) * 640 for n in shard.images.file_names for line in given[
            n.split("/")[-1]] if len(line.split()) > 5 for w in line.split()[1:]]  # fmt: skip
        assert np.allclose(instances.shapes.polygons.coords.ravel(), coords, atol=1e-9, rtol=0)
    assert seen == sum(map(len, given.values())) == 44


@settings(max_examples=10)
@given(
    values=st.lists(st.decimals(0, 19, places=9), min_size=6, max_size=12),
    width=st.integers(19, 5000),
)
def test_vertices_of_nine_decimals_come_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], width: int
) -> None:
    ring = [float(v) for v in values[: len(values) // 2 * 2]]
    tmp_path = tmp_path_factory.mktemp("x")
    data = tiny_coco()
    data["images"] = [{"id": 1, "file_name": "a.jpg", "height": 19, "width": width}]
    data["annotations"] = [{"id": 1, "image_id": 1, "category_id": 7, "segmentation": [ring]}]
    convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="yolo-seg")
    (shard,) = read(tmp_path / "out", size=(19, width))
    assert shard.instances.shapes.polygons.to_coco() == [[ring]]


def test_what_is_written(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    report = convert(source, tmp_path / "out", to="yolo-seg")
    assert files_under(tmp_path / "out") == {
        "data.yaml", "report.json", "labels/a.txt", "labels/sub/b.txt",
    }  # fmt: skip
    lines = (tmp_path / "out" / "labels" / "a.txt").read_text().splitlines()
    assert lines[0].split()[:3] == ["0", "0.25", repr(2 / 6)]
    assert [line.split()[0] for line in lines] == ["0", "1"]
    losses = report.to_dict()["losses"]
    assert losses["crowd_lost"]["ids"] == losses["traced"]["ids"] == [13]
    assert report.losses.fields == {"attributes": 1, "images/license": 1}
    convert(source, tmp_path / "less", to="yolo-seg", crowd="skip")
    assert (tmp_path / "less" / "labels" / "sub" / "b.txt").read_text() == ""


def test_names_that_yaml_could_misread(tmp_path: Path) -> None:
    names = ['a "b" \\', "no", "1.0", "é\u2028\U0001f600", "a: b # c", "\x7f\x85\x00", "- x", ""]
    data = tiny_coco()
    data["categories"] = [{"id": i, "name": name} for i, name in enumerate(names, 7)]
    data["annotations"] = []
    convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="yolo-seg")
    found = read(tmp_path / "out", size=(9, 9))
    assert [c.name for c in found.header.categories] == names


SQUARE = [2, 2, 12, 2, 12, 12, 2, 12]
FAR = [20, 2, 28, 2, 28, 12, 20, 12]


def test_parts_are_joined_or_split(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"] = [{"id": 1, "file_name": "a.jpg", "height": 20, "width": 40}]
    data["annotations"] = [
        {"id": 3, "image_id": 1, "category_id": 7, "segmentation": [SQUARE, FAR]}
    ]
    source = write_json(tmp_path / "x.json", data)
    losses = convert(source, tmp_path / "join", to="yolo-seg").to_dict()["losses"]
    assert losses["joined"]["ids"] == [3]
    assert "pixels_changed" not in losses
    (shard,) = read(tmp_path / "join", size=(20, 40))
    (before,) = read(source)
    assert shard.masks() == before.masks()
    assert shard.instances.shapes.polygons.to_coco()[0][0][:4] == [2, 2, 12, 2]
    losses = convert(source, tmp_path / "split", to="yolo-seg", parts="split").to_dict()["losses"]
    assert losses["split"]["ids"] == [3]
    (shard,) = read(tmp_path / "split", size=(20, 40))
    assert shard.instances.shapes.polygons.to_coco() == [[SQUARE], [FAR]]


def test_holes_come_back_pixel_for_pixel() -> None:
    outline = np.array([[1.0, 1], [30, 2], [28, 25], [3, 28]])
    square = np.array([[5.0, 5], [5, 9], [9, 9], [9, 5]])
    holes = [square, np.array([[15.0, 12], [16, 20], [20, 13]])]
    sizes = np.array([[32, 32]], np.int32)
    rings = [outline, *holes]
    offsets = np.cumsum([0, *map(len, rings)])
    holed = Polygons(np.concatenate(rings), offsets, np.array([0, 3]), np.array([0, 1]), sizes)
    joined = join_rings(rings)
    one = Polygons(joined, np.array([0, len(joined)]), np.array([0, 1]), np.array([0, 1]), sizes)
    assert len(joined) == 4 + 4 + 2 + 3 + 2
    assert rasterize(one, rule="center") == rasterize(holed, rule="center")


def test_vertices_outside_move_to_the_border(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["segmentation"] = [[-3, 1, 5, 1, 5, 9, 1, 4]]
    losses = convert(
        write_json(tmp_path / "x.json", data), tmp_path / "out", to="yolo-seg"
    ).to_dict()["losses"]
    assert losses["clamped"] == losses["clamped"] | {"records": 1, "vertices": 2, "ids": [11]}
    for path in (tmp_path / "out" / "labels").rglob("*.txt"):
        numbers = [float(w) for line in path.read_text().splitlines() for w in line.split()[1:]]
        assert all(0 <= n <= 1 for n in numbers)


def test_boxes_scores_and_pictures_without_labels(tmp_path: Path) -> None:
    text = f"0 0.5 0.5 0.2 0.4\n\n0 0.5 0.5 0.2 0.4 0.75\n{TRIANGLE} 0.5\n{TRIANGLE}\n"
    root = dataset(tmp_path, {"b": text})
    Image.new("L", (7, 9)).save(root / "images" / "a.png")
    (shard,) = read(root)
    assert shard.images.file_names == ["a.png", "b.png"]
    assert shard.instances.groups.tolist() == [0, 0, 4]
    assert shard.instances.boxes[:2] == [[8, 3, 4, 4], [8, 3, 4, 4]]
    assert shard.instances.scores == [None, 0.75, 0.5, None]
    assert shard.instances.ids[0] == "b.png:1"


def test_splits_keep_their_names(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        folder = dataset(tmp_path / split, {"a": TRIANGLE})
        (folder / "data.yaml").unlink()
    config = tmp_path / "data.yaml"
    config.write_text(
        "path: /somewhere/else\ntrain: ../train/images\nval: [./valid/images, gone]\n"
        "test: ../../../etc\nnames: {0: cat, 1: dog}\n"
    )
    for path in (config, tmp_path):
        (shard,) = read(path)
        assert shard.images.file_names == ["train/a.png", "val/a.png"]
        assert [bytes(e["split"]) for e in shard.images.extra] == [b'"train"', b'"val"']


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x 1 2", "must be numbers, got"),
        ("2 0 0 1 0 1 1", "must start with the number of a class, 0 to 1, got 2"),
        ("-1 0 0 1 0 1 1", "must start with the number of a class, 0 to 1, got -1"),
        ("0.5 0 0 1 0 1 1", "must start with the number of a class, 0 to 1, got 0.5"),
        ("nan 0 0 1 0 1 1", "must start with the number of a class"),
        ("0", "must be a class and pairs of coordinates, got 0 numbers"),
        ("0 1 2", "must be a class and pairs of coordinates, got 2 numbers"),
        ("0 0 0 1 0 1 nan 1", "must be finite"),
        ("0 0 0 1 inf 1 1", "must be finite"),
        ("0 1e9 0 1 1 0 0", "must be finite coordinates within"),
    ],
)
def test_bad_lines(tmp_path: Path, line: str, problem: str) -> None:
    root = dataset(tmp_path, {"a": f"{TRIANGLE}\n{line}\n"})
    with pytest.raises(FormatError, match=problem) as caught:
        list(read(root))
    assert (caught.value.file, caught.value.place, caught.value.record) == (
        str(root / "labels" / "a.txt"), "line 2", "a",
    )  # fmt: skip
    (shard,) = read(root, on_error="skip")
    assert len(shard.instances) == len(shard.skipped) == 1


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("names: [", "must be YAML, got"),
        ("names: \x00", "must be YAML, got"),
        ("train: images", "must have the field names"),
        ("- 1", "must have the field names"),
        ("names: 5\ntrain: images", "must be a list of names"),
        ("names: [[a]]\ntrain: images", r"must be a name, got something else"),
        ("names: {1: a}\ntrain: images", "must number the classes from 0 to 0"),
        ("names: {a: 0}\ntrain: images", "must number the classes from 0 to 0"),
        ("names: [a]\ntrain: [[images]]", "must be folders of pictures"),
        ("names: !!python/object/apply:os.system [ls]", "must be YAML, got"),
        ("[" * 2000, "must be YAML, got"),
    ],
)
def test_bad_descriptions(tmp_path: Path, config: str, problem: str) -> None:
    root = dataset(tmp_path, {"a": TRIANGLE}, config)
    with pytest.raises(FormatError, match=problem) as caught:
        read(root, from_="yolo-seg")
    assert caught.value.file == str(root / "data.yaml")


def test_aliases_do_not_grow(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for one, other in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{other}: &{other} [{', '.join([f'*{one}'] * 9)}]\n"
    root = dataset(tmp_path, {"a": TRIANGLE}, bomb + "names: *i\ntrain: images\n")
    with pytest.raises(FormatError, match="must be a name"):
        read(root, from_="yolo-seg")


def test_no_size_and_no_folder(tmp_path: Path) -> None:
    root = dataset(tmp_path, {"a": TRIANGLE})
    (root / "images" / "a.png").unlink()
    with pytest.raises(FormatError, match="must have a picture, whose header tells its size"):
        list(read(root))
    (shard,) = read(root, on_error="skip")
    assert [r.id for r in shard.skipped] == ["a"]
    (shard,) = read(root, size=(10, 20))
    assert area(shard.masks()).tolist()[0] > 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data.yaml").write_text(CONFIG)
    with pytest.raises(FormatError, match="must name folders below"):
        read(tmp_path / "other")
    with pytest.raises(FormatError, match=r"must be a folder with data\.yaml"):
        read(tmp_path / "none", from_="yolo-seg")
