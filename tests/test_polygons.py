from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from maskmill import InvalidPolygonError, Polygons, rasterize
from tests.oracles import polygons_from_lists
from tests.strategies import polygon_batches

Nested = list[list[list[list[float]]]]

OUTLINE = [0.0, 0.0, 8.0, 0.0, 8.0, 8.0, 0.0, 8.0]
HOLE = [2.0, 2.0, 6.0, 2.0, 6.0, 6.0, 2.0, 6.0]
TRIANGLE = [9.5, 1.0, 12.0, 1.0, 9.5, 7.0]


def example() -> Polygons:
    """Three masks: two parts, the first with a hole; none; a triangle."""
    return polygons_from_lists(
        [[[OUTLINE, HOLE], [TRIANGLE]], [], [[TRIANGLE]]], [(10, 12), (5, 5), (10, 12)]
    )


def columns(**changes: Any) -> dict[str, Any]:
    polygons = example()
    return {name: getattr(polygons, name) for name in Polygons.__slots__} | changes


def nested(polygons: Polygons) -> Nested:
    """Parts of rings of numbers, read off the offsets one by one."""
    p = polygons
    return [
        [
            [
                p.coords[p.ring_offsets[r] : p.ring_offsets[r + 1]].reshape(-1).tolist()
                for r in range(p.part_offsets[k], p.part_offsets[k + 1])
            ]
            for k in range(p.mask_offsets[i], p.mask_offsets[i + 1])
        ]
        for i in range(len(p))
    ]


def check(polygons: Polygons) -> Polygons:
    """Build it again through the checked constructor."""
    return Polygons(**{name: getattr(polygons, name) for name in Polygons.__slots__})


def with_coordinate(value: float) -> Any:
    coords = example().coords.copy()
    coords[9, 1] = value
    return coords


I32 = np.int32
BAD: list[tuple[str, Any, type[Exception], str]] = [
    ("coords", [[0.0, 1.0]], TypeError, "coords must be an array of float64, got list"),
    ("coords", np.zeros((14, 2), np.float32), TypeError, "array of float64, got float32"),
    ("coords", np.zeros((14, 2), ">f8"), TypeError, "array of float64, got >f8"),
    ("coords", np.zeros(28), ValueError, "coords must have 2 dimensions"),
    ("coords", np.zeros((14, 3)), InvalidPolygonError, r"shape \(V, 2\), got \(14, 3\)"),
    ("coords", np.zeros((2, 14)).T, ValueError, "coords must be contiguous"),
    ("coords", np.zeros((15, 2)), InvalidPolygonError, r"ring_offsets .* \(15\), got 0 to 14"),
    ("coords", with_coordinate(np.nan), InvalidPolygonError,
     r"coords of mask 0 must be finite .* got \(12.0, nan\) at vertex 1 of ring 2"),
    ("coords", with_coordinate(-np.inf), InvalidPolygonError, r"got \(12.0, -inf\) at vertex 1"),
    ("coords", with_coordinate(2.0**22 + 1), InvalidPolygonError, "within 2.*22 pixels"),
    ("ring_offsets", [0, 4], TypeError, "ring_offsets must be an array of int64, got list"),
    ("ring_offsets", np.int64(3), TypeError, "array of int64, got int64"),
    ("ring_offsets", np.zeros(0, np.int64), InvalidPolygonError, "one value more than rows"),
    ("ring_offsets", np.array([0, 4, 8, 11]), InvalidPolygonError, r"\(14\), got 0 to 11"),
    ("ring_offsets", np.array([0, 4, 12, 11, 14]), InvalidPolygonError, "by 11 at row 2"),
    ("ring_offsets", np.array([0, -4, 8, 11, 14]), InvalidPolygonError, "by -4 at row 0"),
    ("part_offsets", 3, TypeError, "part_offsets must be an array of int64, got int"),
    ("part_offsets", np.array(3), ValueError, "part_offsets must have 1 dimension"),
    ("part_offsets", np.zeros(0, np.int64), InvalidPolygonError, "one value more than rows"),
    ("part_offsets", np.array([0, 2, 3, 5]), InvalidPolygonError, r"\(4\), got 0 to 5"),
    ("part_offsets", np.array([0, 2, 3]), InvalidPolygonError, r"\(4\), got 0 to 3"),
    ("part_offsets", np.array([0, 2, 2**62, 4]), InvalidPolygonError, "not decrease"),
    ("part_offsets", np.array([0, 2, 4]), InvalidPolygonError, r"mask_offsets .* got 0 to 3"),
    ("mask_offsets", np.array([0, 2, 3]), InvalidPolygonError, r"more than rows \(4\), got 3"),
    ("mask_offsets", np.array([0, 2, 2, 2]), InvalidPolygonError, r"\(3\), got 0 to 2"),
    ("mask_offsets", np.array([0, 2, 1, 3]), InvalidPolygonError, "got 2 followed by 1 at row 1"),
    ("mask_offsets", np.array([0, 2, 2, 3], I32), TypeError, "array of int64, got int32"),
    ("sizes", np.ones((2, 2), I32), InvalidPolygonError, r"more than rows \(3\), got 4"),
    ("sizes", np.zeros((3, 2), I32), InvalidPolygonError, "sizes of mask 0 must be at least 1x1"),
    ("sizes", np.ones((3, 2)), TypeError, "sizes must be an array of int32, got float64"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "column", "error", "message"), BAD, ids=[b[3] for b in BAD])
def test_broken_columns(name: str, column: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="Polygons: .*" + message):
        Polygons(**columns(**{name: column}))


def test_the_largest_coordinates_are_taken() -> None:
    for value in (2.0**22, -(2.0**22), -0.0, 5e-324):
        assert len(Polygons(**columns(coords=with_coordinate(value)))) == 3


def test_read_only_columns_are_taken_without_a_copy() -> None:
    frozen = {name: column.copy() for name, column in columns().items()}
    for column in frozen.values():
        column.setflags(write=False)
    polygons = Polygons(**frozen)
    for name, column in frozen.items():
        assert getattr(polygons, name) is column
    assert rasterize(polygons) == rasterize(example())


@given(polygons=polygon_batches(), data=st.data())
def test_indexing_selects_masks(polygons: Polygons, data: st.DataObject) -> None:
    lists = nested(polygons)
    n = len(polygons)
    kinds: list[st.SearchStrategy[Any]] = [
        st.slices(n),
        st.lists(st.booleans(), min_size=n, max_size=n).map(lambda b: np.array(b, bool)),
        st.just([]),
    ]
    if n:
        rows = st.integers(-n, n - 1)
        kinds += [rows, st.lists(rows, max_size=5)]
    index = data.draw(st.one_of(kinds))
    picked = check(polygons[index])
    rows_ = np.array(index, int) if isinstance(index, list) else index
    numbers = np.atleast_1d(np.arange(n)[rows_])
    assert nested(picked) == [lists[i] for i in numbers.tolist()]
    assert picked.sizes.tolist() == polygons.sizes[numbers].tolist()


def test_slices_share_memory() -> None:
    polygons = example()
    for part in (polygons[:1], polygons[2], polygons[1:]):
        assert np.shares_memory(part.coords, polygons.coords)
        assert [column[0] for column in (part.ring_offsets, part.part_offsets)] == [0, 0]
    assert nested(polygons[2]) == [[[TRIANGLE]]]


@given(st.lists(polygon_batches(), max_size=3))
def test_concatenation_joins_in_order(parts: list[Polygons]) -> None:
    joined = check(Polygons.concatenate(parts))
    assert nested(joined) == [mask for part in parts for mask in nested(part)]
    start = 0
    for part in parts:
        assert joined[start : start + len(part)] == part
        start += len(part)


def test_concatenation_takes_batches_only() -> None:
    with pytest.raises(TypeError, match="batches must be Polygons, got int at 0"):
        Polygons.concatenate([1])  # type: ignore[list-item]


def test_equality_and_hash() -> None:
    assert example() == example()
    assert example() != example()[:2]
    # The same vertices, nested in another way.
    assert example() != Polygons(**columns(part_offsets=np.array([0, 1, 3, 4])))
    assert example() != [1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(example())


def test_nbytes_counts_the_columns() -> None:
    assert example().nbytes == 14 * 16 + 5 * 8 + 4 * 8 + 4 * 8 + 3 * 8


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_slice_pickles_only_its_part(protocol: int) -> None:
    big = example()[np.zeros(5000, int)]
    part = big[3:5]
    stored = pickle.dumps(part, protocol)
    assert len(stored) < 1.6 * part.nbytes + 1500
    assert pickle.loads(stored) == part
    assert pickle.loads(pickle.dumps(Polygons.empty(), protocol)) == Polygons.empty()


def test_copies() -> None:
    polygons = example()
    assert copy.copy(polygons) == polygons
    deep = copy.deepcopy(polygons[2:])
    assert deep == polygons[2:]
    assert not np.shares_memory(deep.coords, polygons.coords)


def test_repr() -> None:
    assert repr(example()) == (
        "Polygons(3 masks of 5..10x5..12, 3 parts, 4 rings, 14 vertices, 352 bytes)\n"
        "  0: 2 parts, 3 rings, 11 vertices, x 0 to 12, y 0 to 8\n"
        "  1: 0 parts, 0 rings, 0 vertices\n"
        "  2: 1 part, 1 ring, 3 vertices, x 9.5 to 12, y 1 to 7"
    )
    assert repr(Polygons.empty()) == "Polygons(0 masks, 0 parts, 0 rings, 0 vertices, 24 bytes)"
    assert repr(example()[np.zeros(9, int)]).count("\n") == 0


def picture(polygons: Polygons) -> Any:
    png = polygons._repr_png_()
    assert png is not None
    image = Image.open(io.BytesIO(png))
    image.load()
    return np.asarray(image)


def test_picture_shows_parts_and_holes() -> None:
    square = polygons_from_lists([[[OUTLINE, HOLE]]], [(8, 8)])
    pixels = picture(square)[4:-4, 4:-4]
    assert pixels.shape == (128, 128)
    expected = np.full((128, 128), 255)
    expected[32:96, 32:96] = 0
    np.testing.assert_array_equal(pixels, expected)


def test_picture_of_extremes() -> None:
    assert Polygons.empty()._repr_png_() is None
    far = [-(2.0**22), -(2.0**22), 2.0**22, -(2.0**22), 2.0**22, 2.0**22, -(2.0**22), 2.0**22]
    assert (picture(polygons_from_lists([[[far]]], [(1, 1)]))[4:-4, 4:-4] == 255).all()
    huge = polygons_from_lists([[[[0, 0, 4e4, 0, 4e4, 2e4, 0, 2e4]]]], [(40_000, 40_000)])
    pixels = picture(huge)[4:-4, 4:-4]
    assert (pixels[:64] == 255).all()
    assert not pixels[64:].any()
    many = picture(huge[np.zeros(1000, int)])
    assert many.shape == (2 * 132 + 4, 4 * 132 + 4)
