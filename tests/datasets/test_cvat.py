from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskmill import FormatError, area, bbox, decode
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from tests.conftest import data_path
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole

FILES = (
    "coral/annotations.xml",
    "datumaro/export_project/annotations.xml",
    "nextcvat__nolicence/mask_annotations.xml",
)

META = """<meta><task><labels>
<label><name>cat</name><color>#010203</color><attributes>
<attribute><name>wild</name><input_type>checkbox</input_type></attribute>
<attribute><name>age</name><input_type>number</input_type></attribute>
</attributes></label><label><name>dog</name></label></labels></task></meta>"""

SQUARE = "1.0,1.0;4.0,1.0;4.0,4.0;1.0,4.0"


def xml(
    shapes: str, meta: str = META, image: str = 'id="0" name="a.jpg" width="9" height="8"'
) -> str:
    return (
        f"<?xml version='1.0'?>\n<annotations><version>1.1</version>{meta}\n"
        f"<image {image}>\n{shapes}\n</image>\n"
        '<image id="1" name="b.jpg" width="9" height="8"></image></annotations>'
    )


def write(folder: Path, *what: str, **how: str) -> Path:
    path = folder / "x.xml"
    path.write_text(xml(*what, **how))
    return path


def polygon(**fields: object) -> str:
    given = {"label": "cat", "points": SQUARE} | fields
    return "<polygon " + " ".join(f'{k}="{v}"' for k, v in given.items()) + "></polygon>"


@pytest.mark.parametrize("name", FILES)
def test_real_files_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    path = data_path("formats", "cvat_xml", *name.split("/"))
    assert detect(path).name == "cvat"
    report = convert(path, tmp_path / "x.xml", to="cvat", strict=True)
    assert report.losses.to_dict() == {}
    assert plain_file(tmp_path / "x.xml") == plain_file(path)
    headers = [read(p).header for p in (path, tmp_path / "x.xml")]
    first, second = ([(c.id, c.name, c.colour) for c in header.categories] for header in headers)
    assert first == second
    first_meta, second_meta = (json.loads(bytes(h.extra["cvat_meta"])) for h in headers)
    assert first_meta == second_meta


def test_real_masks_are_those_of_the_oracle() -> None:
    folder = data_path("formats", "cvat_xml", "nextcvat__nolicence")
    oracle = json.loads((folder / "mask_annotations.expected.json").read_text())
    (shard,) = read(folder / "mask_annotations.xml")
    masks = shard.masks()
    assert area(masks).tolist() == [m["area"] for m in oracle["masks"]]
    for mask, expected in zip(masks, oracle["masks"], strict=True):
        x, y, width, height = (expected[k] for k in ("left", "top", "width", "height"))
        cells = np.asarray(decode(mask))[0, y : y + height, x : x + width].astype(np.uint8)
        assert hashlib.sha256(cells.tobytes()).hexdigest() == expected["sha256_cells"]


def test_real_masks_are_those_of_the_picture_that_was_exported() -> None:
    folder = data_path("formats", "cvat_xml", "nextcvat__nolicence")
    (shard,) = read(folder / "mask_annotations.xml")
    picture = np.asarray(Image.open(folder / "test_vegetation_mask.png")) > 0
    np.testing.assert_array_equal(np.asarray(decode(shard.masks()[0]))[0], picture)


def test_projects_that_count_images_by_task_keep_them_apart() -> None:
    path = data_path("formats", "cvat_xml", "datumaro", "export_project", "annotations.xml")
    dataset = read(path)
    (shard,) = dataset
    assert shard.images.ids[:3] == [0, 1, "Train/0"]
    assert shard.images.file_names[:3] == ["img0.jpg", "img1.jpg", "Train/img0.jpg"]


def test_objects_without_a_class_are_bad_records() -> None:
    path = data_path("formats", "cvat_xml", "datumaro", "export_task", "train.xml")
    with pytest.raises(FormatError, match=r"line 50.*must be a class"):
        list(read(path))
    (shard,) = read(path, on_error="skip")
    assert len(shard.instances) == 2
    assert [s.place for s in shard.skipped] == ["line 50", "line 53"]


def test_attributes_are_what_their_class_says(tmp_path: Path) -> None:
    shape = """<box label="cat" occluded="1" xtl="1" ytl="2" xbr="4.3" ybr="4" z_order="1">
      <attribute name="wild">true</attribute>
      <attribute name="age">2.50</attribute><attribute name="age">3</attribute></box>"""
    (found, *_), _ = plain_file(write(tmp_path, shape)).values()
    assert found["attributes"] == {"occluded": True, "wild": True, "age": 3}
    assert found["box"] == [1, 2, 4.3 - 1, 2]
    assert found["z_order"] == 1


def test_polygons_of_a_group_are_one_instance(tmp_path: Path) -> None:
    shapes = polygon(group_id=3) + polygon(group_id=3, label="dog") + polygon(group_id=3)
    path = write(tmp_path, shapes)
    found = plain_file(path)["a.jpg"]
    assert [(o["category"], len(o["parts"])) for o in found] == [("cat", 2), ("dog", 1)]
    convert(path, tmp_path / "y.xml", to="cvat", strict=True)
    assert plain_file(tmp_path / "y.xml") == plain_file(path)


def test_ellipses_cuboids_tags_and_rotation_come_back(tmp_path: Path) -> None:
    shapes = """<ellipse label="cat" occluded="0" cx="4.5" cy="4" rx="3" ry="2" rotation="30.0"/>
    <cuboid label="dog" xtl1="1" ytl1="2"><attribute name="a">b</attribute></cuboid>
    <skeleton label="dog"><points label="nose" points="1,2"/></skeleton>
    <box label="cat" occluded="0" xtl="1" ytl="2" xbr="3" ybr="4" rotation="12.5"/>
    <tag label="cat" source="manual"></tag>"""
    path = write(tmp_path, shapes)
    (shard,) = read(path)
    assert area(shard.masks()).tolist()[1:] == [0, 0, 0]
    assert abs(int(area(shard.masks())[0]) - 18.8) < 4
    convert(path, tmp_path / "y.xml", to="cvat", strict=True)
    assert plain_file(tmp_path / "y.xml") == plain_file(path)
    text = (tmp_path / "y.xml").read_text()
    for piece in ('cx="4.5"', 'rotation="12.5"', '<cuboid label="dog"', "<tag ", 'label="nose"'):
        assert piece in text


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["attributes"] |= {"age": 3, "name": "Tom & <co>\n", "wild": False}
    data["annotations"][1]["segmentation"] *= 2
    del data["images"][0]["license"]
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.xml", to="cvat")
    assert report.losses.to_dict() == {}
    assert report.losses.fields == {"area": 3, "bbox": 3}
    convert(tmp_path / "x.xml", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "group_id")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )


def test_holes_become_masks(tmp_path: Path) -> None:
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("cvat").write(tmp_path / "x.xml", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_as_masks"]
    (shard,) = read(tmp_path / "x.xml")
    assert shard.masks() == masks
    assert bbox(masks).tolist() == [[1, 1, 8, 8]]


def test_files_without_a_list_of_labels(tmp_path: Path) -> None:
    path = write(tmp_path, polygon(label="b") + polygon(label="a"), meta="")
    assert [c.name for c in read(path).header.categories] == ["b", "a"]


def test_images_with_ids_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    data = tiny_coco()
    for image, name in zip(data["images"], "ab", strict=True):
        image["id"] = name
    for annotation in data["annotations"]:
        annotation["image_id"] = "ab"[annotation["image_id"] - 1]
    report = convert(write_json(tmp_path / "c.json", data), tmp_path / "x.xml", to="cvat")
    assert list(report.losses.to_dict()) == ["renumbered_images"]
    (shard,) = read(tmp_path / "x.xml")
    assert shard.images.ids == [0, 1]


BAD = {
    "no points": ('<polygon label="cat"/>', "line 8"),
    "points are words": (polygon(points="a,b;c,d"), "line 8"),
    "points hold brackets": (polygon(points="1,2],[3,4"), "line 8"),
    "a point of three": (polygon(points="1,2,3;4,5"), "line 8"),
    "points without a semicolon": (polygon(points="1,2,3,4,5,6"), "line 8"),
    "point out of reach": (polygon(points="1e9,2;3,4;5,6"), "line 8"),
    "number that is none": (polygon(points="1.2.3,2;3,4;5,6"), "line 8"),
    "unknown class": (polygon(label="cow"), "line 8"),
    "unknown shape": ('<blob label="cat"/>', "line 8"),
    "box without a side": ('<box label="cat" xtl="1" ytl="2" xbr="3"/>', "line 8"),
    "box of nothing": ('<box label="cat" xtl="nan" ytl="2" xbr="3" ybr="4"/>', "line 8"),
    "mask too short": (
        '<mask label="cat" rle="1, 2" left="0" top="0" width="2" height="2"/>', "line 8"),
    "mask of words": (
        '<mask label="cat" rle="x" left="0" top="0" width="2" height="2"/>', "line 8"),
    "mask reaches out": (
        '<mask label="cat" rle="0, 4" left="8" top="0" width="2" height="2"/>', "line 8"),
    "mask of a huge size": (
        '<mask label="cat" rle="0, 4" left="0" top="0" width="99999" height="99999"/>', "line 8"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    shapes, place = BAD[case]
    path = write(tmp_path, shapes)
    with pytest.raises(FormatError) as caught:
        list(read(path))
    assert caught.value.file == str(path)
    assert caught.value.place == place
    (shard,) = read(path, on_error="skip")
    assert [s.place for s in shard.skipped] == [place]
    assert shard.images.file_names == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    "image",
    [
        'id="0" name="a.jpg" width="9"',
        'id="0" name="a.jpg" width="9" height="x"',
        'id="0" name="a.jpg" width="9" height="0"',
        'id="0" name="a.jpg" width="70000" height="70000"',
        'id="0" width="9" height="8"',
    ],
)
def test_bad_images(image: str, tmp_path: Path) -> None:
    path = write(tmp_path, polygon(), image=image)
    with pytest.raises(FormatError, match="line 7"):
        list(read(path))
    (shard,) = read(path, on_error="skip")
    assert shard.images.file_names == ["b.jpg"]


def test_tracks_are_refused(tmp_path: Path) -> None:
    text = xml(polygon()).replace("</annotations>", '<track id="0" label="cat"/></annotations>')
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(FormatError, match="got a track"):
        list(read(tmp_path / "x.xml"))


ENTITIES = """<?xml version="1.0"?><!DOCTYPE annotations [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<annotations><version>1.1</version><image id="0" name="&c;" width="9" height="8"/></annotations>"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "well-formed"),
        ("{}", "well-formed"),
        (ENTITIES, "DOCTYPE"),
        ('<!DOCTYPE annotations SYSTEM "file:///etc/passwd"><annotations/>', "DOCTYPE"),
        (xml(polygon())[:-20], "well-formed"),
        (xml("<a>" * 500 + "</a>" * 500), "nest"),
        ("<other/>", "root"),
        ("<?xml version='1.0' encoding='utf-9'?><annotations/>", "well-formed"),
        (xml("&lt;&nothing;"), "well-formed"),
    ],
)  # fmt: skip
def test_broken_files(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(FormatError, match=words) as caught:
        list(read(tmp_path / "x.xml", from_="cvat"))
    assert caught.value.file == str(tmp_path / "x.xml")


def test_names_that_xml_cannot_hold_are_refused(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"][0]["file_name"] = "a\u0001.jpg"
    source = write_json(tmp_path / "c.json", data)
    with pytest.raises(FormatError, match="XML"):
        convert(source, tmp_path / "x.xml", to="cvat")
    assert not (tmp_path / "x.xml").exists()


def test_names_of_elements_are_not_taken_from_other_formats(tmp_path: Path) -> None:
    data = tiny_coco()
    evil: dict[str, Any] = {
        "name": "cuboid",
        "attributes": {"a b><x": "1"},
        "text": "",
        "children": [],
    }
    data["annotations"][0] |= {"segmentation": [], "cvat": evil}
    source = write_json(tmp_path / "c.json", data)
    with pytest.raises(FormatError, match="name that XML can hold"):
        convert(source, tmp_path / "x.xml", to="cvat")


def test_memory_is_that_of_a_shard(tmp_path: Path) -> None:
    body = f'<image id="%d" name="%d.jpg" width="9" height="8">{polygon()}</image>'
    with (tmp_path / "x.xml").open("w") as file:
        file.write(f"<annotations><version>1.1</version>{META}")
        for i in range(200):
            file.write(body % (i, i))
        file.write("</annotations>")
    shards = list(read(tmp_path / "x.xml"))
    assert sum(len(shard.images) for shard in shards) == 200
    assert max(len(shard.images) for shard in shards) <= 32
    assert len(plain(read(tmp_path / "x.xml"))) == 200
