from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area, decode
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from maskmill.datasets.png_mask import write_mask_png
from tests.conftest import data_path
from tests.datasets.bad_records import BROKEN, check_bad_record, check_broken_file
from tests.datasets.compare import parts_of, plain_file
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole

SOURCES = (
    "tutorial_project",
    "documented/polygon_with_hole_and_bitmap.json",
    "panlabel/sample_valid.supervisely.json",
)


def real(name: str) -> Path:
    return data_path("formats", "supervisely", *name.split("/"))


@pytest.mark.parametrize("name", SOURCES)
def test_real_files_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    assert detect(real(name)).name == "supervisely"
    convert(real(name), tmp_path, to="supervisely", strict=True)
    assert detect(tmp_path).name == "supervisely"
    assert plain_file(tmp_path) == plain_file(real(name))


def test_real_bitmaps_are_those_of_the_oracle() -> None:
    seen = 0
    oracle = read_json(real("bitmaps.expected.json"))["bitmaps"]
    for source in SOURCES[:2]:
        for shard in read(real(source)):
            masks = shard.masks()
            for g, name in enumerate(shard.images.file_names):
                first = int(shard.instances.groups[g])
                for b in oracle:
                    if Path(b["file"]).stem != Path(name).name:
                        continue
                    x, y = b["origin"]
                    dense = np.asarray(decode(masks[first + b["object"]]))[0].astype(np.uint8)
                    cells = dense[y : y + b["h"], x : x + b["w"]]
                    assert dense.sum() == b["area_alpha"]
                    assert hashlib.sha256(cells.tobytes()).hexdigest() == b["sha256_alpha01"]
                    seen += 1
    assert seen == len(oracle)


def test_real_holes_stay_holes() -> None:
    (shard,) = read(real("documented/polygon_with_hole_and_bitmap.json"))
    ((outline, hole),) = parts_of(shard.instances.shapes.polygons)
    assert outline[0] == [730, 2104]
    assert hole == [[1907, 1255], [2468, 875], [2679, 1577]]


def test_real_tags_are_attributes(tmp_path: Path) -> None:
    found = plain_file(real("tutorial_project"))
    assert found["dataset_01/bike-man-dog"][1]["attributes"] == {"person_gender": "male"}
    (shard,) = read(real("tutorial_project"))
    attributes = json.loads(bytes(shard.images.extra[0]["attributes"]))
    assert attributes == {"like": True, "cars_number": 1}
    convert(real("tutorial_project"), tmp_path, to="supervisely")
    given = read_json(real("tutorial_project") / "dataset_01" / "ann" / "bicycle-car.json")
    written = read_json(tmp_path / "dataset_01" / "ann" / "bicycle-car.json")
    assert written["tags"] == given["tags"]
    meta = read_json(real("tutorial_project") / "meta.json")
    assert read_json(tmp_path / "meta.json")["tags"] == meta["tags"]


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["attributes"] |= {"age": 3, "kind": "tom", "wild": False, "more": [1]}
    data["annotations"][1]["segmentation"] *= 2
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "out", to="supervisely")
    assert report.losses.to_dict() == {}
    assert {"dataset/ann/a.jpg.json", "sub/ann/b.png.json"} < files_under(tmp_path / "out")
    convert(tmp_path / "out", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "instance")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )
    meta = read_json(tmp_path / "out" / "meta.json")
    assert [(c["title"], c["id"]) for c in meta["classes"]] == [("cat", 7), ("mat", 9)]
    assert [(t["name"], t["value_type"]) for t in meta["tags"]] == [
        ("age", "any_number"),
        ("kind", "any_string"),
        ("occluded", "none"),
    ]


def test_holes_are_carried(tmp_path: Path) -> None:
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("supervisely").write(tmp_path, dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert not losses.kinds
    (shard,) = read(tmp_path)
    assert shard.masks() == masks
    (original,) = dataset
    assert shard.instances.shapes.polygons == original.instances.shapes.polygons


def test_two_images_with_one_output_are_refused(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"][1]["file_name"] = "dataset/a.jpg"
    source = write_json(tmp_path / "coco.json", data)
    with pytest.raises(FormatError, match="output of its own"):
        convert(source, tmp_path / "out", to="supervisely", jobs=1)


def bitmap(mask: Any, x: int = 0, y: int = 0) -> dict[str, Any]:
    content = zlib.compress(write_mask_png(np.asarray(mask, bool), transparent=True))
    return {"data": base64.b64encode(content).decode(), "origin": [x, y]}


def record(kind: str = "polygon", **fields: Any) -> dict[str, Any]:
    points = {"exterior": [[1, 1], [5, 1], [5, 5]], "interior": []}
    return {"classTitle": "cat", "geometryType": kind, "points": points, "tags": []} | fields


def annotation(*objects: Any, **fields: Any) -> dict[str, Any]:
    size = {"height": 8, "width": 9}
    return {"description": "", "tags": [], "size": size, "objects": list(objects)} | fields


def project(folder: Path, data: Any) -> Path:
    for name, content in (("a.jpg", data), ("b.jpg", annotation(record()))):
        path = folder / "p" / "ann" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, content)
    return folder / "p"


@pytest.mark.parametrize("kind", ["graph", "cuboid"])
def test_what_we_do_not_draw_comes_back(kind: str, tmp_path: Path) -> None:
    given = record(kind, nodes={"a": 1}, id=5, tags=[{"name": "x"}])
    path = project(tmp_path, annotation(given, record("point"), record("line")))
    (shard,) = read(path)
    assert area(shard.masks()).tolist()[:3] == [0, 0, 0]
    convert(path, tmp_path / "out", to="supervisely", strict=True)
    written = read_json(tmp_path / "out" / "dataset" / "ann" / "a.jpg.json")["objects"]
    assert written[0] == given
    assert [o["geometryType"] for o in written] == [kind, "line", "line"]


BAD: dict[str, tuple[Any, str]] = {
    "no size": ({"objects": []}, ""),
    "size of nothing": (annotation(size={"height": 0, "width": 9}), "/size"),
    "objects are text": (annotation() | {"objects": "x"}, "/objects"),
    "object without a class": (annotation({"geometryType": "polygon"}), "/objects/0"),
    "points are text": (annotation(record(points="x")), "/objects/0/points"),
    "point out of reach": (
        annotation(record(points={"exterior": [[1e9, 1], [2, 2], [3, 3]]})), "/objects/0"),
    "rectangle of three": (annotation(record("rectangle")), "/objects/0"),
    "point of none": (annotation(record("point", points={"exterior": []})), "/objects/0"),
    "bitmap of none": (annotation(record("bitmap")), "/objects/0"),
    "bitmap of words": (
        annotation(record("bitmap", bitmap={"data": "!!", "origin": [0, 0]})), "/objects/0"),
    "bitmap is not deflated": (
        annotation(record("bitmap", bitmap={"data": "AAAA", "origin": [0, 0]})), "/objects/0"),
    "bitmap reaches out": (
        annotation(record("bitmap", bitmap=bitmap([[1, 1]], 8, 0))), "/objects/0"),
    "bitmap left of the image": (
        annotation(record("bitmap", bitmap=bitmap([[1, 1]], -1, 0))), "/objects/0"),
    "bitmap that unpacks without end": (
        annotation(record("bitmap", bitmap={
            "data": base64.b64encode(zlib.compress(bytes(10**7))).decode(), "origin": [0, 0]})),
        "/objects/0"),
    "tag without a name": (annotation(record(tags=[{"value": 1}])), "/objects/0/tags"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    check_bad_record(project(tmp_path, data), "supervisely", place, inside="ann/a.jpg.json")


@pytest.mark.parametrize("text", BROKEN)
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    check_broken_file(tmp_path, text, "supervisely", inside="ann/a.json")
    (tmp_path / "ann" / "a.json").write_text(json.dumps(annotation(record())))
    check_broken_file(tmp_path, text, "supervisely", inside="meta.json")
