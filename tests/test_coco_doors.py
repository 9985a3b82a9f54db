from __future__ import annotations

import json
import math
from typing import Any

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import InvalidMaskError, InvalidPolygonError, Masks, Polygons, area, rasterize
from maskmill.backend.contract import BackendName
from tests.bad_segmentations import (
    COORDINATES,
    JSON_TEXT,
    KEYS,
    PAIRS,
    POLYGON,
    RANGE,
    RUNS,
    SHAPE,
    SIZE,
)
from tests.real_data import ANNOTATION_FILES, load_annotations
from tests.strategies import batches, polygon_batches

SQUARE = [[1, 1, 3, 1, 3, 3, 1, 3]]
COUNTS = {"size": [4, 4], "counts": [0, 2, 14]}
STRING = {"size": [4, 4], "counts": "02>"}


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_real_files_equal_the_oracle(backend: BackendName, name: str) -> None:
    annotations = load_annotations(name)
    masks = Masks.from_coco(
        [a.segmentation for a in annotations], [a.size for a in annotations], backend=backend
    )
    strings = [row["counts"] for row in masks.to_coco(backend=backend)]
    assert strings == [a.string.decode() for a in annotations]
    assert [row["size"] for row in masks.to_coco(backend=backend)] == [
        list(a.size) for a in annotations
    ]
    raw = [msgspec.Raw(json.dumps(a.segmentation).encode()) for a in annotations]
    assert Masks.from_coco(raw, masks.sizes, backend=backend) == masks


def test_every_form_of_a_segmentation(backend: BackendName) -> None:
    forms: list[Any] = [
        SQUARE,
        tuple(map(tuple, SQUARE)),
        [np.array(SQUARE[0], np.float32)],
        np.array(SQUARE, np.int16),
        [[np.float64(v) for v in SQUARE[0]]],
        [[np.int32(v) for v in SQUARE[0]]],
        msgspec.Raw(b"[[1.0,1,3,1,3,3,1e0,3]]"),
        COUNTS,
        {"size": (4, 4), "counts": np.array([0, 2, 14], np.uint32)},
        {"size": np.array([4, 4]), "counts": (0, 2, 14)},
        msgspec.Raw(b'{"size":[4,4],"counts":[0,2,14]}'),
        STRING,
        {"size": [4, 4], "counts": b"02>"},
        {"counts": bytearray(b"02>"), "size": [4, 4]},
        msgspec.Raw(b'{"size":[4,4],"counts":"02>"}'),
        [],
        None,
        msgspec.Raw(b"null"),
    ]
    masks = Masks.from_coco(forms, (4, 4), backend=backend)
    assert area(masks, backend=backend).tolist() == [4] * 7 + [2] * 8 + [0] * 3
    # In another order, so that kinds alternate.
    order = np.random.default_rng(0).permutation(len(forms))
    shuffled = Masks.from_coco([forms[i] for i in order], (4, 4), backend=backend)
    assert shuffled == masks[order]
    assert Masks.from_coco(iter(forms), [(4, 4)] * len(forms), backend=backend) == masks


def test_no_segmentations(backend: BackendName) -> None:
    for sizes in (None, (4, 4), np.zeros((0, 2), int)):
        assert Masks.from_coco([], sizes, backend=backend) == Masks.empty()
    assert Polygons.from_coco([], (4, 4), backend=backend) == Polygons.empty()
    assert Masks.empty().to_coco(backend=backend) == []
    assert Polygons.empty().to_coco() == []


def test_run_lengths_need_no_sizes(backend: BackendName) -> None:
    masks = Masks.from_coco([COUNTS, {"size": [2, 3], "counts": "6"}], backend=backend)
    assert masks.sizes.tolist() == [[4, 4], [2, 3]]
    assert masks.sizes.dtype == np.int32


def test_the_rule_is_passed_on(backend: BackendName) -> None:
    ring = [[0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5]]
    polygons = Polygons.from_coco([ring], (4, 4))
    coco, center = (rasterize(polygons, rule=r, backend=backend) for r in ("coco", "center"))
    assert coco != center
    assert Masks.from_coco([ring], (4, 4), backend=backend) == coco
    assert Masks.from_coco([ring], (4, 4), rule="center", backend=backend) == center
    with pytest.raises(ValueError, match=r"Masks\.from_coco: rule must be one of"):
        Masks.from_coco([ring], (4, 4), rule="pil", backend=backend)  # type: ignore[arg-type]


@given(masks=batches(), compressed=st.booleans())
def test_run_lengths_round_trip(backend: BackendName, masks: Masks, compressed: bool) -> None:
    written = masks.to_coco(compressed=compressed, backend=backend)
    assert json.loads(json.dumps(written)) == written
    assert Masks.from_coco(written, backend=backend) == masks
    assert Masks.from_coco(written, masks.sizes, backend=backend) == masks


@given(masks=batches())
def test_strings_equal_pycocotools(backend: BackendName, masks: Masks) -> None:
    from pycocotools import mask

    for row, rle in zip(
        masks.to_coco(compressed=False), masks.to_coco(backend=backend), strict=True
    ):
        assert mask.frPyObjects(row, *row["size"])["counts"].decode() == rle["counts"]


@given(polygons=polygon_batches())
def test_polygons_round_trip(backend: BackendName, polygons: Polygons) -> None:
    outlines = polygons.to_coco(holes="fill")
    assert json.loads(json.dumps(outlines)) == outlines
    again = Polygons.from_coco(outlines, polygons.sizes, backend=backend)
    assert again.to_coco() == outlines
    assert Polygons.from_coco(again.to_coco(), again.sizes, backend=backend) == again
    if (np.diff(polygons.part_offsets) == 1).all():
        assert again == polygons
    masks = rasterize(again, backend=backend)
    assert Masks.from_coco(outlines, polygons.sizes, backend=backend) == masks


def test_holes_cannot_be_said() -> None:
    polygons = Polygons(
        coords=np.arange(40.0).reshape(20, 2),
        ring_offsets=np.array([0, 4, 8, 12, 16, 20]),
        part_offsets=np.array([0, 1, 2, 5]),
        mask_offsets=np.array([0, 1, 3]),
        sizes=np.array([[50, 50]] * 2, np.int32),
    )
    with pytest.raises(
        InvalidPolygonError, match="parts of mask 1 must have no holes, got 2 in part 1"
    ):
        polygons.to_coco()
    assert [len(parts) for parts in polygons.to_coco(holes="fill")] == [1, 2]
    assert polygons.to_coco(holes="fill")[1][1] == list(range(16, 24))
    with pytest.raises(ValueError, match="holes must be one of 'raise', 'fill', got 'drop'"):
        polygons.to_coco(holes="drop")  # type: ignore[arg-type]


BAD: list[tuple[Any, str, str]] = [
    ([1, 2, 3, 4, 5, 6], POLYGON, "a flat list of numbers; put it into a list"),
    ([[1, 2, 3]], PAIRS, "3 coordinates in ring 0"),
    ([[1, 2, math.nan, 3]], COORDINATES, "nan at coordinate 2 of ring 0"),
    ([[1, 2], np.array([1, np.inf])], COORDINATES, "inf at coordinate 1 of ring 1"),
    ([[1, -math.inf]], COORDINATES, "-inf at coordinate 1 of ring 0"),
    ([[1, None]], COORDINATES, "None at coordinate 1 of ring 0"),
    ([[1, True]], COORDINATES, "true at coordinate 1 of ring 0"),
    ([[1, "2"]], COORDINATES, "a string at coordinate 1 of ring 0"),
    ([[[1, 2], [3, 4]]], COORDINATES, "a list at coordinate 0 of ring 0"),
    ([[1e7, 2]], RANGE, "the number 10000000.0 at coordinate 0 of ring 0"),
    ([[2**70, 2]], RANGE, "the number 1180591620717411303424 at coordinate 0 of ring 0"),
    ("02>", SHAPE, "a string"),
    (b"02>", SHAPE, "a string"),
    (7, SHAPE, "the number 7"),
    (msgspec.Raw(b"[[1,2]"), JSON_TEXT, "'[[1,2]'"),
    (msgspec.Raw(b"[[1,null]]"), COORDINATES, "null at coordinate 1 of ring 0"),
    (msgspec.Raw(), JSON_TEXT, "''"),
    ({"counts": [16]}, KEYS, "no size"),
    ({"size": [4, math.nan], "counts": [16]}, SIZE, "nan in size"),
    ({"size": [4, 4], "counts": [16.0]}, RUNS, "the number 16.0 at count 0"),
    ({"size": [4, 4], "counts": None}, RUNS, "None as counts"),
    ({"size": [4, 4], "counts": [16], "area": 3}, KEYS, "the key 'area'"),
    ({"size": [4, 5], "counts": [20]}, "have the size that sizes gives, (4, 4)", "(4, 5)"),
    (object(), "consist of lists, numbers and strings", "object: it holds a value of type object"),
    (
        [[1, 2, 1j, 2]],
        "consist of lists, numbers and strings",
        "list: it holds a value of type complex",
    ),
]


@pytest.mark.parametrize(("bad", "requirement", "got"), BAD, ids=[b[2] for b in BAD])
def test_malformed_segmentations(
    backend: BackendName, bad: Any, requirement: str, got: str
) -> None:
    with pytest.raises(InvalidMaskError) as error:
        Masks.from_coco([SQUARE, bad, COUNTS], (4, 4), backend=backend)
    message = f"segmentation 1 must {requirement}, got {got}"
    assert str(error.value).startswith(f"Masks.from_coco: {message}")
    if not isinstance(bad, dict):
        with pytest.raises(InvalidPolygonError) as other:
            Polygons.from_coco([SQUARE, bad], (4, 4), backend=backend)
        assert str(other.value).startswith(f"Polygons.from_coco: {message}")


def test_a_list_that_holds_itself(backend: BackendName) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidMaskError, match="segmentation 0 must consist of lists"):
        Masks.from_coco([endless], (4, 4), backend=backend)


BAD_RUNS: list[tuple[Any, str]] = [
    ({"size": [4, 4], "counts": [0, 2, 13]}, "add up to height*width = 16, got 15"),
    ({"size": [4, 4], "counts": [0, -2, 18]}, "hold no negative count, got -2"),
    ({"size": [4, 4], "counts": "02"}, "add up to height*width = 16, got 2"),
    ({"size": [4, 4], "counts": "0P"}, "end with a whole number"),
    ({"size": [4, 4], "counts": "0\n"}, "hold only the characters '0' to 'o', got byte 10"),
    ({"size": [4, 4], "counts": "0é"}, "hold only the characters '0' to 'o', got byte 195"),
    ({"size": [4, 4], "counts": b"0\xff"}, "hold only the characters '0' to 'o', got byte"),
]


@pytest.mark.parametrize(("bad", "message"), BAD_RUNS, ids=[m for _, m in BAD_RUNS])
def test_broken_run_lengths(backend: BackendName, bad: Any, message: str) -> None:
    with pytest.raises(InvalidMaskError) as error:
        Masks.from_coco([SQUARE, COUNTS, STRING, bad], (4, 4), backend=backend)
    assert str(error.value).startswith(f"Masks.from_coco: counts of segmentation 3 must {message}")


def test_the_first_broken_record_is_named(backend: BackendName) -> None:
    short_counts, short_string = {"size": [4, 4], "counts": [3]}, {"size": [4, 4], "counts": "1"}
    for first, second in ((short_counts, short_string), (short_string, short_counts)):
        with pytest.raises(InvalidMaskError, match="counts of segmentation 1 must"):
            Masks.from_coco([SQUARE, first, STRING, COUNTS, second], (4, 4), backend=backend)
    others: list[tuple[object, object]] = [(7, object()), (object(), 7)]
    for one, two in others:
        with pytest.raises(InvalidMaskError, match="segmentation 1 must"):
            Masks.from_coco([SQUARE, one, STRING, two], (4, 4), backend=backend)


@pytest.mark.parametrize("single", [STRING, "02>", b"02>", msgspec.Raw(b"[]")])
def test_a_single_segmentation_is_no_list(single: Any) -> None:
    for door in (Masks.from_coco, Polygons.from_coco):
        with pytest.raises(
            TypeError, match="segmentations must be a list, one segmentation a mask"
        ):
            door(single, (4, 4))


def test_sizes(backend: BackendName) -> None:
    with pytest.raises(
        ValueError, match="sizes must be given for polygons, got none for segmentation 1"
    ):
        Masks.from_coco([COUNTS, SQUARE], backend=backend)
    with pytest.raises(ValueError, match=r"sizes must have shape \(2,\) or \(2, 2\), got \(3, 2\)"):
        Masks.from_coco([COUNTS, SQUARE], [[4, 4]] * 3, backend=backend)
    with pytest.raises(InvalidMaskError, match="sizes of mask 1 must be at least 1x1"):
        Masks.from_coco([COUNTS, SQUARE], [[4, 4], [4, 0]], backend=backend)
    huge = {"size": [2**31 - 1, 3], "counts": [1]}
    with pytest.raises(InvalidMaskError, match=r"sizes of mask 1 .* below 2\*\*32 pixels"):
        Masks.from_coco([COUNTS, huge], backend=backend)
    with pytest.raises(
        InvalidPolygonError, match="segmentation 1 must be a list of polygons, got run"
    ):
        Polygons.from_coco([SQUARE, COUNTS], (4, 4), backend=backend)


def test_huge_counts(backend: BackendName) -> None:
    full = {"size": [65535, 65535], "counts": [0, 65535 * 65535]}
    masks = Masks.from_coco([full], backend=backend)
    assert masks.bounds.tolist() == [0, 65535 * 65535]
    assert masks.to_coco(compressed=False, backend=backend) == [full]
    assert Masks.from_coco(masks.to_coco(backend=backend), backend=backend) == masks


def test_many_alternating_kinds_on_many_threads(backend: BackendName) -> None:
    forms: list[Any] = [SQUARE, COUNTS, STRING, None]
    mixed = [forms[i % 4] for i in range(5000)]
    masks = Masks.from_coco(forms, (4, 4), backend=backend)
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert Masks.from_coco(mixed, (4, 4), backend=backend) == masks[np.arange(5000) % 4]
