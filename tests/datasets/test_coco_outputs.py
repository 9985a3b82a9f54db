from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import Masks, Polygons
from maskmill.datasets import Header, Losses, Options, Shapes, convert, get_format, read
from maskmill.datasets.dataset import Category, Images, Instances, Shard
from tests.datasets.tiny import SQUARE, files_under, read_json, tiny_coco, write_json
from tests.datasets.truth import FILES, rle_of, truth

KEPT = ("info", "licenses", "images", "categories")


@pytest.mark.parametrize("name", FILES)
def test_run_lengths_equal_pycocotools(tmp_path: Path, name: str) -> None:
    known = truth(name)
    report = convert(known.path, tmp_path / "out.json", to="coco-rle")
    assert report.complete
    written = read_json(tmp_path / "out.json")
    for section in KEPT:
        assert written.get(section) == known.data.get(section)
    sizes = {image["id"]: image for image in known.data["images"]}
    given = {a["id"]: a for a in known.data["annotations"]}
    assert len(written["annotations"]) == len(given)
    for annotation in written["annotations"]:
        source = given[annotation["id"]]
        segmentation = annotation.pop("segmentation")
        if source["segmentation"]:
            expected = rle_of(source, sizes[source["image_id"]])
            assert segmentation["counts"].encode() == expected["counts"]
            assert segmentation["size"] == expected["size"]
        else:
            assert segmentation == []
        # All the rest, keypoints and attributes too, is as it was.
        rest = {k: v for k, v in source.items() if k != "segmentation"}
        assert annotation == {"iscrowd": 0} | rest


@pytest.mark.parametrize("name", FILES)
def test_polygons_come_back_as_the_same_numbers(tmp_path: Path, name: str) -> None:
    known = truth(name)
    report = convert(known.path, tmp_path / "out.json", to="coco-polygons")
    written = read_json(tmp_path / "out.json")
    for section in KEPT:
        assert written.get(section) == known.data.get(section)
    given = {a["id"]: a for a in known.data["annotations"]}
    back = {a["id"]: a for a in written["annotations"]}
    assert back == {number: {"iscrowd": 0} | a for number, a in given.items()}
    crowd = sum(isinstance(a["segmentation"], dict) for a in given.values())
    kept = report.to_dict()["losses"].get("run_lengths_kept", {"records": 0})
    assert kept["records"] == crowd


def test_second_conversion_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    for to in ("coco-rle", "coco-polygons"):
        convert(source, tmp_path / "one.json", to=to, overwrite=True)
        convert(tmp_path / "one.json", tmp_path / "two.json", to=to, overwrite=True)
        assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_missing_areas_and_boxes_come_from_the_mask(tmp_path: Path) -> None:
    data = tiny_coco()
    del data["annotations"][0]["area"]
    data["annotations"][0]["bbox"] = []
    del data["annotations"][2]["bbox"]
    for to in ("coco-rle", "coco-polygons"):
        report = convert(
            write_json(tmp_path / "x.json", data), tmp_path / "out.json", to=to, overwrite=True
        )
        first, second, third = read_json(tmp_path / "out.json")["annotations"]
        assert (first["area"], first["bbox"]) == (4, [2, 2, 2, 2])
        assert (second["area"], second["bbox"]) == (36.5, [0, 0, 6, 6])
        assert (third["area"], third["bbox"]) == (10, [1, 0, 2, 5])
        assert report.to_dict()["losses"]["computed"]["ids"] == [11, 13]


def test_fields_that_no_format_knows_are_kept(tmp_path: Path) -> None:
    data = tiny_coco()
    deep = {"a": [1, {"b": None}], "é": "\u2028", "n": 1e300, "big": 2**70}
    data["annotations"][1]["deep"] = data["images"][1]["deep"] = data["categories"][0]["x"] = deep
    data["anything"] = deep
    data["annotations"][1]["score"] = 0.25
    convert(write_json(tmp_path / "x.json", data), tmp_path / "out.json", to="coco-polygons")
    assert read_json(tmp_path / "out.json") == data


def shard_of(shapes: Shapes, size: tuple[int, int]) -> Shard:
    """One image that holds all shapes, without areas and boxes."""
    n = len(shapes)
    return Shard(
        Images([1], ["a.jpg"], np.array([size], np.int32), [""], [{}]),
        Instances(
            groups=np.array([0, n]),
            ids=list(range(n)),
            categories=np.zeros(n, np.int64),
            crowd=np.zeros(n, bool),
            areas=[None] * n,
            boxes=[None] * n,
            scores=[None] * n,
            shapes=shapes,
            extra=[{}] * n,
        ),
    )


def write_shard(path: Path, to: str, shard: Shard) -> Losses:
    losses = Losses()
    header = Header((Category(5, "thing"),))
    with get_format(to).write(path, header, get_format(to).options()) as writer:
        writer.append(writer.encode(shard, losses))
    return losses


def ring(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_holes_become_run_lengths(tmp_path: Path) -> None:
    coords = [*ring(0, 0, 6, 6), *ring(2, 2, 4, 4), *ring(1, 1, 3, 3), *ring(7, 0, 8, 6)]
    polygons = Polygons(
        coords=np.array(coords, float),
        ring_offsets=np.array([0, 4, 8, 12, 16]),
        part_offsets=np.array([0, 2, 3, 4]),  # the first part has a hole
        mask_offsets=np.array([0, 1, 3]),
        sizes=np.array([[6, 8]] * 2, np.int32),
    )
    shard = shard_of(Shapes.from_polygons(polygons), (6, 8))
    losses = write_shard(tmp_path / "out.json", "coco-polygons", shard)
    holed, whole = read_json(tmp_path / "out.json")["annotations"]
    assert holed["segmentation"]["size"] == [6, 8]
    assert holed["area"] == 32
    assert whole["segmentation"] == [
        [1.0, 1.0, 3.0, 1.0, 3.0, 3.0, 1.0, 3.0],
        [7.0, 0.0, 8.0, 0.0, 8.0, 6.0, 7.0, 6.0],
    ]
    assert losses.to_dict()["holes_as_run_lengths"]["ids"] == [0]
    (read_back,) = read(tmp_path / "out.json")
    assert read_back.masks() == shard.masks()


def test_masks_as_shapes(tmp_path: Path) -> None:
    masks = Masks(np.array([3, 9], np.uint32), np.array([0, 2]), np.array([[6, 8]], np.int32))
    for to in ("coco-rle", "coco-polygons"):
        write_shard(tmp_path / "out.json", to, shard_of(Shapes.from_masks(masks), (6, 8)))
        (shard,) = read(tmp_path / "out.json")
        assert shard.masks() == masks


def test_shapes_must_fit_their_kinds() -> None:
    with pytest.raises(ValueError, match="Shapes: kinds must count the masks of both batches"):
        Shapes(np.ones(2, np.uint8), Polygons.empty(), Masks.empty())


def test_losses_of_shapes(tmp_path: Path) -> None:
    data = tiny_coco()
    first = data["annotations"][0]
    segmentations: list[Any] = [
        SQUARE,
        [[-1, 1, 4, 1, 4, 9, 1, 4]],  # two vertices outside
        [[1, 1, 2, 2], *SQUARE, []],  # two rings that enclose nothing
        [[20, 20, 30, 20, 30, 30]],  # empty, three vertices outside
    ]
    data["annotations"] = [
        first | {"id": i, "segmentation": s} for i, s in enumerate(segmentations)
    ]
    source = write_json(tmp_path / "x.json", data)
    losses = convert(source, tmp_path / "out.json", to="coco-rle").to_dict()["losses"]
    assert losses["vertices_outside"]["ids"] == [1, 3]
    assert losses["vertices_outside"]["vertices"] == 5
    assert losses["degenerate_rings"]["ids"] == [2]
    assert losses["degenerate_rings"]["rings"] == 2
    assert losses["empty_masks"]["ids"] == [3]


def test_nothing_but_the_output_and_its_report_is_left(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    for to in ("coco-rle", "coco-polygons"):
        convert(source, tmp_path / to / "deep" / "out.json", to=to)
        assert files_under(tmp_path / to) == {"deep/out.json", "deep/out.report.json"}


def test_rule_decides_the_pixels(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] = [[0.3, 0.2, 7.6, 1.1, 2.2, 5.7]]
    source = write_json(tmp_path / "x.json", data)
    found = {}
    for rule in ("coco", "center"):
        convert(source, tmp_path / "out.json", to="coco-rle", rule=rule, overwrite=True)
        (shard,) = read(tmp_path / "out.json")
        found[rule] = shard.masks()
        (given,) = read(source)
        assert found[rule] == given.masks(rule)
    assert found["coco"] != found["center"]


def test_rule_of_options() -> None:
    assert Options().rule == "coco"
