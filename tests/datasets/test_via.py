from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maskmill import FormatError, area, rasterize
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from tests.conftest import data_path
from tests.datasets.bad_records import BROKEN, check_bad_record, check_broken_file
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import read_json, tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole

FILES = ("balloon/val/via_region_data.json", "icevision/via_bbox.json")
SIZE = (3000, 3000)


def real(name: str) -> Path:
    return data_path("formats", "via", *name.split("/"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_real_files_come_back_as_they_were(name: str, suffix: str, tmp_path: Path) -> None:
    assert detect(real(name)).name == "via"
    path = tmp_path / f"x.{suffix}"
    report = convert(real(name), path, to="via", size=SIZE, strict=True)
    assert report.instances in (50, 10)
    assert detect(path).name == "via"
    assert plain_file(path) == plain(read(real(name), size=SIZE))


def test_real_regions_are_those_of_the_file() -> None:
    given = read_json(real(FILES[1]))
    found = plain(read(real(FILES[1]), size=SIZE))
    assert [len(objects) for objects in found.values()] == [
        len(image["regions"]) for image in given.values()
    ]
    first = found["IMG_4908.jpg"][0]
    assert first["category"] == "z"
    assert first["attributes"] == {"object": "z", "qualities": {"is_rotated": True}}
    assert first["parts"] == [[[[104, 134], [137, 120], [155, 162], [122, 176]]]]


def test_regions_without_a_class_have_the_class_region() -> None:
    assert [c.name for c in read(real(FILES[0]), size=SIZE).header.categories] == ["region"]


def test_sizes_come_from_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Pass images"):
        list(read(real(FILES[1])))
    for name in plain(read(real(FILES[1]), size=SIZE)):
        Image.new("L", (1000, 900)).save(tmp_path / name)
    shards = list(read(real(FILES[1]), images=tmp_path))
    assert shards[0].images.sizes.tolist() == [[900, 1000]] * 2


def region(name: str = "polygon", **fields: Any) -> dict[str, Any]:
    if name == "polygon" and "all_points_x" not in fields:
        fields |= {"all_points_x": [1, 5, 5], "all_points_y": [1, 1, 5]}
    return {"shape_attributes": {"name": name} | fields, "region_attributes": {"class": "cat"}}


def via(*regions: Any) -> dict[str, Any]:
    own = {"width": 9, "height": 8}
    return {
        "a": {"filename": "a.jpg", "size": 5, "regions": [*regions], "file_attributes": own},
        "b": {"filename": "b.jpg", "size": 5, "regions": [region()], "file_attributes": own},
    }


def test_all_shapes_come_back(tmp_path: Path) -> None:
    data = via(
        region(),
        region("circle", cx=4, cy=4, r=2.5),
        region("ellipse", cx=4, cy=4, rx=3, ry=2, theta=0.5),
        region("rect", x=1, y=2, width=3, height=4),
        region("point", cx=1, cy=2),
        region("polyline", all_points_x=[1, 2], all_points_y=[3, 4]),
    )
    path = write_json(tmp_path / "x.json", {"_via_settings": {}, "_via_img_metadata": data})
    (shard,) = read(path)
    assert [a > 0 for a in area(shard.masks()).tolist()[:6]] == [True] * 3 + [False] * 3
    for name in ("y.json", "y.csv"):
        convert(path, tmp_path / name, to="via", strict=True)
        assert plain_file(tmp_path / name) == plain_file(path)
    written = read_json(tmp_path / "y.json")["a.jpg5"]["regions"]
    assert [r["shape_attributes"]["name"] for r in written] == [
        "polygon", "circle", "ellipse", "rect", "point", "polyline",
    ]  # fmt: skip
    assert written[1]["region_attributes"] == {"class": "cat"}


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] *= 2
    del data["annotations"][2]
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.json", to="via")
    assert report.losses.to_dict() == {}
    convert(tmp_path / "x.json", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "group_id")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )


def test_masks_become_polygons_of_the_same_pixels(tmp_path: Path) -> None:
    data = tiny_coco()
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.json", to="via")
    assert [(k, v["ids"]) for k, v in report.losses.to_dict().items()] == [
        ("masks_as_polygons", [13])
    ]
    (before,), (after,) = read(source), read(tmp_path / "x.json")
    assert after.masks("center") == before.masks("center")


def test_holes_are_bridged(tmp_path: Path) -> None:
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("via").write(tmp_path / "x.json", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_bridged"]
    (shard,) = read(tmp_path / "x.json")
    assert rasterize(shard.instances.shapes.polygons, rule="center") == masks


BAD: dict[str, tuple[Any, str]] = {
    "region is a number": (via(7), "/a/regions/0"),
    "no shape": (via({"region_attributes": {}}), "/a/regions/0"),
    "x are text": (via(region(all_points_x="x")), "/a/regions/0/shape_attributes/all_points_x"),
    "more x than y": (via(region(all_points_x=[1], all_points_y=[1, 2])), "/a/regions/0"),
    "out of reach": (
        via(region(all_points_x=[1e9, 1, 2], all_points_y=[1, 2, 3])), "/a/regions/0"),
    "unknown shape": (via(region("blob")), "/a/regions/0"),
    "rect without a side": (via(region("rect", x=1, y=2, width=3)), "/a/regions/0"),
    "circle of a huge radius": (via(region("circle", cx=1, cy=2, r=1e300)), "/a/regions/0"),
    "image without a name": (via() | {"a": {"regions": []}}, "/a"),
    "image of nothing": (
        via() | {"a": {"filename": "a", "file_attributes": {"width": 0, "height": 1}}}, "/a"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    check_bad_record(write_json(tmp_path / "x.json", data), "via", place)


@pytest.mark.parametrize("text", BROKEN)
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    check_broken_file(tmp_path / "x.json", text, "via")


@pytest.mark.parametrize(
    "text",
    [
        "filename,other\na,b\n",
        "filename,region_shape_attributes,region_attributes\na.jpg,{,{}\n",
        "filename,region_shape_attributes,region_attributes\na.jpg,{},{}\n\xff\n",
        'filename,region_shape_attributes,region_attributes\na.jpg,"{""name"":""polygon""},{}\n',
    ],
)
def test_broken_csv(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError):
        list(read(tmp_path / "x.csv", from_="via"))


def test_nan_is_named(tmp_path: Path) -> None:
    data = via(region(all_points_x=[float("nan")], all_points_y=[1]))
    (tmp_path / "x.json").write_text(json.dumps(data))
    with pytest.raises(FormatError, match="finite"):
        list(read(tmp_path / "x.json"))
