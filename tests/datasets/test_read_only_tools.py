"""Darwin, Datumaro and SuperAnnotate, which are only read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskmill import FormatError, area, decode
from maskmill.datasets import convert, detect, read
from tests.conftest import data_path
from tests.datasets.bad_records import BROKEN, check_bad_record, check_broken_file
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import read_json, write_json


def real(*parts: str) -> Path:
    return data_path("formats", *parts)


def test_darwin_polygons_are_the_masks_that_darwin_makes() -> None:
    path = real("v7_darwin", "instance_mask", "from", "000000021295.json")
    assert detect(path).name == "darwin"
    (shard,) = read(path)
    masks = np.asarray(decode(shard.masks("center"))).astype(bool)
    assert len(masks) == 3
    for i, mask in enumerate(masks):
        name = f"000000021295_{i:05}.png"
        made = np.asarray(Image.open(real("v7_darwin", "instance_mask", "to", "masks", name))) > 0
        # Its drawing takes the pixels of the border as well.
        assert np.count_nonzero(mask & ~made) <= 0.01 * np.count_nonzero(mask)
        assert np.count_nonzero(made & ~mask) < 0.05 * np.count_nonzero(made)


def test_darwin_shapes() -> None:
    path = real("v7_darwin", "coco", "from", "base_annotation.json")
    (objects,) = plain_file(path).values()
    assert [o["category"] for o in objects] == ["test_bb", "test_ellipse", "test_poly"]
    assert objects[0]["box"] == [0, 0, 1, 1]
    assert objects[1]["shape_type"] == "ellipse"
    assert [len(part) for part in objects[2]["parts"]] == [1, 1]


def darwin(*annotations: Any, **fields: Any) -> dict[str, Any]:
    item = {"name": "a.jpg", "path": "/", "slots": [{"width": 9, "height": 8}]}
    return {"version": "2.0", "item": item, "annotations": [*annotations]} | fields


def path_of(*points: tuple[float, float]) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in points]


SQUARE = path_of((0, 0), (6, 0), (6, 6), (0, 6))
HOLE = path_of((2, 2), (4, 2), (4, 4), (2, 4))


def test_darwin_paths_inside_are_holes(tmp_path: Path) -> None:
    far = path_of((7, 7), (9, 7), (9, 8), (7, 8))
    shape = {"id": "a", "name": "cat", "polygon": {"paths": [SQUARE, HOLE, far]}}
    old = {"id": "b", "name": "cat", "polygon": {"path": SQUARE, "additional_paths": [HOLE]}}
    (shard,) = read(write_json(tmp_path / "a.json", darwin(shape, old)))
    assert area(shard.masks()).tolist() == [34, 32]
    assert shard.instances.ids == ["a", "b"]


def test_darwin_raster_layers(tmp_path: Path) -> None:
    layer = {
        "dense_rle": [0, 10, 1, 3, 2, 4, 0, 55],
        "mask_annotation_ids_mapping": {"a": 1, "b": 2},
    }
    data = darwin(
        {"id": "a", "name": "cat", "mask": {}},
        {"id": "b", "name": "dog", "mask": {}},
        {"id": "c", "name": "layer", "raster_layer": layer},
    )
    path = write_json(tmp_path / "a.json", data)
    (shard,) = read(path)
    dense = np.asarray(decode(shard.masks())).reshape(2, -1)
    assert np.flatnonzero(dense[0]).tolist() == [10, 11, 12]
    assert np.flatnonzero(dense[1]).tolist() == [13, 14, 15, 16]
    assert [c.name for c in read(path).header.categories] == ["cat", "dog"]


DARWIN_BAD: dict[str, tuple[Any, str]] = {
    "no item": ({"annotations": []}, ""),
    "size of nothing": (darwin(item={"name": "a", "slots": [{"width": 0, "height": 1}]}), "/item"),
    "annotation is text": (darwin("x"), "/annotations/0"),
    "no name": (darwin({"polygon": {}}), "/annotations/0"),
    "points are text": (darwin({"name": "c", "polygon": {"path": "x"}}), "/annotations/0/polygon"),
    "out of reach": (
        darwin({"name": "c", "polygon": {"path": path_of((1e9, 1))}}), "/annotations/0"),
    "mask without a layer": (darwin({"name": "c", "id": "a", "mask": {}}), "/annotations/0"),
    "layer too short": (
        darwin({"name": "c", "raster_layer": {
            "dense_rle": [1, 2], "mask_annotation_ids_mapping": {}}}), "/annotations/0"),
}  # fmt: skip


@pytest.mark.parametrize("case", DARWIN_BAD)
def test_bad_records_of_darwin(case: str, tmp_path: Path) -> None:
    data, place = DARWIN_BAD[case]
    write_json(tmp_path / "a.json", data)
    good = darwin({"name": "c", "polygon": {"path": SQUARE}})
    good["item"] = good["item"] | {"name": "b.jpg"}
    write_json(tmp_path / "b.json", good)
    check_bad_record(tmp_path, "darwin", place, inside="a.json")


def test_datumaro_real_files_hold_labels_of_images() -> None:
    path = real("datumaro", "legacy", "train.json")
    assert detect(path).name == "datumaro"
    with pytest.raises(FormatError, match="Pass images"):
        list(read(path))
    dataset = read(path, size=(4, 5))
    (shard,) = dataset
    assert [c.name for c in dataset.header.categories] == ["car", "bicycle", "tom", "mary"]
    assert shard.images.file_names == ["train/a.jpg", "train/b.jpg"]
    assert [bytes(e["labels"]) for e in shard.images.extra] == [
        b'["car"]', b'["car","bicycle","tom","mary"]',
    ]  # fmt: skip
    folder = plain(read(real("datumaro", "legacy"), size=(4, 5)))
    assert list(folder) == ["test/c.jpg", "train/a.jpg", "train/b.jpg", "validation/d.jpg"]


def datumaro(*annotations: Any, **fields: Any) -> dict[str, Any]:
    def item(name: str, given: list[Any]) -> dict[str, Any]:
        return {"id": name, "annotations": given, "image": {"path": f"{name}.jpg", "size": [8, 9]}}

    items = [item("a", [*annotations]), item("b", [])]
    categories = {"label": {"labels": [{"name": "cat", "parent": "animal"}]}}
    return {"infos": {}, "categories": categories, "items": items} | fields


def test_datumaro_shapes(tmp_path: Path) -> None:
    def made(kind: str, **fields: Any) -> dict[str, Any]:
        return {"id": 1, "type": kind, "label_id": 0, "group": 0} | fields

    data = datumaro(
        made("polygon", points=[1, 1, 5, 1, 5, 5, 1, 5], group=3, attributes={"occluded": True}),
        made("polygon", points=[6, 6, 8, 6, 8, 8, 6, 8], group=3, attributes={"occluded": True}),
        made("mask", rle={"counts": [0, 8, 64], "size": [8, 9]}, attributes={"is_crowd": True}),
        made("bbox", bbox=[1, 2, 3, 4], attributes={"score": 0.5}),
        made("polyline", points=[1, 2, 3, 4]),
    )
    path = write_json(tmp_path / "x.json", data)
    assert detect(path).name == "datumaro"
    (shard,) = read(path)
    assert area(shard.masks()).tolist() == [20, 8, 0, 0]
    found = plain_file(path)["a.jpg"]
    assert found[0]["attributes"] == {"occluded": True}
    assert [o["crowd"] for o in found] == [False, True, False, False]
    assert found[2]["score"] == 0.5
    report = convert(path, tmp_path / "coco.json", to="coco-polygons")
    assert report.instances == 4


DATUMARO_BAD: dict[str, tuple[Any, str]] = {
    "annotation is text": ("x", "/items/0/annotations/0"),
    "unknown label": ({"type": "bbox", "label_id": 7}, "/items/0/annotations/0"),
    "unknown kind": ({"type": "caption", "label_id": 0}, "/items/0/annotations/0"),
    "odd points": ({"type": "polygon", "label_id": 0, "points": [1]}, "/items/0/annotations/0"),
    "out of reach": (
        {"type": "polygon", "label_id": 0, "points": [1e9, 1]}, "/items/0/annotations/0"),
    "mask of another size": (
        {"type": "mask", "label_id": 0, "rle": {"counts": [4], "size": [2, 2]}},
        "/items/0/annotations/0"),
}  # fmt: skip


@pytest.mark.parametrize("case", DATUMARO_BAD)
def test_bad_records_of_datumaro(case: str, tmp_path: Path) -> None:
    data, place = DATUMARO_BAD[case]
    check_bad_record(write_json(tmp_path / "x.json", datumaro(data)), "datumaro", place)


def test_superannotate_vector_project() -> None:
    folder = real("superannotate", "sample_project_vector")
    assert detect(folder).name == "superannotate"
    given = read_json(folder / "example_image_1.jpg___objects.json")["instances"]
    (found,) = plain_file(folder).values()
    drawn = sorted(o["points"] for o in given if o["type"] == "polygon")
    rings = [ring for o in found for part in o["parts"] or () for ring in part]
    assert sorted([x for point in ring for x in point] for ring in rings) == drawn
    assert sum(o["box"] is not None for o in found) == 5
    # Two polygons of one group are one instance.
    assert [len(o["parts"]) for o in found if o["parts"]].count(2) == 1
    assert len(found) == len(given) - 1
    names = [c.name for c in read(folder).header.categories]
    assert names[:2] == ["Personal vehicle", "Large vehicle"]


def test_superannotate_pixel_project() -> None:
    folder = real("superannotate", "sample_project_pixel")
    assert detect(folder).name == "superannotate"
    given = read_json(folder / "example_image_1.jpg___pixel.json")["instances"]
    picture = np.asarray(Image.open(folder / "example_image_1.jpg___save.png").convert("RGB"))
    (shard,) = read(folder)
    masks = np.asarray(decode(shard.masks())).astype(bool)
    for mask, instance in zip(masks, given, strict=True):
        colours = [bytes.fromhex(part["color"][1:]) for part in instance["parts"]]
        expected = sum((picture == tuple(colour)).all(axis=2) for colour in colours)
        np.testing.assert_array_equal(mask, expected.astype(bool))


def superannotate(*instances: Any, **fields: Any) -> dict[str, Any]:
    metadata = {"name": "a.jpg", "width": 9, "height": 8}
    return {"metadata": metadata, "instances": [*instances]} | fields


SUPERANNOTATE_BAD: dict[str, tuple[Any, str]] = {
    "no metadata": ({"instances": []}, ""),
    "size of nothing": (superannotate(metadata={"name": "a", "width": 0, "height": 1}), "/meta"),
    "instance is text": (superannotate("x"), "/instances/0"),
    "points are text": (
        superannotate({"className": "c", "type": "polygon", "points": "x"}), "/instances/0/points"),
    "odd points": (
        superannotate({"className": "c", "type": "polygon", "points": [1]}), "/instances/0"),
    "box without a side": (
        superannotate({"className": "c", "type": "bbox", "points": {"x1": 1}}), "/instances/0"),
    "colours without a picture": (
        superannotate({"className": "c", "parts": [{"color": "#000001"}]}), "/instances/0"),
    "ellipse without an axis": (
        superannotate({"className": "c", "type": "ellipse", "cx": 1}), "/instances/0"),
}  # fmt: skip


@pytest.mark.parametrize("case", SUPERANNOTATE_BAD)
def test_bad_records_of_superannotate(case: str, tmp_path: Path) -> None:
    data, place = SUPERANNOTATE_BAD[case]
    write_json(tmp_path / "a.json", data)
    good = superannotate(metadata={"name": "b.jpg", "width": 9, "height": 8})
    write_json(tmp_path / "b.json", good)
    check_bad_record(tmp_path, "superannotate", place, inside="a.json")


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("name", ["darwin", "datumaro", "superannotate"])
def test_broken_files(name: str, text: bytes, tmp_path: Path) -> None:
    check_broken_file(tmp_path / "x.json", text, name)


def test_roboflow_files_are_coco() -> None:
    path = real("roboflow_coco", "sharks", "train", "_annotations.coco.json")
    assert detect(path).name == "coco"
    (shard,) = read(path)
    assert len(shard.instances) == 44
