from __future__ import annotations

import gc
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError, area
from maskmill.datasets import Shard, detect, get_format, read
from maskmill.datasets.formats.coco import SHARD_IMAGES
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS
from tests.conftest import data_path
from tests.datasets.tiny import SQUARE, tiny_coco, write_json
from tests.real_data import ANNOTATION_FILES

Bend = Callable[[dict[str, Any]], object]


def shards(path: Path, on_error: Any = "raise") -> list[Shard]:
    return list(read(path, on_error=on_error))


def test_columns(tmp_path: Path) -> None:
    dataset = read(write_json(tmp_path / "x.json", tiny_coco()))
    (shard,) = dataset
    assert [c.id for c in dataset.header.categories] == [7, 9]
    assert [c.colour for c in dataset.header.categories] == [None, (1, 2, 3)]
    assert [c.supercategory for c in dataset.header.categories] == ["animal", None]
    assert bytes(dataset.header.extra["info"]) == b'{"description": "tiny"}'
    assert dataset.n_images == 2
    assert shard.images.ids == [1, 2]
    assert shard.images.file_names == ["a.jpg", "sub/b.png"]
    assert shard.images.sizes.tolist() == [[6, 8], [5, 5]]
    assert {name: bytes(raw) for name, raw in shard.images.extra[0].items()} == {"license": b"3"}
    instances = shard.instances
    assert instances.ids == [11, 12, 13]
    assert instances.groups.tolist() == [0, 2, 3]
    assert instances.categories.tolist() == [0, 1, 0]
    assert instances.crowd.tolist() == [False, False, True]
    assert instances.areas == [4, 36.5, 10]
    assert instances.boxes == [[2, 2, 2, 2], [0, 0, 6, 6], [1, 0, 2, 5]]
    assert instances.shapes.kinds.tolist() == [POLYGONS, POLYGONS, RUN_LENGTHS]
    assert bytes(instances.extra[0]["attributes"]) == b'{"occluded": true}'
    assert area(shard.masks()).tolist() == [4, 36, 10]


def test_instances_follow_their_images_in_the_order_of_the_file(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"].reverse()
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert shard.instances.ids == [12, 11, 13]


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_shards_of_real_files_hold_every_record(name: str) -> None:
    path = data_path(*name.split("/"))
    given = json.loads(path.read_text())
    parts = shards(path)
    ids = [number for shard in parts for number in shard.instances.ids]
    assert sorted(ids) == sorted(a["id"] for a in given["annotations"])
    names = [n for shard in parts for n in shard.images.file_names]
    assert names == [image["file_name"] for image in given["images"]]
    image_of = {a["id"]: a["image_id"] for a in given["annotations"]}
    for shard in parts:
        assert len(shard.images) <= SHARD_IMAGES
        of_instance = [shard.images.ids[g] for g in shard.instances.images()]
        assert of_instance == [image_of[number] for number in shard.instances.ids]


def test_box_only_instances_are_kept(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["segmentation"] = []
    data["annotations"][1]["segmentation"] = None
    del data["annotations"][2]["segmentation"]
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert shard.instances.shapes.kinds.tolist() == [NO_SHAPE] * 3
    masks = shard.masks()
    assert area(masks).tolist() == [0, 0, 0]
    assert masks.sizes.tolist() == [[6, 8], [6, 8], [5, 5]]


def test_mixed_shapes_keep_their_rows(tmp_path: Path) -> None:
    data = tiny_coco()
    first = data["annotations"][0]
    run_lengths = {"size": [6, 8], "counts": [0, 7, 41]}
    string = {"size": [6, 8], "counts": "13\\1"}  # counts 1, 3, 44
    segmentations = [run_lengths, [], SQUARE, string, SQUARE + SQUARE, None, run_lengths]
    data["annotations"] = [
        first | {"id": i, "segmentation": s} for i, s in enumerate(segmentations)
    ]
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert area(shard.masks()).tolist() == [7, 0, 9, 3, 9, 0, 7]
    picked = shard.instances.shapes[np.array([4, 3, 1])]
    assert area(picked.masks(shard.sizes()[[4, 3, 1]])).tolist() == [9, 3, 0]


def test_text_ids(tmp_path: Path) -> None:
    data = tiny_coco()
    for image in data["images"]:
        image["id"] = f"image-{image['id']}"
    for category in data["categories"]:
        category["id"] = f"category-{category['id']}"
    for record in data["annotations"]:
        record["id"] = f"é{record['id']}"
        record["image_id"] = f"image-{record['image_id']}"
        record["category_id"] = f"category-{record['category_id']}"
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert shard.images.ids == ["image-1", "image-2"]
    assert shard.instances.ids == ["é11", "é12", "é13"]


def test_ids_and_sizes_written_as_floats(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"][0] |= {"id": 1.0, "height": 6.0}
    data["annotations"][0] |= {"id": 11.0, "category_id": 7.0, "iscrowd": 0.0}
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert repr(shard.images.ids) == "[1, 2]"
    assert repr(shard.instances.ids) == "[11, 12, 13]"


def test_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(tiny_coco()).encode())
    assert len(shards(path)[0].instances) == 3


def test_lvis_names_images_by_url(tmp_path: Path) -> None:
    data = tiny_coco()
    for image, name in zip(data["images"], ("1.jpg", "2.jpg"), strict=True):
        del image["file_name"]
        image["coco_url"] = f"http://images.cocodataset.org/val2017/{name}"
    (shard,) = shards(write_json(tmp_path / "x.json", data))
    assert shard.images.file_names == ["val2017/1.jpg", "val2017/2.jpg"]


def test_no_records(tmp_path: Path) -> None:
    empty: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    assert shards(write_json(tmp_path / "x.json", empty)) == []
    data = tiny_coco() | {"annotations": []}
    (shard,) = shards(write_json(tmp_path / "y.json", data))
    assert shard.instances.groups.tolist() == [0, 0, 0]
    assert len(shard.masks()) == 0


def test_garbage_collector_is_as_before(tmp_path: Path) -> None:
    path = write_json(tmp_path / "x.json", tiny_coco())
    broken = tmp_path / "y.json"
    broken.write_text('{"images": [')
    assert gc.isenabled()
    read(path)
    assert gc.isenabled()
    with pytest.raises(FormatError):
        read(broken, from_="coco")
    assert gc.isenabled()
    gc.disable()
    try:
        read(path)
        assert not gc.isenabled()
    finally:
        gc.enable()


def annotation(**fields: Any) -> Bend:
    return lambda data: data["annotations"][1].update(fields)


def image(**fields: Any) -> Bend:
    return lambda data: data["images"][1].update(fields)


def without(section: str, i: int, field: str) -> Bend:
    return lambda data: data[section][i].pop(field)


BAD_RECORDS: dict[str, tuple[Bend, str, Any]] = {
    "image id twice": (image(id=1), "/images/1/id (id 1): must be unique", 2),
    "image without an id": (without("images", 1, "id"), "/images/1: must have the required", 2),
    "image without a height": (
        without("images", 1, "height"),
        "/images/1 (id 2): must have the required field height",
        2,
    ),
    "height 0": (image(height=0), "/images/1/height (id 2): must be a whole number of pixels", 2),
    "height half": (image(height=4.5), "/images/1/height (id 2): must be a whole number", 2),
    "height null": (
        image(height=None),
        "/images/1/height (id 2): must be int | float, got null",
        2,
    ),
    "width as text": (image(width="5"), "/images/1/width (id 2): must be int | float, got str", 2),
    "too many pixels": (
        image(height=2**20, width=2**20),
        "/images/1/height (id 2): must give fewer than 2**32 pixels, got 1048576x1048576",
        2,
    ),
    "height of 400 digits": (image(height=10**400), "/images/1/height (id 2): ", 2),
    "file name a number": (
        image(file_name=3),
        "/images/1/file_name (id 2): must be str | null, got int",
        2,
    ),
    "image without a file name": (
        without("images", 1, "file_name"),
        "/images/1/file_name (id 2): must be text, got none",
        2,
    ),
    "image id true": (image(id=True), "/images/1/id: must be int | float | str, got bool", 2),
    "image id half": (image(id=1.5), "/images/1/id: must be an integer or text, got 1.5", 2),
    "annotation id twice": (annotation(id=11), "/annotations/1/id (id 11): must be unique", 1),
    "annotation without an id": (
        without("annotations", 1, "id"),
        "/annotations/1: must have the required field id",
        1,
    ),
    "annotation without an image": (
        without("annotations", 1, "image_id"),
        "/annotations/1 (id 12): must have the required field image_id",
        1,
    ),
    "unknown image": (
        annotation(image_id=99),
        "/annotations/1/image_id (id 12): must be the id of an image, got 99.",
        1,
    ),
    "image id as text": (
        annotation(image_id="1"),
        "must be the id of an image, got '1'. There is 1: write both as numbers or both as text.",
        1,
    ),
    "unknown category": (
        annotation(category_id=8),
        "/annotations/1/category_id (id 12): must be the id of a category, got 8.",
        1,
    ),
    "category null": (
        annotation(category_id=None),
        "/annotations/1/category_id (id 12): must be int | float | str, got null",
        1,
    ),
    "crowd 2": (annotation(iscrowd=2), "/annotations/1/iscrowd (id 12): must be 0 or 1, got 2", 1),
    "box of three": (
        annotation(bbox=[1, 2, 3]),
        "/annotations/1/bbox (id 12): must be x, y, width and height, got 3 numbers",
        1,
    ),
    "box of text": (
        annotation(bbox=[1, 2, 3, "4"]),
        "/annotations/1/bbox/3 (id 12): must be int | float, got str",
        1,
    ),
    "area nan": (
        annotation(area=float("nan")),
        "/annotations/1 (id 12): must hold finite numbers, got NaN or Infinity",
        1,
    ),
    "vertex infinite": (
        annotation(segmentation=[[0, 0, float("inf"), 0, 1, 1]]),
        "/annotations/1 (id 12): must hold finite numbers",
        1,
    ),
    "nan in a further field": (
        annotation(attributes={"depth": [float("-inf")]}),
        "/annotations/1 (id 12): must hold finite numbers",
        1,
    ),
    "vertex far out": (
        annotation(segmentation=[[0, 0, 1e9, 0, 1, 1]]),
        "/annotations/1/segmentation (id 12): must hold coordinates within 2**22 pixels",
        1,
    ),
    "odd coordinates": (
        annotation(segmentation=[[0, 0, 1, 0, 1]]),
        "/annotations/1/segmentation (id 12): must hold pairs of coordinates",
        1,
    ),
    "text as coordinate": (
        annotation(segmentation=[[0, 0, "1", 0, 1, 1]]),
        "/annotations/1/segmentation (id 12): must hold only numbers",
        1,
    ),
    "segmentation a number": (
        annotation(segmentation=7),
        "/annotations/1/segmentation (id 12): must be a list of polygons",
        1,
    ),
    "run lengths too short": (
        annotation(segmentation={"size": [6, 8], "counts": [5, 5]}),
        "/annotations/1/segmentation (id 12): must ",
        1,
    ),
    "run lengths of another size": (
        annotation(segmentation={"size": [8, 6], "counts": [0, 48]}),
        "must hold run lengths of the size of the image, 6 high and 8 wide, got 8 high and 6 wide",
        1,
    ),
    "string breaks off": (
        annotation(segmentation={"size": [6, 8], "counts": "P"}),
        "/annotations/1/segmentation (id 12): must ",
        1,
    ),
    "annotation a list": (
        lambda data: data["annotations"].__setitem__(1, [1, 2]),
        "/annotations/1: must be object, got array",
        1,
    ),
    "image null": (
        lambda data: data["images"].__setitem__(1, None),
        "/images/1: must be object, got null",
        2,
    ),
}
"""What is bent, what the message says, and how many records are lost with it in all."""


@pytest.mark.parametrize(("bend", "message", "lost"), BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_bad_record(tmp_path: Path, bend: Bend, message: str, lost: int) -> None:
    data = tiny_coco()
    bend(data)
    path = write_json(tmp_path / "x.json", data)
    with pytest.raises(FormatError) as caught:
        shards(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    dataset = read(path, on_error="skip")
    parts = list(dataset)
    skipped = [*dataset.skipped, *(record for shard in parts for record in shard.skipped)]
    assert len(skipped) == lost  # an image takes its annotations along
    left = [number for shard in parts for number in shard.instances.ids]
    assert left == ([11, 13] if lost == 1 else [11, 12])


def test_many_bad_segmentations_are_all_found(tmp_path: Path) -> None:
    data = tiny_coco()
    good = data["annotations"][0]
    data["annotations"] = [
        good | {"id": i, "segmentation": [[0]] if i % 3 else SQUARE} for i in range(30)
    ]
    (shard,) = shards(write_json(tmp_path / "x.json", data), "skip")
    assert shard.instances.ids == list(range(0, 30, 3))
    assert [record.id for record in shard.skipped] == [i for i in range(30) if i % 3]
    assert area(shard.masks()).tolist() == [9] * 10


BAD_CATEGORIES: dict[str, tuple[dict[str, Any], str]] = {
    "id twice": ({"id": 7}, "/categories/1/id (id 7): must be unique"),
    "no name": ({"name": None}, "/categories/1/name (id 9): must be str, got null"),
    "isthing 3": ({"isthing": 3}, "/categories/1/isthing (id 9): must be 0 or 1, got 3"),
}


@pytest.mark.parametrize(("fields", "message"), BAD_CATEGORIES.values(), ids=BAD_CATEGORIES)
def test_bad_category(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    data = tiny_coco()
    data["categories"][1].update(fields)
    path = write_json(tmp_path / "x.json", data)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert message in str(caught.value)
    dataset = read(path, on_error="skip")
    (shard,) = dataset
    assert shard.instances.ids == [11, 13]
    assert [r.place for r in [*dataset.skipped, *shard.skipped]] == [
        message.split(" ")[0],
        "/annotations/1/category_id",
    ]


TEXT = json.dumps(tiny_coco()).encode()

BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "must be whole, got a file that breaks off"),
    "truncated": (TEXT[:400], "must be whole, got a file that breaks off"),
    "truncated after a NaN": (TEXT.replace(b"36.5", b"NaN")[:-9], "must be"),
    "no JSON": (b"id,name\n1,cat\n", "must be JSON"),
    "trailing comma": (TEXT.replace(b'"images": [', b'"images": [,'), "must be JSON, got a fault"),
    "a list": (b"[1, 2]", "must be object, got array"),
    "images an object": (b'{"images": {}, "annotations": [], "categories": []}', "/images: must"),
    "no annotations": (
        b'{"images": [], "categories": []}',
        "must have the field annotations, got images, categories",
    ),
    "nested deeply": (
        b'{"images": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        "must not nest that deeply",
    ),
    "nan in info": (TEXT.replace(b'"tiny"', b"NaN"), "/info: must hold finite numbers"),
    "not UTF-8 in info": (TEXT.replace(b"tiny", b"\xff\xfe"), "/info: must be UTF-8 text"),
    "lone surrogate": (TEXT.replace(b"a.jpg", b"\\ud800"), "must be JSON, got a fault"),
    "UTF-16": (TEXT.decode().encode("utf-16"), "must be JSON"),
    "quotes that never end": (b'{"images": NaN, "' + b'\\"' * 100_000, "must be"),
}


@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(tmp_path: Path, content: bytes, message: str, on_error: Any) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read(path, from_="coco", on_error=on_error)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def test_not_utf8_in_a_record(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(TEXT.replace(b"occluded", b"\xff\xfeccluded"))
    with pytest.raises(FormatError, match=r"/annotations/0 \(id 11\): must be UTF-8 text"):
        shards(path)
    assert shards(path, "skip")[0].instances.ids == [12, 13]


def test_nan_in_a_name_is_a_name(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["area"] = float("nan")
    data["images"][0]["file_name"] = 'NaN "Infinity".jpg'
    (shard,) = shards(write_json(tmp_path / "x.json", data), "skip")
    assert shard.images.file_names[0] == 'NaN "Infinity".jpg'
    assert shard.instances.ids == [12, 13]


def test_no_such_file(tmp_path: Path) -> None:
    for name in ("none.json", "folder"):
        with pytest.raises(OSError, match=name):
            read(tmp_path / name)
    with pytest.raises(OSError):
        read(tmp_path, from_="coco")


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_real_files_are_recognised(name: str) -> None:
    assert detect(data_path(*name.split("/"))).name == ("lvis" if "lvis" in name else "coco")


@pytest.mark.parametrize(
    "name",
    [
        "coco/val2014_100/instances_val2014_fakesegm100_results.json",
        "panoptic/panopticapi_sample/panoptic_examples.json",
        "panoptic/deeplab2_evaluation/cat_gt.png",
        "formats/via/balloon/val/via_region_data.json",
        "formats",
    ],
)
def test_other_files_are_not_taken_for_coco(name: str) -> None:
    assert not get_format("coco").detect(data_path(*name.split("/")))
