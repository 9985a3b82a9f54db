from __future__ import annotations

import doctest
import functools
import pickle
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import maskmill.groups
from maskmill import PairMatrices, group

KEYS = st.one_of(
    st.lists(st.integers(-3, 3)),
    st.lists(st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.sampled_from(["", "a", "b.jpg", "ä"])),
)


@given(keys=KEYS)
def test_rows_of_a_key_lie_together_in_order(keys: list[Any]) -> None:
    order, offsets, found = group(keys)
    assert order.dtype == offsets.dtype == np.int64
    assert found.tolist() == sorted(set(keys))
    assert offsets[0] == 0
    assert offsets[-1] == len(keys) == len(order)
    for g, key in enumerate(found.tolist()):
        rows = order[offsets[g] : offsets[g + 1]]
        assert rows.tolist() == [i for i, k in enumerate(keys) if k == key]


@given(keys=KEYS, data=st.data())
def test_all_keys_give_the_groups_and_their_order(keys: list[Any], data: st.DataObject) -> None:
    extra = ["z", "y"] if keys and isinstance(keys[0], str) else [10, -10]
    everything = data.draw(st.permutations(sorted({*keys, *extra})))
    order, offsets, found = group(keys, all_keys=everything)
    assert found.tolist() == everything
    for g, key in enumerate(everything):
        rows = order[offsets[g] : offsets[g + 1]]
        assert rows.tolist() == [i for i, k in enumerate(keys) if k == key]


@pytest.mark.parametrize(
    ("keys", "all_keys"),
    [
        (np.array([7, 3, 7], np.uint8), None),
        (np.array([7, 3, 7], np.uint64), np.array([3, 7], np.int64)),
        (np.array([7, 3, 7], np.int32), np.array([3, 7], np.uint16)),
        (np.array([7, 3, 7], object), [3, 7]),
        ((np.int64(7), 3, np.int32(7)), (3, 7)),
        (["7", np.str_("3"), "7"], np.array(["3", "7"])),
        (np.array(["7", "3", "7"], object), np.array(["3", "7"], object)),
        ([b"7", b"3", b"7"], None),
        (np.array([2**63, 3, 2**63], np.uint64), None),
        ([True, False, True], None),
    ],
)
def test_kinds_of_keys(keys: object, all_keys: object) -> None:
    order, offsets, _ = group(keys, all_keys=all_keys)
    assert order.tolist() == [1, 0, 2]
    assert offsets.tolist() == [0, 1, 3]


def test_large_ids_of_either_sign_stay_apart() -> None:
    keys = np.array([2**60 + 1, 2**60], np.uint64)
    order, offsets, _ = group(keys, all_keys=[2**60 - 1, 2**60, 2**60 + 1])
    assert order.tolist() == [1, 0]
    assert offsets.tolist() == [0, 0, 1, 2]


def test_no_rows() -> None:
    none: list[Any] = [[], np.zeros(0, np.int64), np.zeros(0, object)]
    for keys in none:
        order, offsets, found = group(keys)
        assert (len(order), offsets.tolist(), len(found)) == (0, [0], 0)
        order, offsets, found = group(keys, all_keys=["a", "b"])
        assert (len(order), offsets.tolist(), found.tolist()) == (0, [0, 0, 0], ["a", "b"])
        order, offsets, found = group(keys, all_keys=[])
        assert (len(order), offsets.tolist(), len(found)) == (0, [0], 0)


MATRICES = PairMatrices(np.arange(10.0), np.array([[2, 3], [0, 5], [4, 1]]))
later: Callable[..., Callable[[], Any]] = functools.partial


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            later(group, 7),
            ValueError,
            "group: keys must have 1 dimension, got shape (). Give one key a row.",
        ),
        (
            later(group, [7], all_keys=[[7]]),
            ValueError,
            "group: all_keys must have 1 dimension, got shape (1, 1). Give one key a row.",
        ),
        (
            later(group, [7, 3], all_keys=[7]),
            ValueError,
            "group: keys must be among all_keys, got 3. Add the key or drop the rows.",
        ),
        (
            later(group, ["b", "c"], all_keys=["b", "a"]),
            ValueError,
            "group: keys must be among all_keys, got 'c'. Add the key or drop the rows.",
        ),
        (
            later(group, [7], all_keys=[]),
            ValueError,
            "group: keys must be among all_keys, got 7. Add the key or drop the rows.",
        ),
        (
            later(group, [7], all_keys=[7, 3, 5, 3]),
            ValueError,
            "group: all_keys must be distinct, got 3 twice. Use np.unique.",
        ),
        (
            later(group, [1.0, np.nan]),
            TypeError,
            "group: keys must be integers or strings, got float64. Convert them.",
        ),
        (
            later(group, [None]),
            TypeError,
            "group: keys must be integers or strings, got object. Convert them.",
        ),
        (
            later(group, [1, "1"]),
            TypeError,
            "group: keys must be of one type, got int and str. Convert them.",
        ),
        (
            later(group, np.array([1, "1"], object)),
            TypeError,
            "group: keys must be of one type, got int and str. Convert them.",
        ),
        (
            later(group, [1, 2], all_keys=["1", "2"]),
            TypeError,
            "group: all_keys must be of the type of keys, got <U1 for int64. Convert one of them.",
        ),
        (
            later(group, [b"1"], all_keys=["1"]),
            TypeError,
            "group: all_keys must be of the type of keys, got <U1 for |S1. Convert one of them.",
        ),
        (
            lambda: MATRICES[3],
            IndexError,
            "PairMatrices: index must be between -3 and 2, got 3. There is one matrix a group.",
        ),
        (
            lambda: MATRICES[-4],
            IndexError,
            "PairMatrices: index must be between -3 and 2, got -4. There is one matrix a group.",
        ),
    ],
)
def test_bad_arguments(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


def test_matrices_are_views_group_by_group() -> None:
    assert len(MATRICES) == 3
    assert [m.shape for m in MATRICES] == [(2, 3), (0, 5), (4, 1)]
    np.testing.assert_array_equal(MATRICES[0], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(MATRICES[-1], [[6], [7], [8], [9]])
    assert MATRICES[0].base is not None
    assert np.shares_memory(MATRICES[0], MATRICES.values)
    assert repr(MATRICES) == "PairMatrices(3 groups, 10 pairs, float64)"


def test_matrices_pickle() -> None:
    again = pickle.loads(pickle.dumps(MATRICES))
    np.testing.assert_array_equal(again.values, MATRICES.values)
    np.testing.assert_array_equal(again.shapes, MATRICES.shapes)
    np.testing.assert_array_equal(again.offsets, MATRICES.offsets)


def test_examples_run() -> None:
    result = doctest.testmod(maskmill.groups)
    assert result.attempted > 0
    assert result.failed == 0
