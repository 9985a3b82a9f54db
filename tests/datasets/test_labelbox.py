from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from maskmill.datasets.png_mask import write_mask_png
from tests.conftest import data_path
from tests.datasets.bad_records import BROKEN, check_bad_record, check_broken_file, skipped_of
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole

V1 = "sdk_tests/labelbox_v1/image_export.json"
V2 = "panlabel/sample_valid.labelbox.ndjson"


def real(name: str) -> Path:
    return data_path("formats", "labelbox", *name.split("/"))


def test_real_files_of_version_2_come_back(tmp_path: Path) -> None:
    assert detect(real(V2)).name == "labelbox"
    report = convert(real(V2), tmp_path / "x.ndjson", to="labelbox", strict=True)
    assert (report.images, report.instances) == (2, 3)
    assert plain_file(tmp_path / "x.ndjson") == plain_file(real(V2))
    given = [json.loads(line) for line in real(V2).read_text().splitlines()]
    written = [json.loads(line) for line in (tmp_path / "x.ndjson").read_text().splitlines()]
    assert [w["data_row"] for w in written] == [g["data_row"] for g in given]
    for w, g in zip(written, given, strict=True):
        objects = [
            r["projects"]["project-a"]["labels"][0]["annotations"]["objects"] for r in (w, g)
        ]
        assert objects[0] == objects[1]


def test_real_files_of_version_1(tmp_path: Path) -> None:
    assert detect(real(V1)).name == "labelbox"
    size = (1707, 2560)
    with pytest.raises(FormatError, match="Download it as masks/"):
        list(read(real(V1), size=size))
    skipped, _ = skipped_of(read(real(V1), size=size, on_error="skip"))
    assert [s.place for s in skipped] == ["/Label/objects/4"]
    (objects,) = plain(read(real(V1), size=size, on_error="skip")).values()
    assert [o["category"] for o in objects] == [
        *["bounding_box"] * 4, "polygon", "polygon", "point", "polyline", "polyline",
    ]  # fmt: skip
    # With its mask beside it the whole file is read.
    (tmp_path / "masks").mkdir()
    mask = np.zeros(size, bool)
    mask[5:9, 2:4] = True
    (tmp_path / "masks" / "ckr2k459500063h69uiumklz0.png").write_bytes(write_mask_png(mask))
    (tmp_path / "x.json").write_bytes(real(V1).read_bytes())
    (shard,) = read(tmp_path / "x.json", size=size)
    assert area(shard.masks()).tolist()[4] == 8
    convert(tmp_path / "x.json", tmp_path / "y.ndjson", to="labelbox", size=size, strict=True)
    assert plain_file(tmp_path / "y.ndjson") == plain(read(tmp_path / "x.json", size=size))


def made(**fields: Any) -> dict[str, Any]:
    points = [{"x": 1, "y": 1}, {"x": 5, "y": 1}, {"x": 5, "y": 5}]
    shape = (
        {} if any(k in fields for k in ("mask", "bounding_box", "line")) else {"polygon": points}
    )
    return {"name": "cat", "feature_id": "f"} | shape | fields


def row(*objects: Any, name: str = "a.jpg", **fields: Any) -> dict[str, Any]:
    labels = [{"annotations": {"objects": [*objects]}}]
    return {
        "data_row": {"id": name, "external_id": name},
        "media_attributes": {"width": 9, "height": 8},
        "projects": {"p": {"labels": labels}},
    } | fields


def png(mask: Any) -> dict[str, str]:
    return {"png": base64.b64encode(write_mask_png(np.asarray(mask, bool))).decode()}


@pytest.mark.parametrize(
    "mask", [png(np.eye(9)[:8]), {"rle": {"size": [8, 9], "counts": [0] + [1, 8] * 8}}]
)
def test_masks_that_are_in_the_file(mask: dict[str, Any], tmp_path: Path) -> None:
    (shard,) = read(write_json(tmp_path / "x.json", [row(made(mask=mask))]))
    assert area(shard.masks()).tolist() == [8]


def test_several_labels_of_a_row_stay_apart(tmp_path: Path) -> None:
    data = row(made())
    data["projects"]["q"] = {"labels": [{"label_kind": "x", "annotations": {"objects": [
        made(feature_id="g", classifications=[{"name": "c"}])]}}]}  # fmt: skip
    path = write_json(tmp_path / "x.json", [data])
    convert(path, tmp_path / "y.ndjson", to="labelbox", strict=True)
    assert plain_file(tmp_path / "y.ndjson") == plain_file(path)
    written = json.loads((tmp_path / "y.ndjson").read_text())["projects"]
    assert written["q"]["labels"][0]["label_kind"] == "x"
    (only,) = written["q"]["labels"][0]["annotations"]["objects"]
    assert only["classifications"] == [{"name": "c"}]


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] *= 2
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.ndjson", to="labelbox")
    assert report.losses.to_dict() == {}
    convert(tmp_path / "x.ndjson", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "group_id")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )
    (shard,) = read(tmp_path / "x.ndjson")
    assert shard.images.ids == [1, 2]
    assert {k: bytes(v) for k, v in shard.images.extra[0].items()} == {"license": b"3"}


def test_holes_become_masks(tmp_path: Path) -> None:
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("labelbox").write(tmp_path / "x.json", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_as_masks"]
    (shard,) = read(tmp_path / "x.json")
    assert shard.masks() == masks


def test_masks_outside_the_folder_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(write_mask_png(np.ones((8, 9), bool)))
    (tmp_path / "in").mkdir()
    for url in ("../m.png", str(tmp_path / "m.png"), f"file://{tmp_path}/m.png"):
        path = write_json(tmp_path / "in" / "x.json", [row(made(mask={"url": url}))])
        with pytest.raises(FormatError):
            list(read(path))


OBJECT = "/0/projects/p/labels/0/annotations/objects/0"
BAD: dict[str, tuple[Any, str]] = {
    "row is a number": (7, "/0"),
    "no data row": ({"a": 1}, "/0"),
    "size of nothing": (row(made(), media_attributes={"width": 0, "height": 1}), "/0"),
    "object is text": (row("x"), OBJECT),
    "object without a name": (row(made(name="")), OBJECT),
    "points are text": (row(made(polygon="x")), f"{OBJECT}/polygon"),
    "out of reach": (row(made(polygon=[{"x": 1e9, "y": 1}])), OBJECT),
    "no shape": (row(made(mask=None)), OBJECT),
    "box without a side": (row(made(bounding_box={"left": 1, "top": 2, "width": 3})), OBJECT),
    "mask at a URL": (row(made(mask={"url": "https://host/m.png"})), OBJECT),
    "mask of words": (row(made(mask={"png": "!!"})), OBJECT),
    "mask of another size": (row(made(mask=png(np.ones((99, 99))))), OBJECT),
    "run lengths of another size": (
        row(made(mask={"rle": {"size": [2, 2], "counts": [4]}})), OBJECT),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    good = row(made(feature_id="good"), name="b.jpg")
    check_bad_record(write_json(tmp_path / "x.json", [data, good]), "labelbox", place)


def test_bad_lines_are_named(tmp_path: Path) -> None:
    lines = [json.dumps(row(made())), "{]", json.dumps(row(made(feature_id="g"), name="b.jpg"))]
    (tmp_path / "x.ndjson").write_text("\n".join(lines))
    check_bad_record(tmp_path / "x.ndjson", "labelbox", "line 2")


@pytest.mark.parametrize("text", BROKEN)
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    check_broken_file(tmp_path / "x.json", text, "labelbox")
