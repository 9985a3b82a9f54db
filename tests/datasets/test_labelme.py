from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskmill import FormatError, area
from maskmill.datasets import convert, detect, read
from tests.conftest import data_path
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json
from tests.oracles import Dense

FOLDERS = ("instance_segmentation", "primitives", "video_annotation")


def png(mask: Dense, mode: str = "L") -> str:
    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255, "L").convert(mode).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def shape(**fields: Any) -> dict[str, Any]:
    points = [[1, 1], [5, 1], [5, 5], [1, 5]]
    return {"label": "cat", "points": points, "shape_type": "polygon", "flags": {}} | fields


def labelme(*shapes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    top = {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": "a.jpg"}
    return top | {"imageData": None, "imageHeight": 8, "imageWidth": 9} | fields


def instances(folder: Path, *shapes: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    write_json(folder / "a.json", labelme(*shapes, **fields))
    (found,) = plain_file(folder).values()
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_real_files_hold_what_their_json_says(name: str) -> None:
    folder = data_path("formats", "labelme", name)
    dataset = read(folder)
    found = plain(dataset)
    for path in folder.glob("*.json"):
        given = read_json(path)
        own = found[given["imagePath"]]
        polygons = [s["points"] for s in given["shapes"] if s["shape_type"] == "polygon"]
        read_as = [p[0] for o in own if "shape_type" not in o for p in o["parts"] or ()]
        assert read_as == polygons
        labels = {s["label"] for s in given["shapes"]}
        assert {o["category"] for o in own} == labels


@pytest.mark.parametrize("name", FOLDERS)
def test_real_files_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    folder = data_path("formats", "labelme", name)
    report = convert(folder, tmp_path, to="labelme")
    assert report.losses.to_dict() == {}
    assert plain_file(tmp_path) == plain_file(folder)
    for path in folder.glob("*.json"):
        given = [(s["label"], s["shape_type"], s["points"]) for s in read_json(path)["shapes"]]
        written = read_json(tmp_path / path.name)["shapes"]
        assert [(s["label"], s["shape_type"], s["points"]) for s in written] == given


def test_parts_of_a_group_are_one_instance() -> None:
    folder = data_path("formats", "labelme", "instance_segmentation")
    sofas = [o for o in plain_file(folder)["2011_000006.jpg"] if o["category"] == "sofa"]
    assert [len(o["parts"]) for o in sofas] == [4]
    assert sofas[0]["group_id"] == 0


def test_real_class_masks_are_those_of_the_drawn_instances() -> None:
    # LabelMe's own drawing takes other pixels at the border: most of them agree.
    folder = data_path("formats", "labelme", "video_annotation")
    (shard,) = read(folder)
    drawn = np.asarray(Image.open(folder / "SegmentationClassPNG" / "00000100.png"))
    pixels = area(shard.masks())[:3].sum()
    assert abs(int(np.count_nonzero(drawn)) - int(pixels)) < 0.02 * int(pixels)


def test_group_members_keep_their_own_fields(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (found,) = instances(
        source,
        shape(group_id=3, flags={"hidden": True}),
        shape(group_id=3, description="left leg"),
    )
    assert len(found["parts"]) == 2
    convert(source, tmp_path / "out", to="labelme")
    shapes = read_json(tmp_path / "out" / "a.json")["shapes"]
    assert [s["flags"] for s in shapes] == [{"hidden": True}, {}]
    assert [s["description"] for s in shapes] == ["", "left leg"]
    assert [s["group_id"] for s in shapes] == [3, 3]


@pytest.mark.parametrize("mode", ["L", "1", "RGBA"])
def test_masks_are_pixels_of_their_box(mode: str, tmp_path: Path) -> None:
    mask = np.array([[1, 0, 1], [0, 1, 1]], bool)
    text = png(mask, mode) if mode != "RGBA" else _transparent(mask)
    points = [[2.0, 4.0], [4.0, 5.0]]
    write_json(tmp_path / "a.json", labelme(shape(shape_type="mask", points=points, mask=text)))
    (shard,) = read(tmp_path)
    from maskmill import decode

    expected = np.zeros((8, 9), bool)
    expected[4:6, 2:5] = mask
    np.testing.assert_array_equal(decode(shard.masks())[0], expected)


def _transparent(mask: Dense) -> str:
    pixels = np.zeros((*mask.shape, 4), np.uint8)
    pixels[..., 3] = mask * 255
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def test_image_path_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "labels").mkdir(parents=True)
    write_json(source / "labels" / "x.json", labelme(shape(), imagePath="..\\images\\a.jpg"))
    assert list(plain_file(source)) == ["images/a.jpg"]
    convert(source, tmp_path / "out", to="labelme")
    assert files_under(tmp_path / "out") == {"images/a.json", "labels.txt", "report.json"}
    assert read_json(tmp_path / "out/images/a.json")["imagePath"] == "..\\images\\a.jpg"


def test_way_out_of_everything_is_cut(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", labelme(shape(), imagePath="../../../etc/a.jpg"))
    assert list(plain_file(tmp_path)) == ["etc/a.jpg"]


def test_size_comes_from_the_image_beside(tmp_path: Path) -> None:
    Image.new("L", (9, 8)).save(tmp_path / "a.jpg")
    (found,) = instances(tmp_path, shape(), imageHeight=None, imageWidth=None)
    assert found["size"] == [8, 9]


def test_labels_file_gives_the_order(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("dog\ncat\n")
    write_json(tmp_path / "a.json", labelme(shape(label="cat"), shape(label="cow")))
    names = [c.name for c in read(tmp_path).header.categories]
    assert names == ["dog", "cat", "cow"]


def test_coco_comes_back(tmp_path: Path) -> None:
    source = write_json(tmp_path / "coco.json", tiny_coco())
    report = convert(source, tmp_path / "labelme", to="labelme")
    assert list(report.losses.to_dict()) == []
    convert(tmp_path / "labelme", tmp_path / "back.json", to="coco-polygons")
    areas = ("area", "box")
    assert plain_file(tmp_path / "back.json", without=areas) == plain_file(source, without=areas)


def test_holes_become_masks(tmp_path: Path) -> None:
    from maskmill.datasets.format import Options
    from maskmill.datasets.formats.labelme import FORMAT
    from tests.datasets.tiny_shapes import one_with_a_hole

    dataset, masks = one_with_a_hole()
    from maskmill.datasets import Losses

    losses = Losses()
    with FORMAT.write(tmp_path / "out", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_as_masks"]
    (shard,) = read(tmp_path / "out")
    assert shard.masks() == masks


def masked(text: str | None, x: int = 1, y: int = 2) -> dict[str, Any]:
    return shape(shape_type="mask", points=[[x, y], [x + 1, y + 1]], mask=text)


BAD: dict[str, tuple[Any, str]] = {
    "no list of shapes": (labelme() | {"shapes": {}}, "/shapes"),
    "shape is a number": (labelme(7), "/shapes/0"),  # type: ignore[arg-type]
    "label is a number": (labelme(shape(label=3)), "/shapes/0/label"),
    "points are text": (labelme(shape(points="x")), "/shapes/0/points"),
    "point of three numbers": (labelme(shape(points=[[1, 2, 3]])), "/shapes/0/points/0"),
    "coordinate out of reach": (labelme(shape(points=[[1e9, 2], [3, 4], [5, 6]])), "/shapes/0"),
    "circle of a point": (labelme(shape(shape_type="circle", points=[[1, 2]])), "/shapes/0"),
    "unknown kind": (labelme(shape(shape_type="blob")), "/shapes/0"),
    "mask without pixels": (labelme(masked(None)), "/shapes/0"),
    "mask is no base64": (labelme(masked("!!")), "/shapes/0"),
    "mask is no PNG": (labelme(masked("AAAA")), "/shapes/0"),
    "mask larger than its image": (labelme(masked(png(np.ones((99, 99), bool)))), "/shapes/0"),
    "mask reaches out": (labelme(masked(png(np.ones((2, 2), bool)), 8, 7)), "/shapes/0"),
    "no size": (labelme(shape(), imageHeight=None), "/imageHeight"),
    "size of a half": (labelme(shape(), imageHeight=1.5), "/imageHeight"),
    "huge size": (labelme(shape(), imageHeight=2**31), "/imageHeight"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    write_json(tmp_path / "a.json", data)
    write_json(tmp_path / "b.json", labelme(shape(), imagePath="b.jpg"))
    with pytest.raises(FormatError) as caught:
        list(read(tmp_path, from_="labelme"))
    assert caught.value.file == str(tmp_path / "a.json")
    assert (caught.value.place or "").startswith(place)
    dataset = read(tmp_path, from_="labelme", on_error="skip")
    shards = list(dataset)
    skipped = [*dataset.skipped, *(s for shard in shards for s in shard.skipped)]
    assert len(skipped) == 1
    assert skipped[0].place.startswith("a.json" + place)
    assert "b.jpg" in [name for shard in shards for name in shard.images.file_names]


UNFINISHED = b'{"shapes": [], "imagePath": "a.jpg"'


@pytest.mark.parametrize(
    "text", [b"", b"{", UNFINISHED, b"[" * 100_000, b"\xff\xfe", b"[]", b"null"]
)
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(FormatError):
        list(read(tmp_path, from_="labelme"))


def test_a_mask_that_unpacks_to_more_than_its_size(tmp_path: Path) -> None:
    data = bytearray(base64.b64decode(png(np.ones((2000, 2000), bool))))
    header = data[12:29]
    import struct
    import zlib

    header[4:12] = struct.pack(">2I", 2, 2)
    data[12:29] = header
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(header)))
    text = base64.b64encode(bytes(data)).decode()
    bomb = labelme(shape(shape_type="mask", points=[[0, 0], [1, 1]], mask=text))
    write_json(tmp_path / "a.json", bomb)
    with pytest.raises(FormatError, match="must hold the"):
        list(read(tmp_path))


def test_nan_is_named(tmp_path: Path) -> None:
    text = json.dumps(labelme(shape(points=[[float("nan"), 1], [2, 3], [4, 5]])))
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(FormatError, match="finite"):
        list(read(tmp_path))


def test_detects_folders_and_files() -> None:
    folder = data_path("formats", "labelme", "primitives")
    assert detect(folder).name == "labelme"
    assert detect(folder / "primitives.json").name == "labelme"
