from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from PIL import Image

import maskmill
from maskmill import InvalidMaskError, Masks, area, encode
from tests.oracles import dense_from_masks, masks_from_dense
from tests.strategies import batches


def example() -> Masks:
    """Three masks: two spans, none, all of a small image."""
    return Masks(
        np.array([4, 7, 11, 12, 0, 6], np.uint32),
        np.array([0, 4, 4, 6]),
        np.array([[3, 4], [5, 5], [2, 3]], np.int32),
    )


def columns(**changes: Any) -> dict[str, Any]:
    masks = example()
    return {"bounds": masks.bounds, "offsets": masks.offsets, "sizes": masks.sizes, **changes}


def test_the_picture_of_the_docstring() -> None:
    dense = dense_from_masks(example())[0]
    assert dense.T.reshape(-1).nonzero()[0].tolist() == [4, 5, 6, 11]
    assert masks_from_dense([dense]) == example()[0]


U32, I32 = np.uint32, np.int32
BAD: list[tuple[str, Any, type[Exception], str]] = [
    ("bounds", [4, 7], TypeError, "bounds must be an array of uint32, got list"),
    ("bounds", np.arange(6), TypeError, "bounds must be an array of uint32, got int64"),
    ("bounds", np.arange(6, dtype=">u4"), TypeError, "array of uint32, got >u4"),
    ("bounds", np.arange(12, dtype=U32)[::2], ValueError, "bounds must be contiguous"),
    ("bounds", np.zeros((6, 1), U32), ValueError, "bounds must have 1 dimension"),
    ("offsets", np.array([0, 4, 4, 6], I32), TypeError, "array of int64, got int32"),
    ("offsets", np.array([0, 4, 6]), InvalidMaskError, r"more than rows \(4\), got 3"),
    ("offsets", np.array([0, 4, 4, 5]), InvalidMaskError, r"of values \(6\), got 0 to 5"),
    ("offsets", np.array([0, 4, 4, 8]), InvalidMaskError, r"of values \(6\), got 0 to 8"),
    ("offsets", np.array([2, 4, 4, 6]), InvalidMaskError, r"of values \(6\), got 2 to 6"),
    ("offsets", np.array([0, 8, 4, 6]), InvalidMaskError, "got 8 followed by 4 at row 1"),
    ("offsets", np.array([0, -2, 4, 6]), InvalidMaskError, "got 0 followed by -2 at row 0"),
    ("offsets", np.array([0, 3, 4, 6]), InvalidMaskError, "mask 0 must come in pairs .* got 3"),
    ("sizes", [[3, 4]] * 3, TypeError, "sizes must be an array of int32, got list"),
    ("sizes", np.ones((3, 2), np.int64), TypeError, "sizes must be an array of int32, got int64"),
    ("sizes", np.ones((3, 3), I32), InvalidMaskError, r"shape \(N, 2\), got \(3, 3\)"),
    ("sizes", np.ones((2, 2), I32), InvalidMaskError, r"more than rows \(3\), got 4"),
    ("sizes", np.array([[3, 4], [0, 5], [2, 3]], I32), InvalidMaskError, "sizes of mask 1 must"),
    (
        "sizes",
        np.array([[3, 4], [9, 9], [-1, -5]], I32),
        InvalidMaskError,
        "height -1 and width -5",
    ),
    ("sizes", np.full((3, 2), 65536, I32), InvalidMaskError, r"below 2\*\*32 pixels"),
    (
        "sizes",
        np.array([[3, 4], [5, 5], [2, 2]], I32),
        InvalidMaskError,
        r"bounds of mask 2 must stay within height\*width = 4, got 6",
    ),
    (
        "bounds",
        np.array([4, 7, 7, 12, 0, 6], U32),
        InvalidMaskError,
        "bounds of mask 0 must increase strictly, got 7 followed by 7",
    ),
    (
        "bounds",
        np.array([4, 7, 11, 12, 6, 0], U32),
        InvalidMaskError,
        "bounds of mask 2 must increase strictly, got 6 followed by 0",
    ),
    ("bounds", np.array([4, 7, 11, 13, 0, 6], U32), InvalidMaskError, "width = 12, got 13"),
]


@pytest.mark.parametrize(("name", "column", "error", "message"), BAD, ids=[b[3] for b in BAD])
def test_broken_columns(name: str, column: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Masks(**columns(**{name: column}))


def test_the_largest_mask() -> None:
    last = np.array([0, 2**32 - 1], np.uint32)
    side = np.array([[65535, 65537]], np.int32)
    assert area(Masks(last, np.array([0, 2]), side)).tolist() == [2**32 - 1]


def test_read_only_and_mapped_columns_are_taken(tmp_path: Path) -> None:
    frozen = {name: column.copy() for name, column in columns().items()}
    for column in frozen.values():
        column.setflags(write=False)
    assert area(Masks(**frozen)).tolist() == [4, 0, 6]
    stored = np.memmap(tmp_path / "bounds", np.uint32, "w+", shape=(6,))
    stored[:] = example().bounds
    mapped = Masks(**columns(bounds=stored))
    assert type(mapped.bounds) is np.ndarray
    assert np.shares_memory(mapped.bounds, stored)
    assert mapped == example()


def test_columns_are_not_copied() -> None:
    given_columns = columns()
    masks = Masks(**given_columns)
    for name, column in given_columns.items():
        assert getattr(masks, name) is column


@given(masks=batches(), data=st.data())
def test_indexing_selects_masks(masks: Masks, data: st.DataObject) -> None:
    dense = dense_from_masks(masks)
    n = len(masks)
    kinds: list[st.SearchStrategy[Any]] = [
        st.slices(n),
        st.lists(st.booleans(), min_size=n, max_size=n).map(lambda b: np.array(b, bool)),
        st.just([]),
    ]
    if n:
        rows = st.integers(-n, n - 1)
        kinds += [rows, st.lists(rows, max_size=5)]
        kinds += [st.lists(rows, max_size=5).map(lambda r: np.array(r, np.int16))]
    index = data.draw(st.one_of(kinds))
    picked = masks[index]
    if isinstance(index, list):
        index = np.array(index, np.int64)
    expected = [dense[i] for i in np.atleast_1d(np.arange(n)[index])]
    assert picked == masks_from_dense(expected)
    # What came out is well formed.
    assert Masks(picked.bounds, picked.offsets, picked.sizes) == picked


def test_wrong_indices() -> None:
    with pytest.raises(IndexError, match="Masks: index must be between -3 and 2, got 3"):
        example()[3]
    with pytest.raises(TypeError, match="Masks: index must have one axis"):
        example()[0, 1]


def test_slices_share_memory() -> None:
    masks = example()
    assert np.shares_memory(masks[1:].bounds, masks.bounds)
    assert np.shares_memory(masks[2].bounds, masks.bounds)
    assert masks[1:].offsets.tolist() == [0, 0, 2]


def test_iteration_gives_batches_of_one() -> None:
    masks = example()
    singles = list(masks)
    assert [len(single) for single in singles] == [1, 1, 1]
    assert Masks.concatenate(singles) == masks
    assert Masks.concatenate(masks) == masks


@given(st.lists(batches(), max_size=4))
def test_concatenation_joins_in_order(parts: list[Masks]) -> None:
    joined = Masks.concatenate(parts)
    assert joined == masks_from_dense([d for part in parts for d in dense_from_masks(part)])
    assert joined.sizes.dtype == np.int32
    start = 0
    for part in parts:
        assert joined[start : start + len(part)] == part
        start += len(part)


def test_concatenation_takes_batches_only() -> None:
    with pytest.raises(TypeError, match="batches must be Masks, got list at 1"):
        Masks.concatenate([example(), [1, 2]])  # type: ignore[list-item]


def test_equality_and_hash() -> None:
    masks = example()
    assert masks == example()
    assert masks != masks[::-1]
    assert masks[1] != masks_from_dense([np.zeros((5, 4), bool)])  # empty, of another size
    assert masks != "masks"
    with pytest.raises(TypeError, match="unhashable"):
        hash(masks)


def test_nbytes_counts_the_columns() -> None:
    assert example().nbytes == 6 * 4 + 4 * 8 + 3 * 2 * 4
    assert Masks.empty().nbytes == 8


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@given(masks=batches())
def test_pickles_round_trip(protocol: int, masks: Masks) -> None:
    assert pickle.loads(pickle.dumps(masks, protocol)) == masks


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_slice_pickles_only_its_part(protocol: int) -> None:
    big = masks_from_dense([np.eye(200, dtype=bool)])[np.zeros(1000, int)]
    part = big[500:502]
    assert np.shares_memory(part.bounds, big.bounds)
    stored = pickle.dumps(part, protocol)
    assert len(stored) < 1.6 * part.nbytes + 1000
    assert pickle.loads(stored) == part


def test_pickles_out_of_band() -> None:
    buffers: list[pickle.PickleBuffer] = []
    masks = example()
    stored = pickle.dumps(masks, 5, buffer_callback=buffers.append)
    assert sum(b.raw().nbytes for b in buffers) == masks.nbytes
    assert pickle.loads(stored, buffers=buffers) == masks


def test_copies() -> None:
    masks = example()
    shallow, deep = copy.copy(masks), copy.deepcopy(masks[1:])
    assert shallow == masks
    assert np.shares_memory(shallow.bounds, masks.bounds)
    assert deep == masks[1:]
    assert not np.shares_memory(deep.bounds, masks.bounds)
    assert deep.bounds.base is None or len(deep.bounds.base) == 2


def test_repr_of_a_few_masks() -> None:
    assert repr(example()) == (
        "Masks(3 masks of 2..5x3..5, 3 spans, 80 bytes)\n"
        "  0: area 4, box 3x3 at x=1, y=0\n"
        "  1: empty\n"
        "  2: area 6, box 3x2 at x=0, y=0"
    )
    assert repr(Masks.empty()) == "Masks(0 masks, 0 spans, 8 bytes)"
    assert repr(example()[0]).startswith("Masks(1 mask of 3x4, 2 spans, 40 bytes)\n")


def test_repr_of_many_masks_is_one_line() -> None:
    many = example()[np.zeros(100_000, int)]
    assert repr(many) == "Masks(100,000 masks of 3x4, 200,000 spans, 3.2 MB)"
    noise = encode(np.random.default_rng(0).random((600, 600)) < 0.5)
    assert repr(noise).count("\n") == 0


def picture(masks: Masks) -> Any:
    png = masks._repr_png_()
    assert png is not None
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return np.asarray(image)


def test_picture_of_one_mask() -> None:
    # 2 x 4 becomes 64 x 128 in a frame of 4.
    dense = np.array([[1, 0, 0, 1], [0, 1, 0, 1]], bool)
    pixels = picture(encode(dense))
    assert pixels.shape == (72, 136)
    expected = np.kron(dense, np.ones((32, 32), np.uint8)) * 255
    np.testing.assert_array_equal(pixels[4:-4, 4:-4], expected)
    assert set(np.unique(pixels[:4])) == {110}


def test_picture_is_a_sheet_of_the_first_masks() -> None:
    dense = np.zeros((20, 30, 60), bool)
    dense[np.arange(20), np.arange(20)] = True
    pixels = picture(encode(dense))
    assert pixels.shape == (2 * (64 + 4) + 4, 4 * (128 + 4) + 4)
    # Mask 5 is second in the second row.
    cell = pixels[4 + 68 :, 4 + 132 :][:64, :128]
    assert np.flatnonzero((cell == 255).any(axis=1)).min() == round(5 * 64 / 30)


def test_picture_of_nothing() -> None:
    assert Masks.empty()._repr_png_() is None
    assert picture(example()[1]).max() == 110


def test_picture_of_a_huge_mask_decodes_nothing() -> None:
    side = 30_000
    starts = np.arange(0, side, 2, dtype=np.int64) * side  # the upper half of every other column
    bounds = np.stack([starts, starts + side // 2], axis=1).astype(np.uint32).reshape(-1)
    masks = Masks(bounds, np.array([0, len(bounds)]), np.array([[side, side]], np.int32))
    picture(masks)  # imports are done
    tracemalloc.start()
    pixels = picture(masks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert pixels.shape == (136, 136)
    inner = pixels[4:-4, 4:-4]
    assert not inner[64:].any()
    assert inner[:64].any()


def test_picture_of_a_thin_mask() -> None:
    pixels = picture(encode(np.ones((1, 100_000), bool)))
    assert pixels.shape == (1 + 8, 128 + 8)
    assert (pixels[4:-4, 4:-4] == 255).all()


def test_import_loads_neither_pillow_nor_pyarrow() -> None:
    code = (
        "import sys, maskmill; repr(maskmill.Masks.empty());"
        "print([m for m in ('PIL', 'pyarrow', 'msgspec') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert maskmill.Masks is Masks
