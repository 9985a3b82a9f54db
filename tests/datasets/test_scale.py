from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area, rasterize
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from maskmill.datasets.png import write_png
from tests.conftest import data_path
from tests.datasets.bad_records import BROKEN, check_bad_record, check_broken_file
from tests.datasets.compare import plain_file
from tests.datasets.tiny import read_json, tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole


def real() -> Path:
    return data_path("formats", "scale_ai", "panlabel", "sample_valid.scale_ai.json")


def test_real_files_come_back_as_they_were(tmp_path: Path) -> None:
    assert detect(real()).name == "scale"
    report = convert(real(), tmp_path / "x.json", to="scale", strict=True)
    assert (report.images, report.instances) == (2, 3)
    assert plain_file(tmp_path / "x.json") == plain_file(real())
    given, written = read_json(real()), read_json(tmp_path / "x.json")
    assert [t["response"]["annotations"][0]["type"] for t in written] == ["box", "box"]
    assert written[0]["response"] == given[0]["response"]
    assert written[0]["params"]["attachment"] == given[0]["params"]["attachment"]
    assert written[0]["params"]["metadata"] == given[0]["params"]["metadata"]


def test_tasks_that_draw_nothing_are_bad_records() -> None:
    path = data_path("formats", "scale_ai", "callback.json")
    with pytest.raises(FormatError, match="categorization"):
        list(read(path))


def made(kind: str = "polygon", **fields: Any) -> dict[str, Any]:
    points = [{"x": 1, "y": 1}, {"x": 5, "y": 1}, {"x": 5, "y": 5}]
    shape = {"vertices": points} if kind == "polygon" else {}
    return {"label": "cat", "type": kind, "uuid": "u"} | shape | fields


def task(*annotations: Any, name: str = "a.jpg", **fields: Any) -> dict[str, Any]:
    metadata = {"width": 9, "height": 8}
    return {
        "task_id": name,
        "type": "imageannotation",
        "params": {"attachment": f"https://host/x/{name}?sign=1", "metadata": metadata},
        "response": {"annotations": [*annotations]},
    } | fields


def test_all_shapes_come_back(tmp_path: Path) -> None:
    line = [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    data = [task(
        made(attributes={"a": [1]}, group_id=1),
        made(uuid="v", group_id=1),
        made("box", left=1, top=2, width=3, height=4, uuid="b"),
        made("point", x=1, y=2, uuid="p"),
        made("line", vertices=line, uuid="l"),
    )]  # fmt: skip
    path = write_json(tmp_path / "x.json", data)
    found = plain_file(path)["a.jpg"]
    assert [(o["id"], len(o["parts"] or ())) for o in found] == [
        ("u", 2), ("b", 0), ("p", 0), ("l", 0),
    ]  # fmt: skip
    convert(path, tmp_path / "y.json", to="scale", strict=True)
    assert plain_file(tmp_path / "y.json") == plain_file(path)


def test_segmentations_are_masks(tmp_path: Path) -> None:
    indices = np.array([[0, 1, 1], [2, 2, 3]], np.uint8)
    write_png(tmp_path / "i.png", indices)
    response = {
        "annotations": {"combined": {"indexedImage": "https://host/i.png?sign"}},
        "labelMapping": {"road": {"index": [1, 3]}, "car": [{"index": 2}, {"index": 9}]},
    }
    data = [task(type="segmentannotation", response=response)]
    (shard,) = read(write_json(tmp_path / "x.json", data))
    assert area(shard.masks()).tolist() == [3, 2]
    assert shard.images.sizes.tolist() == [[2, 3]]
    (tmp_path / "i.png").unlink()
    with pytest.raises(FormatError, match="at hand"):
        list(read(tmp_path / "x.json"))


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] *= 2
    del data["annotations"][2]
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.json", to="scale")
    assert report.losses.to_dict() == {}
    convert(tmp_path / "x.json", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "group_id")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )


def test_masks_become_polygons_and_holes_bridges(tmp_path: Path) -> None:
    report = convert(write_json(tmp_path / "c.json", tiny_coco()), tmp_path / "x.json", to="scale")
    assert list(report.losses.to_dict()) == ["masks_as_polygons"]
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("scale").write(tmp_path / "y.json", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_bridged"]
    (shard,) = read(tmp_path / "y.json")
    assert rasterize(shard.instances.shapes.polygons, rule="center") == masks


FIRST = "/0/response/annotations/0"
BAD: dict[str, tuple[Any, str]] = {
    "task is a number": (7, "/0"),
    "task of another kind": (task(made(), type="categorization"), "/0/type"),
    "size of nothing": (
        task(made(), params={"metadata": {"width": 0, "height": 1}}), "/0"),
    "annotations are text": (task(response={"annotations": "x"}), "/0/response/annotations"),
    "annotation is text": (task("x"), FIRST),
    "no label": (task({"type": "box"}), FIRST),
    "vertices are text": (task(made(vertices="x")), f"{FIRST}/vertices"),
    "out of reach": (task(made(vertices=[{"x": 1e9, "y": 1}])), FIRST),
    "unknown kind": (task(made("cuboid")), FIRST),
    "box without a side": (task(made("box", left=1, top=2, width=3)), FIRST),
    "segmentation without a picture": (
        task(type="segmentannotation", response={"annotations": {}}), "/0"),
    "picture out of the folder": (
        task(type="segmentannotation", response={"annotations": {
            "combined": {"indexedImage": "https://host/.."}}}), "/0"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    good = task(made(uuid="good"), name="b.jpg")
    check_bad_record(write_json(tmp_path / "x.json", [data, good]), "scale", place)


@pytest.mark.parametrize("text", BROKEN)
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    check_broken_file(tmp_path / "x.json", text, "scale")
