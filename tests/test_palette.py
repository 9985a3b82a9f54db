from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from maskmill.datasets.palette import category_palette, ids_from_rgb, rgb_from_ids, voc_palette
from tests.conftest import data_path


def test_voc_palette_is_the_one_of_voc() -> None:
    from PIL import Image

    path = data_path(
        "formats", "labelme", "video_annotation", "SegmentationClassPNG", "00000100.png"
    )
    with Image.open(path) as image:
        palette = image.getpalette()
    assert palette is not None
    assert voc_palette(len(palette) // 3).reshape(-1).tolist() == palette


def test_voc_palette_bit_by_bit() -> None:
    colours = voc_palette(300)
    for label in range(300):
        bits = f"{label:024b}"[::-1]
        expected = [int(bits[channel::3].ljust(8, "0"), 2) for channel in range(3)]
        assert colours[label].tolist() == expected


def test_voc_palette_of_any_length() -> None:
    assert voc_palette().shape == (256, 3)
    assert voc_palette(0).shape == (0, 3)
    many = voc_palette(70_000)
    assert len(np.unique(many, axis=0)) == 70_000
    np.testing.assert_array_equal(many[:21], voc_palette(21))
    for n in (-1, 2**24 + 1):
        with pytest.raises(ValueError, match="voc_palette: n must be between"):
            voc_palette(n)


def test_category_palette() -> None:
    palette = category_palette([3, 1], [[1, 2, 3], [255, 0, 0]])
    assert palette.dtype == np.uint8
    assert palette.tolist() == [[0, 0, 0], [255, 0, 0], [0, 0, 0], [1, 2, 3]]
    assert category_palette([], []).tolist() == [[0, 0, 0]]
    assert len(category_palette([255], [[0, 0, 0]])) == 256


@pytest.mark.parametrize(
    ("labels", "colours", "error", "message"),
    [
        ([256], [[0, 0, 0]], ValueError, "labels must be between 0 and 255, got 256 at category 0"),
        ([-1], [[0, 0, 0]], ValueError, "got -1 at category 0"),
        (
            [0, 1],
            [[0, 0, 0], [0, 256, 0]],
            ValueError,
            r"colours .* got \[0, 256, 0\] at category 1",
        ),
        ([0, 2, 0], [[0, 0, 0]] * 3, ValueError, "distinct, got 0 again at category 2"),
        ([0], [[0, 0]], ValueError, r"colours must have shape \(1, 3\), got \(1, 2\)"),
        ([0], [], ValueError, r"colours must have shape \(1, 3\), got \(0, 3\)"),
        ([0.5], [[0, 0, 0]], TypeError, "labels must be integers, got float64"),
        ([0], [[0, 0.5, 0]], TypeError, "colours must be integers, got float64"),
        (0, [[0, 0, 0]], ValueError, r"labels must have shape \(n,\), got \(\)"),
    ],
)
def test_bad_categories(
    labels: object, colours: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match="category_palette: .*" + message):
        category_palette(labels, colours)


@given(st.lists(st.integers(0, 2**24 - 1), min_size=6, max_size=6))
def test_ids_survive_as_colours(values: list[int]) -> None:
    ids = np.array(values).reshape(2, 3)
    rgb = rgb_from_ids(ids)
    assert rgb.dtype == np.uint8
    assert rgb.shape == (2, 3, 3)
    np.testing.assert_array_equal(rgb.astype(np.int64) @ [1, 256, 65536], ids)
    back = ids_from_rgb(rgb)
    assert back.dtype == np.int32
    np.testing.assert_array_equal(back, ids)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "u8", ">i4"])
def test_ids_of_any_integer_type_and_strides(dtype: str) -> None:
    ids = np.arange(60).reshape(6, 10).astype(dtype)
    expected = np.stack([ids, ids * 0, ids * 0], axis=-1)
    for layout in (ids, np.asfortranarray(ids), ids[::-1].copy()[::-1]):
        np.testing.assert_array_equal(rgb_from_ids(layout), expected)
    assert ids_from_rgb(np.asfortranarray(rgb_from_ids(ids))).tolist() == ids.tolist()


def test_no_ids() -> None:
    assert rgb_from_ids(np.zeros((0, 4), np.int32)).shape == (0, 4, 3)
    assert ids_from_rgb(np.zeros((0, 4, 3), np.uint8)).shape == (0, 4)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([2**24], ValueError, "between 0 and 2.* got 16777216"),
        ([0, -3], ValueError, "got -3"),
        ([1.0], TypeError, "got float64"),
    ],
)
def test_bad_ids(ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="rgb_from_ids: ids must be .*" + message):
        rgb_from_ids(np.array(ids))


def test_bad_colours() -> None:
    with pytest.raises(TypeError, match="ids_from_rgb: rgb must be uint8, got int64"):
        ids_from_rgb(np.zeros((2, 3), np.int64))
    with pytest.raises(ValueError, match=r"ids_from_rgb: rgb must have shape .* got \(2, 4\)"):
        ids_from_rgb(np.zeros((2, 4), np.uint8))
