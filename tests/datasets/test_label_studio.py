from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskmill import FormatError, InvalidMaskError, area, decode, encode
from maskmill.datasets import Losses, convert, detect, get_format, read
from maskmill.datasets.format import Options
from maskmill.datasets.label_studio_rle import from_label_studio_rle, to_label_studio_rle
from maskmill.datasets.percent import from_percent, to_percent
from tests.conftest import data_path
from tests.datasets.compare import plain, plain_file
from tests.datasets.tiny import read_json, tiny_coco, write_json
from tests.datasets.tiny_shapes import one_with_a_hole

FILES = {
    "export_yolo_polygons/data_polygons.json": None,
    "image_polygons/annotations.json": (501, 800),
    "image_tools/annotations.json": None,
}
"""Real files, and the size of the images of those that do not state it."""


def real(name: str) -> Path:
    return data_path("formats", "label_studio", *name.split("/"))


def brushes() -> list[tuple[list[int], dict[str, Any]]]:
    """Real brushes, and what Label Studio's own decoder made of them."""
    tasks = read_json(real("image_tools/annotations.json"))
    results = [r for a in tasks["annotations"] for r in a["result"]]
    given = [r["value"]["rle"] for r in results if "rle" in r.get("value", {})]
    expected = read_json(real("image_tools/annotations.expected.json"))["brushes"]
    return list(zip(given, expected, strict=True))


def test_real_brushes_are_those_of_the_oracle() -> None:
    for rle, expected in brushes():
        width, height = expected["original"]
        mask = from_label_studio_rle(rle, (height, width))
        assert area(mask).tolist() == [expected["alpha_nonzero"]]
        assert from_label_studio_rle(bytes(rle), (height, width)) == mask
        again = from_label_studio_rle(to_label_studio_rle(mask), (height, width))
        assert again == mask


def slow_decode(data: bytes) -> npt.NDArray[np.uint8]:
    """All values, bit by bit."""
    bits = "".join(f"{byte:08b}" for byte in data)
    at = 0

    def take(n: int) -> int:
        nonlocal at
        at += n
        return int(bits[at - n : at], 2)

    n_values, n_bits = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    values = np.zeros(n_values, np.uint8)
    done = 0
    while done < n_values:
        repeated = take(1)
        n = take(lengths[take(2)]) + 1
        values[done : done + n] = take(n_bits) if repeated else [take(n_bits) for _ in range(n)]
        done += n
    return values


def test_real_brushes_are_those_of_a_slow_decoder() -> None:
    rle, expected = brushes()[0]
    width, height = expected["original"]
    values = slow_decode(bytes(rle))
    assert hashlib.sha256(values.tobytes()).hexdigest() == expected["decoded_sha256"]
    alpha = values.reshape(height, width, 4)[..., 3] > 0
    mask = from_label_studio_rle(rle, (height, width))
    np.testing.assert_array_equal(np.asarray(decode(mask))[0], alpha)


@st.composite
def packed(draw: st.DrawFn) -> tuple[bytes, tuple[int, int], list[int]]:
    """Bytes of any packets, the size of their image, and the values."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    lengths = draw(st.lists(st.integers(1, 16), min_size=4, max_size=4))
    values: list[int] = []
    bits = f"{4 * height * width:032b}" + "00111" + "".join(f"{n - 1:04b}" for n in lengths)
    while len(values) < 4 * height * width:
        choice = draw(st.integers(0, 3))
        longest = min(4 * height * width - len(values), 1 << lengths[choice], 24)
        n = draw(st.integers(1, longest))
        repeated = draw(st.booleans())
        kinds = st.sampled_from([0, 0, 1, 77, 255])
        new = [draw(kinds)] * n if repeated else [draw(kinds) for _ in range(n)]
        bits += f"{int(repeated)}{choice:02b}{n - 1:0{lengths[choice]}b}"
        bits += "".join(f"{v:08b}" for v in (new[:1] if repeated else new))
        values += new
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return data, (height, width), values


@given(packed())
def test_any_packets(given: tuple[bytes, tuple[int, int], list[int]]) -> None:
    data, size, values = given
    assert slow_decode(data).tolist() == values
    mask = np.array(values).reshape(*size, 4)[..., 3] > 0
    found = from_label_studio_rle(data, size)
    np.testing.assert_array_equal(np.asarray(decode(found))[0].astype(bool), mask)
    for cut in range(0, len(data) - 1, 3):
        with pytest.raises(InvalidMaskError):
            from_label_studio_rle(data[:cut], size)


@given(st.integers(1, 300), st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_masks_come_back(height: int, width: int, seed: int, share: float) -> None:
    dense = np.random.default_rng(seed).random((height, width)) < share
    mask = encode(dense)
    data = to_label_studio_rle(mask)
    assert from_label_studio_rle(data, (height, width)) == mask
    expected = np.repeat(dense.ravel() * 255, 4)
    assert slow_decode(data).tolist() == expected.tolist()


def test_runs_longer_than_a_packet() -> None:
    mask = encode(np.ones((400, 300), bool))
    assert from_label_studio_rle(to_label_studio_rle(mask), (400, 300)) == mask


@pytest.mark.parametrize(
    ("rle", "words"),
    [
        ([256], "0 to 255"),
        ([-1], "0 to 255"),
        ([], "break off"),
        ([0, 0, 0, 16, 57, 27, 249], "break off"),
        ([0, 0, 0, 20, 57, 27, 249, 141, 196, 15, 127, 128], "4 values a pixel"),
        ([0, 0, 0, 16, 65, 27, 249, 141, 196, 15, 127, 128], "8 bits"),
        ([0, 0, 0, 16, 57, 27, 255, 255, 255, 255, 255], "got more"),
    ],
)
def test_bad_run_lengths(rle: list[int], words: str) -> None:
    with pytest.raises(InvalidMaskError, match=words):
        from_label_studio_rle(rle, (2, 2))


def test_one_mask_at_a_time() -> None:
    with pytest.raises(ValueError, match="one mask"):
        to_label_studio_rle(encode(np.ones((2, 3, 3), bool)))


@pytest.mark.parametrize("name", FILES)
def test_real_files_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    size = FILES[name]
    assert detect(real(name)).name == "label-studio"
    report = convert(real(name), tmp_path / "x.json", to="label-studio", strict=True, size=size)
    assert report.instances > 0
    assert plain_file(tmp_path / "x.json") == plain(read(real(name), size=size))
    extras = [
        [{k: json.loads(bytes(v)) for k, v in e.items()} for s in d for e in s.images.extra]
        for d in (read(real(name), size=size), read(tmp_path / "x.json"))
    ]
    assert extras[0] == extras[1]


@pytest.mark.parametrize("name", FILES)
def test_real_percent_come_back_but_for_the_last_bit(name: str, tmp_path: Path) -> None:
    convert(real(name), tmp_path / "x.json", to="label-studio", size=FILES[name])
    points = []
    for path in (real(name), tmp_path / "x.json"):
        data = read_json(path)
        tasks = data if isinstance(data, list) else [data]
        results = [r for t in tasks for a in t["annotations"] for r in a["result"]]
        drawn = {r["id"]: r["value"]["points"] for r in results if "points" in r.get("value", {})}
        points.append([p for ring in drawn.values() for p in ring])
    first, second = map(np.array, points)
    np.testing.assert_array_almost_equal_nulp(first, second, 1)
    assert np.mean(first == second) > 0.9


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1), st.data())
def test_pixels_of_two_decimals_come_back(
    points: list[tuple[int, int]], data: st.DataObject
) -> None:
    size = (data.draw(st.integers(1, 10_000)), data.draw(st.integers(1, 10_000)))
    pixels = [[x / 100, y / 100] for x, y in points]
    assert from_percent(to_percent(pixels, size), size).tolist() == pixels


def result(kind: str = "polygon", **value: Any) -> dict[str, Any]:
    if kind == "polygon" and "points" not in value:
        value["points"] = [[10, 10], [50, 10], [50, 50]]
    return {
        "id": "abc", "type": f"{kind}labels", "from_name": "label", "to_name": "image",
        "original_width": 10, "original_height": 20, "value": {f"{kind}labels": ["cat"]} | value,
    }  # fmt: skip


def task(*results: Any, **fields: Any) -> dict[str, Any]:
    annotations = [{"id": 5, "result": list(results)}]
    return {"id": 3, "data": {"image": "a.jpg"}, "annotations": annotations} | fields


def test_results_that_share_an_id_are_one_region(tmp_path: Path) -> None:
    found = plain_file(real("image_tools/annotations.json"))["task-1"]
    assert [(o["id"], o["category"], o.get("shape_type")) for o in found] == [
        ("kuZf2E5DRQ", "Moonwalker", None),
        ("wkl8d6uPq5", "Moonwalker", None),
        ("YnhRme7NvX", "Moonwalker", "ellipse"),
        ("VGt7HG67jC", "Moonwalker", "point"),
        ("9hpVsgSqkq", "Moonwalker", "point"),
        ("iqA86dtU2m", "Moonwalker", "point"),
        ("3-21_8nfMb", "Planet", None),
        ("wZ0I2XlKw1", "Planet", None),
        ("dYjaasY56i", "Moonwalker", None),
        ("tFnfajSEZh", "Planet", None),
    ]


def test_everything_beside_the_shapes_comes_back(tmp_path: Path) -> None:
    choice = {"id": "abc", "type": "choices", "from_name": "c", "value": {"choices": ["x"]}}
    whole = {"type": "choices", "from_name": "d", "value": {"choices": ["y"]}}
    first = result() | {"score": 0.5, "meta": {"text": ["note"]}, "origin": "prediction"}
    turned = result("rectangle", x=10, y=10, width=20, height=30, rotation=25)
    turned["id"] = "r"
    second = {"result": [result() | {"id": "other"}], "was_cancelled": False, "lead_time": 3.5}
    data = [
        task(first, choice, whole, turned, predictions=[{"result": []}])
        | {"meta": {"m": 1}, "data": {"image": "/data/upload/1/a.jpg", "more": 1}}
    ]
    data[0]["annotations"].append(second)
    path = write_json(tmp_path / "x.json", data)
    convert(path, tmp_path / "y.json", to="label-studio", strict=True)
    assert plain_file(tmp_path / "y.json") == plain_file(path)
    (written,) = read_json(tmp_path / "y.json")
    assert written["predictions"] == [{"result": []}]
    assert written["data"] == data[0]["data"]
    assert written["meta"] == {"m": 1}
    one, two = written["annotations"]
    assert two["lead_time"] == 3.5
    assert choice in one["result"]
    assert whole in one["result"]
    assert one["result"][0]["meta"] == {"text": ["note"]}


def test_cancelled_annotations_are_kept_unread(tmp_path: Path) -> None:
    data = task(result())
    data["annotations"][0]["was_cancelled"] = True
    path = write_json(tmp_path / "x.json", [data])
    (shard,) = read(path, size=(20, 10))
    assert len(shard.instances) == 0
    convert(path, tmp_path / "y.json", to="label-studio", size=(20, 10))
    assert read_json(tmp_path / "y.json")[0]["annotations"][0]["result"] == [result()]


def test_names_of_images(tmp_path: Path) -> None:
    names = {
        "/data/upload/1/a.jpg": "a.jpg",
        "https://host/x/b%20c.jpg?sign=1": "b c.jpg",
        "/data/local-files/?d=some/d.jpg": "d.jpg",
        "s3://bucket/y/a.jpg": "y/a.jpg",
        "../../e.jpg": "e.jpg",
        "sub/f.jpg": "sub/f.jpg",
    }
    data = [
        task(result() | {"id": f"r{i}"}) | {"id": i, "data": {"image": name}}
        for i, name in enumerate(names)
    ]
    (shard,) = read(write_json(tmp_path / "x.json", data))
    assert shard.images.file_names == list(names.values())


def test_coco_comes_back(tmp_path: Path) -> None:
    data = tiny_coco()
    data["annotations"][1]["segmentation"] *= 2
    source = write_json(tmp_path / "coco.json", data)
    report = convert(source, tmp_path / "x.json", to="label-studio")
    assert report.losses.to_dict() == {}
    convert(tmp_path / "x.json", tmp_path / "back.json", to="coco-polygons")
    without = ("area", "box", "group_id")
    assert plain_file(tmp_path / "back.json", without=without) == plain_file(
        source, without=without
    )


def test_holes_become_brushes(tmp_path: Path) -> None:
    dataset, masks = one_with_a_hole()
    losses = Losses()
    with get_format("label-studio").write(tmp_path / "x.json", dataset.header, Options()) as writer:
        for shard in dataset:
            writer.append(writer.encode(shard, losses))
    assert [kind.key for kind in losses.kinds] == ["holes_as_masks"]
    (shard,) = read(tmp_path / "x.json")
    assert shard.masks() == masks


RESULT = "/0/annotations/0/result/0"
BAD: dict[str, tuple[Any, str]] = {
    "task is a number": (7, "/0"),
    "annotations are a number": (task(annotations=3), "/0/annotations"),
    "result is text": (task("x"), "/0/annotations/0/result/0"),
    "points are text": (task(result(points="x")), f"{RESULT}/value/points"),
    "point of three numbers": (task(result(points=[[1, 2, 3]])), f"{RESULT}/value/points/0"),
    "out of reach": (task(result(points=[[1e12, 2], [3, 4], [5, 6]])), RESULT),
    "no points": (task(result("polygon", points=None)), RESULT),
    "brush without run lengths": (task(result("brush", format="rle")), RESULT),
    "brush of another size": (task(result("brush", rle=[0, 0, 0, 16, 57, 27])), RESULT),
    "brush of words": (task(result("brush", rle="x")), f"{RESULT}/value/rle"),
    "brush beyond bytes": (task(result("brush", rle=[300])), RESULT),
    "rectangle without a width": (task(result("rectangle", x=1, y=2, height=3)), RESULT),
    "rectangle beyond everything": (
        task(result("rectangle", x=1e300, y=2, width=3, height=3)), RESULT),
    "no label": (task(result() | {"value": {"points": [[1, 2], [3, 4], [5, 6]]}}), RESULT),
    "size of nothing": (task(result() | {"original_width": 0}), RESULT),
    "size of a half": (task(result() | {"original_width": 1.5}), RESULT),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_records_are_named_or_left_out(case: str, tmp_path: Path) -> None:
    data, place = BAD[case]
    good = task(result() | {"id": "good"}) | {"id": 9, "data": {"image": "b.jpg"}}
    path = write_json(tmp_path / "x.json", [data, good])
    with pytest.raises(FormatError) as caught:
        list(read(path, from_="label-studio"))
    assert caught.value.file == str(path)
    assert (caught.value.place or "").startswith(place)
    dataset = read(path, from_="label-studio", on_error="skip", size=(20, 10))
    shards = list(dataset)
    skipped = [*dataset.skipped, *(s for shard in shards for s in shard.skipped)]
    assert len(skipped) == 1
    assert skipped[0].place.startswith(place)
    assert "b.jpg" in [name for shard in shards for name in shard.images.file_names]


@pytest.mark.parametrize("text", [b"", b"[", b'[{"id": 1}', b"[" * 100_000, b"\xff\xfe", b"7"])
def test_broken_files(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(FormatError):
        list(read(tmp_path / "x.json", from_="label-studio"))


def test_nan_is_named(tmp_path: Path) -> None:
    path = write_json(tmp_path / "x.json", [task(result(points=[[float("nan"), 2], [3, 4]]))])
    with pytest.raises(FormatError, match="finite"):
        list(read(path))
