from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmill import FormatError
from maskmill.datasets import convert
from maskmill.datasets.png import read_label_png
from tests.datasets.tiny import files_under, read_json, tiny_coco, write_json
from tests.datasets.truth import FILES, paint, painting_order, truth


def png_of(image: dict[str, Any]) -> str:
    return str(Path(image["file_name"]).with_suffix(".png"))


@pytest.mark.parametrize("name", FILES)
def test_semantic_maps_equal_slow_painting(tmp_path: Path, name: str) -> None:
    known = truth(name)
    report = convert(known.path, tmp_path / "out", to="semantic-png")
    legend = read_json(tmp_path / "out" / "labels.json")
    value = {c["id"]: c["value"] for c in legend["categories"]}
    assert [c["id"] for c in legend["categories"]] == [c["id"] for c in known.data["categories"]]
    lost = 0
    sampled = 0
    for _, image, records, masks in known.images():
        labels = [value[a["category_id"]] for a in records]
        expected = paint(image, masks, labels, painting_order(records, masks), 0)
        sampled += 1
        got = read_label_png(tmp_path / "out" / png_of(image))
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == (np.uint8 if legend["bits"] == 8 else np.uint16)
        claimed = sum(
            int(np.any([m for m, v in zip(masks, labels, strict=True) if v == own], axis=0).sum())
            for own in set(labels)
        )
        lost += claimed - int((expected != 0).sum())
    overlap = report.to_dict()["losses"].get("overlap", {"pixels": 0})
    assert overlap["pixels"] == lost or sampled < report.images
    assert report.images == len(known.data["images"])
    assert report.instances == len(known.data["annotations"])


@pytest.mark.parametrize("name", FILES)
def test_instance_maps_equal_slow_painting(tmp_path: Path, name: str) -> None:
    known = truth(name)
    convert(known.path, tmp_path / "out", to="instance-png")
    index = read_json(tmp_path / "out" / "instances.json")
    assert index["categories"] == known.data["categories"]
    assert len(index["images"]) == len(known.data["images"])
    for g, image, records, masks in known.images():
        entry = index["images"][g]
        assert (entry["image_id"], entry["file_name"]) == (image["id"], image["file_name"])
        assert (entry["png"], entry["bits"]) == (png_of(image), 16)
        order = painting_order(records, masks)
        expected = paint(image, masks, list(range(1, len(masks) + 1)), order, 0)
        got = read_label_png(tmp_path / "out" / entry["png"])
        assert got.dtype == np.uint16
        np.testing.assert_array_equal(got, expected)
        assert entry["instances"] == [
            {
                "id": k,
                "annotation_id": a["id"],
                "category_id": a["category_id"],
                "iscrowd": a.get("iscrowd", 0),
                "area": int((expected == k).sum()),
            }
            for k, a in enumerate(records, 1)
        ]


@pytest.mark.parametrize("name", FILES)
def test_panoptic_is_consistent(tmp_path: Path, name: str) -> None:
    known = truth(name)
    report = convert(known.path, tmp_path / "out", to="panoptic")
    written = read_json(tmp_path / "out" / "panoptic.json")
    assert written["images"] == known.data["images"]
    for category, given in zip(written["categories"], known.data["categories"], strict=True):
        assert category.items() >= given.items()
        assert category["isthing"] == 1
        assert len(category["color"]) == 3
    hidden = 0
    assert len(written["annotations"]) == len(known.data["images"])
    sampled = 0
    for g, image, records, masks in known.images():
        entry = written["annotations"][g]
        sampled += 1
        assert (entry["image_id"], entry["file_name"]) == (image["id"], png_of(image))
        segments = {segment["id"]: segment for segment in entry["segments_info"]}
        assert len(segments) == len(entry["segments_info"])
        got = read_label_png(tmp_path / "out" / "panoptic" / entry["file_name"], rgb=True)
        # Each segment belongs to an annotation: the one whose number the slow painting has there.
        order = painting_order(records, masks)
        expected = paint(image, masks, list(range(1, len(masks) + 1)), order, 0)
        assert set(np.unique(got)) - {0} == segments.keys()
        np.testing.assert_array_equal(got == 0, expected == 0)
        for number, segment in segments.items():
            own = got == number
            (k,) = set(np.unique(expected[own]))
            np.testing.assert_array_equal(own, expected == k)
            annotation = records[k - 1]
            assert number == annotation["id"] or not 0 < annotation["id"] < 2**24
            assert segment["category_id"] == annotation["category_id"]
            assert segment["iscrowd"] == annotation.get("iscrowd", 0)
            assert segment["area"] == int(own.sum())
            rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
            x, y = int(columns[0]), int(rows[0])
            assert segment["bbox"] == [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]
        hidden += sum(int(m.any()) for m in masks) - len(segments)
    found = report.to_dict()["losses"].get("hidden", {"records": 0})["records"]
    assert found == hidden or sampled < report.images


def semantic(tmp_path: Path, data: dict[str, Any], **options: Any) -> dict[str, Any]:
    convert(
        write_json(tmp_path / "x.json", data),
        tmp_path / "out",
        to="semantic-png",
        overwrite=True,
        **options,
    )
    legend: dict[str, Any] = read_json(tmp_path / "out" / "labels.json")
    return legend


def first_map(tmp_path: Path) -> Any:
    return read_label_png(tmp_path / "out" / "a.png")


def second_map(tmp_path: Path) -> Any:
    return read_label_png(tmp_path / "out" / "sub" / "b.png")


def test_order_of_painting(tmp_path: Path) -> None:
    data = tiny_coco()
    semantic(tmp_path, data)
    assert first_map(tmp_path)[2:4, 2:4].tolist() == [[7, 7], [7, 7]]
    semantic(tmp_path, data, order="input")
    assert first_map(tmp_path)[2:4, 2:4].tolist() == [[9, 9], [9, 9]]
    data["annotations"][0]["score"] = 0.5
    data["annotations"][1]["score"] = 0.25
    data["annotations"][2]["score"] = 0.25
    semantic(tmp_path, data, order="score")
    assert first_map(tmp_path)[2:4, 2:4].tolist() == [[7, 7], [7, 7]]


def test_order_of_scores_needs_scores(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"x\.json: id 11: must have a score"):
        semantic(tmp_path, tiny_coco(), order="score")


def test_crowd_lies_below(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0] |= {"iscrowd": 1}  # small, and first
    for order in ("area", "input"):
        semantic(tmp_path, data, order=order)
        assert first_map(tmp_path)[2:4, 2:4].tolist() == [[9, 9], [9, 9]]


@pytest.mark.parametrize(
    ("options", "column", "loss"),
    [
        ({}, 7, "crowd_drawn"),
        ({"crowd": "void"}, 255, "crowd_void"),
        ({"crowd": "void", "void": 200}, 200, "crowd_void"),
        ({"crowd": "void", "background": 200}, 200, "crowd_void"),
        ({"crowd": "skip"}, 0, "crowd_left_out"),
    ],
)
def test_crowd_policy(tmp_path: Path, options: dict[str, Any], column: int, loss: str) -> None:
    semantic(tmp_path, tiny_coco(), **options)
    background = options.get("background", 0)
    expected = np.full((5, 5), background)
    expected[:, 1:3] = column
    np.testing.assert_array_equal(second_map(tmp_path), expected)
    losses = read_json(tmp_path / "out" / "report.json")["losses"]
    assert losses[loss]["ids"] == [13]
    assert not losses.keys() & ({"crowd_drawn", "crowd_void", "crowd_left_out"} - {loss})
    # 4 pixels of the large instance lie under the small one, whatever happens to the crowd.
    assert losses["overlap"]["pixels"] == 4


def test_labels_by_id_and_by_index(tmp_path: Path) -> None:
    def values(data: dict[str, Any], **options: Any) -> list[int]:
        return [c["value"] for c in semantic(tmp_path, data, **options)["categories"]]

    data = tiny_coco()
    assert values(data) == [7, 9]
    assert values(data, labels="index") == [1, 2]
    assert values(data, labels="index", background=255) == [0, 1]
    assert first_map(tmp_path)[0].tolist() == [1, 1, 1, 1, 1, 1, 255, 255]
    assert values(data, background=9) == [0, 1]  # an id that is taken: places instead
    for number in (0, "cat", -1, 65535):
        other = tiny_coco()
        other["categories"][0]["id"] = number
        for annotation in other["annotations"]:
            if annotation["category_id"] == 7:
                annotation["category_id"] = number
        assert values(other) == [1, 2]
        if number != 65535:
            with pytest.raises(FormatError, match=r"category ids must be .* Choose labels='index'"):
                values(other, labels="id")


def test_bits_follow_the_largest_value(tmp_path: Path) -> None:
    data = tiny_coco()
    for number, bits, void in ((254, 8, 255), (255, 16, 65535), (65534, 16, 65535)):
        data["categories"][1]["id"] = data["annotations"][1]["category_id"] = number
        legend = semantic(tmp_path, data)
        assert (legend["bits"], legend["void"]) == (bits, void)
        assert first_map(tmp_path)[0, 0] == number
    legend = semantic(tmp_path, data, labels="index", void=300)
    assert legend["bits"] == 16


def test_palette_has_the_colours_of_the_categories(tmp_path: Path) -> None:
    from PIL import Image

    legend = semantic(tmp_path, tiny_coco())
    with Image.open(tmp_path / "out" / "a.png") as picture:
        assert picture.mode == "P"
        colours = np.asarray(picture.convert("RGB"))
    assert colours[0, 7].tolist() == [0, 0, 0]
    assert colours[0, 0].tolist() == [1, 2, 3]
    assert colours[2, 2].tolist() == legend["categories"][0]["color"]


def test_values_that_clash(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="labels must differ from void, got 1 for both it and"):
        semantic(tmp_path, tiny_coco(), labels="index", void=1)
    with pytest.raises(FormatError, match="labels must differ from background, got 1 for both"):
        semantic(tmp_path, tiny_coco(), labels="index", background=1)
    data = tiny_coco()
    data["categories"] = [{"id": f"{i}", "name": "x"} for i in range(65536)]
    data["annotations"] = []
    with pytest.raises(FormatError, match="categories must be at most 65534"):
        semantic(tmp_path, data)


def test_box_only_instances_are_reported(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][0]["segmentation"] = []
    for to in ("semantic-png", "instance-png", "panoptic"):
        report = convert(write_json(tmp_path / "x.json", data), tmp_path / to, to=to)
        assert report.to_dict()["losses"]["box_only"]["ids"] == [11]
        assert report.to_dict()["fields_not_carried"] == {"attributes": 1}


def test_instances_under_void_are_not_numbered(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][2] |= {"image_id": 1, "segmentation": {"size": [6, 8], "counts": [0, 48]}}
    data["annotations"].insert(0, data["annotations"].pop())  # the crowd comes first
    convert(
        write_json(tmp_path / "x.json", data), tmp_path / "out", to="instance-png", crowd="void"
    )
    index = read_json(tmp_path / "out" / "instances.json")
    assert [i["annotation_id"] for i in index["images"][0]["instances"]] == [11, 12]
    assert [i["id"] for i in index["images"][0]["instances"]] == [1, 2]
    got = first_map(tmp_path)
    assert (got[0, 7], got[0, 0], got[2, 2]) == (65535, 2, 1)


def test_many_instances_become_colours(tmp_path: Path) -> None:
    n = 65_535
    data = tiny_coco()
    side = 256
    data["images"][0] |= {"height": side, "width": side}
    first = data["annotations"][0]
    data["annotations"] = [
        first | {"id": k, "segmentation": {"size": [side, side], "counts": [k, 1, side**2 - k - 1]}}
        for k in range(n)
    ]
    convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="instance-png")
    entry, other = read_json(tmp_path / "out" / "instances.json")["images"]
    assert (entry["bits"], other["bits"]) == (24, 16)
    got = read_label_png(tmp_path / "out" / "a.png", rgb=True)
    expected = np.arange(1, side**2 + 1).reshape(side, side).T.copy()
    expected[-1, -1] = 0
    np.testing.assert_array_equal(got, expected)
    assert not second_map(tmp_path).any()


def test_images_of_too_many_pixels(tmp_path: Path) -> None:
    data = tiny_coco()
    data["images"][1] |= {"height": 2**15 + 1, "width": 2**15}
    data["annotations"].pop()
    source = write_json(tmp_path / "x.json", data)
    for to in ("semantic-png", "instance-png", "panoptic"):
        with pytest.raises(FormatError) as caught:
            convert(source, tmp_path / to, to=to)
        assert str(caught.value) == (
            f"{source}: /images/1 (id 2): must have at most 2**30 pixels to be painted, got "
            "32769x32768. Cut the image."
        )


def test_stuff_becomes_one_segment(tmp_path: Path) -> None:
    data = tiny_coco()
    data["categories"][1]["isthing"] = 0
    second = data["annotations"][1]
    data["annotations"].append(
        second | {"id": 14, "segmentation": [[7.0, 0.0, 8.0, 0.0, 8.0, 6.0, 7.0, 6.0]]}
    )
    report = convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="panoptic")
    written = read_json(tmp_path / "out" / "panoptic.json")
    assert [c["isthing"] for c in written["categories"]] == [1, 0]
    segments = written["annotations"][0]["segments_info"]
    assert [(s["id"], s["area"], s["bbox"]) for s in segments] == [
        (11, 4, [2, 2, 2, 2]),
        (12, 38, [0, 0, 8, 6]),
    ]
    losses = report.to_dict()["losses"]
    assert losses["merged_stuff"]["ids"] == [14]
    assert losses["overlap"]["pixels"] == 4


def test_ids_that_do_not_fit_are_replaced(tmp_path: Path) -> None:
    data = tiny_coco()
    for annotation, number in zip(data["annotations"], (2**24, 1, "x"), strict=True):
        annotation["id"] = number
    report = convert(write_json(tmp_path / "x.json", data), tmp_path / "out", to="panoptic")
    written = read_json(tmp_path / "out" / "panoptic.json")["annotations"]
    assert [[s["id"] for s in entry["segments_info"]] for entry in written] == [[2, 1], [1]]
    assert report.to_dict()["losses"]["renumbered"]["ids"] == [2**24, "x"]


def test_wholly_hidden_instances_are_reported(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] = data["annotations"][0]["segmentation"]
    source = write_json(tmp_path / "x.json", data)
    for to in ("instance-png", "panoptic"):
        report = convert(source, tmp_path / to, to=to)
        assert report.to_dict()["losses"]["hidden"]["ids"] == [11]
    (entry, _) = read_json(tmp_path / "instance-png" / "instances.json")["images"]
    assert [i["area"] for i in entry["instances"]] == [0, 4]


def test_files_of_each_format(tmp_path: Path) -> None:
    source = write_json(tmp_path / "x.json", tiny_coco())
    expected = {
        "semantic-png": {"a.png", "sub/b.png", "labels.json", "images.json", "report.json"},
        "instance-png": {"a.png", "sub/b.png", "instances.json", "report.json"},
        "panoptic": {"panoptic/a.png", "panoptic/sub/b.png", "panoptic.json", "report.json"},
    }
    for to, files in expected.items():
        convert(source, tmp_path / "deep" / to, to=to)
        assert files_under(tmp_path / "deep" / to) == files


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "size"}, "convert: order must be one of"),
        ({"crowd": "drop"}, "convert: crowd must be one of"),
        ({"labels": "name"}, "convert: labels must be one of"),
        ({"background": 70_000}, "convert: background must be from 0 to 65535, got 70000"),
        ({"void": -1}, "convert: void must be from 0 to 65535, got -1"),
        ({"colour": 3}, "convert: options of semantic-png must be among"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        semantic(tmp_path, tiny_coco(), **options)
