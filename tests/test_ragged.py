from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from maskmill import ragged


@given(st.lists(st.integers(0, 5), max_size=20))
def test_spread_and_offsets_are_arange_a_row(lengths: list[int]) -> None:
    starts = np.arange(len(lengths)) * 7
    offsets = ragged.offsets_from_lengths(np.array(lengths, np.int64))
    assert offsets.dtype == np.int64
    assert np.diff(offsets).tolist() == lengths
    expected = [7 * i + k for i, n in enumerate(lengths) for k in range(n)]
    assert ragged.spread(starts, np.array(lengths, np.int64)).tolist() == expected


@given(st.data())
def test_take_gives_the_values_of_the_rows(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=9))
    values = np.array([v for row in rows for v in row], np.int64)
    offsets = ragged.offsets_from_lengths(np.array([len(row) for row in rows], np.int64))
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9))
    start = data.draw(st.integers(0, len(rows)))
    stop = data.draw(st.integers(start, len(rows)))
    for index, expected in (
        (np.array(picked, np.int64), [rows[i] for i in picked]),
        (slice(start, stop), rows[start:stop]),
    ):
        new, own = ragged.take(offsets, index)
        taken = values[own]
        assert [taken[a:b].tolist() for a, b in pairwise(new)] == expected
        assert isinstance(index, slice) == np.shares_memory(taken, values) or not len(taken)


ROWS: list[tuple[Any, list[int]]] = [
    (0, [0]),
    (-1, [4]),
    (np.int16(3), [3]),
    (np.uint64(3), [3]),
    (slice(None), [0, 1, 2, 3, 4]),
    (slice(1, 3), [1, 2]),
    (slice(3, 1), []),
    (slice(-2, 10**30), [3, 4]),
    (slice(9, 12), []),
    (slice(None, None, 2), [0, 2, 4]),
    (slice(None, None, -1), [4, 3, 2, 1, 0]),
    ([], []),
    ([2, -5, 2], [2, 0, 2]),
    (np.array([4, 0], np.uint8), [4, 0]),
    (np.array([], np.float64), []),
    ([True, False, False, True, False], [0, 3]),
    (np.zeros(5, bool), []),
    (range(1, 3), [1, 2]),
]


@pytest.mark.parametrize(("index", "expected"), ROWS, ids=[repr(r[0]) for r in ROWS])
def test_every_kind_of_index(index: Any, expected: list[int]) -> None:
    rows = ragged.rows("f", index, 5)
    assert np.arange(5)[rows].tolist() == expected
    assert not isinstance(rows, slice) or 0 <= rows.start <= rows.stop <= 5


BAD_ROWS: list[tuple[Any, type[Exception], str]] = [
    (5, IndexError, "f: index must be between -5 and 4, got 5"),
    (-6, IndexError, "f: index must be between -5 and 4, got -6"),
    (10**30, IndexError, "got 10{30}"),
    ([0, 5], IndexError, "f: index must be between -5 and 4, got 5"),
    (np.array([2**64 - 1], np.uint64), IndexError, "got 18446744073709551615"),
    (np.array([-128], np.int8), IndexError, "got -128"),
    ([True, False], IndexError, r"boolean index must have one value a row \(5\), got 2"),
    (True, TypeError, "got bool of dtype bool and 0 dimensions"),
    (1.0, TypeError, "got float of dtype float64"),
    ([1.0], TypeError, "got list of dtype float64"),
    ("1", TypeError, "got str of dtype"),
    (None, TypeError, "got NoneType of dtype object"),
    (..., TypeError, "got ellipsis of dtype object"),
    ((0, 1), TypeError, "f: index must have one axis, got 2"),
    (np.zeros((5, 5), bool), TypeError, "and 2 dimensions"),
    (np.array(3), TypeError, "and 0 dimensions"),
]


@pytest.mark.parametrize(
    ("index", "error", "message"), BAD_ROWS, ids=[repr(b[0]) for b in BAD_ROWS]
)
def test_indices_that_are_refused(index: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ragged.rows("f", index, 5)


class Sub(np.ndarray[Any, Any]):
    pass


def odd_columns() -> list[tuple[Any, type[Exception], str]]:
    column = np.arange(6, dtype=np.int64)
    raw = bytearray(49)
    return [
        ([0, 1], TypeError, "must be an array of int64, got list"),
        (3, TypeError, "must be an array of int64, got int"),
        (None, TypeError, "must be an array of int64, got NoneType"),
        (column.astype(np.int32), TypeError, "must be an array of int64, got int32"),
        (column.astype(np.uint64), TypeError, "must be an array of int64, got uint64"),
        (column.astype(">i8"), TypeError, "must be an array of int64, got >i8"),
        (column.astype(object), TypeError, "must be an array of int64, got object"),
        (np.ma.masked_array(column), TypeError, "must be an array of int64, got MaskedArray"),
        (column.view(Sub), TypeError, "must be an array of int64, got Sub"),
        (column.reshape(2, 3), ValueError, r"must have 1 dimension, got shape \(2, 3\)"),
        (np.array(5), ValueError, r"must have 1 dimension, got shape \(\)"),
        (column[::2], ValueError, r"must be contiguous, got strides \(16,\)"),
        (column[::-1], ValueError, r"must be contiguous, got strides \(-8,\)"),
        (np.broadcast_to(np.int64(1), (4,)), ValueError, r"must be contiguous, got strides \(0,\)"),
        (np.frombuffer(raw, np.int64, 6, 1), ValueError, "must be aligned in memory"),
    ]


@pytest.mark.parametrize("case", range(len(odd_columns())))
def test_columns_that_are_refused(case: int) -> None:
    column, error, message = odd_columns()[case]
    with pytest.raises(error, match="f: c " + message):
        ragged.check_column("f", "c", column, np.int64, ndim=1)


def test_columns_that_are_taken(tmp_path: Any) -> None:
    column = np.arange(6, dtype=np.int64)
    column.setflags(write=False)
    stored = np.memmap(tmp_path / "column", np.int64, "w+", shape=(6,))
    for good in (column, column[2:4], column[:0], column[::2][:1], stored):
        ragged.check_column("f", "c", good, np.int64, ndim=1)


BAD_OFFSETS = [
    ([], "must have one value more than rows (3), got 0"),
    ([0, 4], "must have one value more than rows (3), got 2"),
    ([1, 2, 4], "must run from 0 to the number of values (4), got 1 to 4"),
    ([0, 2, 5], "must run from 0 to the number of values (4), got 0 to 5"),
    ([0, 2, 3], "must run from 0 to the number of values (4), got 0 to 3"),
    ([-1, 2, 4], "must run from 0 to the number of values (4), got -1 to 4"),
    ([0, 5, 4], "must not decrease, got 5 followed by 4 at row 1"),
    ([0, -1, 4], "must not decrease, got 0 followed by -1 at row 0"),
    ([0, -(2**63), 4], "must not decrease, got 0 followed by -9223372036854775808 at row 0"),
    ([0, 2**63 - 1, 4], "must not decrease, got 9223372036854775807 followed by 4 at row 1"),
]


@pytest.mark.parametrize(("offsets", "message"), BAD_OFFSETS)
def test_offsets_that_are_refused(offsets: list[int], message: str) -> None:
    with pytest.raises(KeyError) as error:
        ragged.check_offsets("f", "o", np.array(offsets, np.int64), 2, 4, KeyError)  # type: ignore[arg-type]
    assert f"f: o {message}" in str(error.value)


SIZES: list[tuple[Any, Any]] = [
    ((3, 4), [[3, 4], [3, 4]]),
    ([[3, 4], [5, 6]], [[3, 4], [5, 6]]),
    (np.array([[3, 4], [5, 6]], np.uint16), [[3, 4], [5, 6]]),
    (np.array([3.0, 4.0]), [[3, 4], [3, 4]]),
    ((65535, 65537), [[65535, 65537]] * 2),
]


@pytest.mark.parametrize(("sizes", "expected"), SIZES)
def test_sizes_that_are_taken(sizes: Any, expected: Any) -> None:
    checked = ragged.as_sizes("f", sizes, 2)
    assert checked.dtype == np.int32
    assert checked.flags.c_contiguous
    assert checked.tolist() == expected


BAD_SIZES: list[tuple[Any, type[Exception], str]] = [
    (3, ValueError, r"must have shape \(2,\) or \(2, 2\), got \(\)"),
    ((3, 4, 5), ValueError, r"must have shape \(2,\) or \(2, 2\), got \(3,\)"),
    ([[3, 4]], ValueError, r"must have shape \(2,\) or \(2, 2\), got \(1, 2\)"),
    ([], ValueError, r"must have shape \(2,\) or \(2, 2\), got \(0, 2\)"),
    ([[3, 4], [5]], TypeError, "must be integers, got object"),
    (None, TypeError, "must be integers, got object"),
    ("34", TypeError, "must be integers, got <U2"),
    ((3.5, 4), TypeError, "must be integers, got float64"),
    ((np.nan, 4), TypeError, "must be integers, got float64"),
    ((True, True), TypeError, "must be integers, got bool"),
    (
        (0, 4),
        ValueError,
        "sizes of mask 0 must be at least 1x1 and below 2.*got height 0 and width 4",
    ),
    ([[1, 1], [2, -3]], ValueError, "sizes of mask 1 must be at least .* height 2 and width -3"),
    ((2**31, 1), ValueError, "sizes of mask 0 must be .* height 2147483648 and width 1"),
    ((2**62, 1), ValueError, "sizes of mask 0 must be .* height 4611686018427387904 and width 1"),
    ((np.inf, 1), ValueError, "sizes of mask 0 must be .* height inf"),
    ((65536, 65536), ValueError, "sizes of mask 0 must be .* height 65536 and width 65536"),
]


@pytest.mark.parametrize(("sizes", "error", "message"), BAD_SIZES)
def test_sizes_that_are_refused(sizes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ragged.as_sizes("f", sizes, 2)
