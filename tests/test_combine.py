from __future__ import annotations

import doctest
import functools
import importlib
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import (
    Masks,
    area,
    complement,
    difference,
    intersection,
    intersection_area,
    merge,
    symmetric_difference,
    union,
)
from maskmill.backend.contract import SET_OPS, BackendName, SetOp
from tests.oracles import Dense, coco_rle, dense_from_masks, masks_from_dense
from tests.strategies import (
    Offsets,
    Sizes,
    batches,
    grouped_batches,
    paired_batches,
)

FUNCTIONS: dict[SetOp, Callable[..., Masks]] = {
    "union": union,
    "intersection": intersection,
    "difference": difference,
    "symmetric_difference": symmetric_difference,
}
ON_PIXELS: dict[SetOp, Callable[[Dense, Dense], Dense]] = {
    "union": np.logical_or,
    "intersection": np.logical_and,
    "difference": lambda p, q: p & ~q,
    "symmetric_difference": np.logical_xor,
}
Grouped = tuple[list[Masks], list[Offsets], Sizes]


def fold_pixels(op: SetOp, stack: list[Dense], size: tuple[int, int]) -> Dense:
    if not stack:
        return np.full(size, op == "intersection")
    return functools.reduce(ON_PIXELS[op], stack)


def blobs(n: int, size: tuple[int, int], seed: int) -> Masks:
    """Discs that overlap one another, some with a hole."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    stack = []
    for _ in range(n):
        cy, cx = rng.random(2) * size
        away = np.hypot(y - cy, x - cx)
        outer = rng.uniform(2, min(size) / 2)
        stack.append((away < outer) & (away >= rng.choice([0, outer / 2])))
    return maskmill.encode(np.stack(stack), backend="numpy")


@pytest.mark.parametrize("op", SET_OPS)
@given(pair=paired_batches())
def test_pairs_equal_dense(backend: BackendName, op: SetOp, pair: tuple[Masks, Masks]) -> None:
    a, b = pair
    n = len(b) if len(a) == 1 else len(a)
    dense_a, dense_b = dense_from_masks(a), dense_from_masks(b)
    expected = [ON_PIXELS[op](dense_a[i % len(a)], dense_b[i % len(b)]) for i in range(n)]
    assert FUNCTIONS[op](a, b, backend=backend) == masks_from_dense(expected)


@given(masks=batches())
def test_complement_equals_dense(backend: BackendName, masks: Masks) -> None:
    expected = [~d for d in dense_from_masks(masks)]
    assert complement(masks, backend=backend) == masks_from_dense(expected)


@pytest.mark.parametrize("op", SET_OPS)
@given(grouped=grouped_batches(most=9))
def test_merge_equals_dense(backend: BackendName, op: SetOp, grouped: Grouped) -> None:
    (masks,), (groups,), sizes = grouped
    dense = dense_from_masks(masks)
    expected = [
        fold_pixels(op, dense[groups[g] : groups[g + 1]], tuple(size))
        for g, size in enumerate(sizes.tolist())
    ]
    assert merge(masks, groups, op=op, sizes=sizes, backend=backend) == masks_from_dense(expected)


@pytest.mark.parametrize("intersect", [False, True])
@given(grouped=grouped_batches())
def test_merge_equals_pycocotools(backend: BackendName, intersect: bool, grouped: Grouped) -> None:
    from pycocotools import mask

    (masks,), (groups,), sizes = grouped
    op: SetOp = "intersection" if intersect else "union"
    merged = merge(masks, groups, op=op, sizes=sizes, backend=backend)
    dense = dense_from_masks(masks)
    for g in np.flatnonzero(np.diff(groups)):
        rles = [coco_rle(d) for d in dense[groups[g] : groups[g + 1]]]
        expected = mask.decode(mask.merge(rles, intersect=intersect)).astype(bool)
        np.testing.assert_array_equal(dense_from_masks(merged[int(g)])[0], expected)


@given(pair=paired_batches(), masks=batches())
def test_backends_agree_on_any_threads(pair: tuple[Masks, Masks], masks: Masks) -> None:
    for n in (1, 2, 7):
        with maskmill.threads(n):
            for of_pair in FUNCTIONS.values():
                assert of_pair(*pair, backend="cpu") == of_pair(*pair, backend="numpy")
            assert complement(masks, backend="cpu") == complement(masks, backend="numpy")


@pytest.mark.parametrize("op", SET_OPS)
@given(grouped=grouped_batches(most=9))
def test_merge_backends_agree_on_any_threads(op: SetOp, grouped: Grouped) -> None:
    (masks,), (groups,), sizes = grouped
    expected = merge(masks, groups, op=op, sizes=sizes, backend="numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert merge(masks, groups, op=op, sizes=sizes, backend="cpu") == expected


@pytest.mark.parametrize("op", SET_OPS)
def test_work_that_is_split_between_threads(op: SetOp) -> None:
    masks = blobs(40, (90, 120), seed=1)
    n = 2000
    rng = np.random.default_rng(2)
    a, b = masks[rng.integers(0, 40, n)], masks[rng.integers(0, 40, n)]
    groups = np.sort(np.concatenate([[0, 0, n], rng.integers(0, n, 150)]))
    one = FUNCTIONS[op](a, b, backend="numpy")
    shared = FUNCTIONS[op](a, b[:1], backend="numpy")
    merged = merge(a, groups, op=op, sizes=(90, 120), backend="numpy")
    whole = merge(a, op=op, backend="numpy")
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert FUNCTIONS[op](a, b, backend="cpu") == one
            assert FUNCTIONS[op](a, b[:1], backend="cpu") == shared
            assert merge(a, groups, op=op, sizes=(90, 120), backend="cpu") == merged
            assert merge(a, op=op, backend="cpu") == whole
            assert complement(complement(a, backend="cpu"), backend="cpu") == a


def sparse(n: int, size: tuple[int, int], n_spans: int, seed: int) -> Masks:
    rng = np.random.default_rng(seed)
    bounds = [np.sort(rng.choice(size[0] * size[1], 2 * n_spans, False)) for _ in range(n)]
    offsets = 2 * n_spans * np.arange(n + 1)
    sizes = np.array([size] * n, np.int32)
    return Masks(np.concatenate(bounds).astype(np.uint32), offsets, sizes)


def bands(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    """One mask a span."""
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.arange(0, len(bounds) + 1, 2), np.array([size] * len(spans), np.int32))


# Few long lists are merged two by two; many short gaps are painted bit by bit, a window of 2**19
# pixels at a time, and large groups in parts, a thread each. What a fold takes depends on its size.
FOLDS = {
    "few pixels": sparse(9, (8, 8), 10, 1),
    "whole words": sparse(9, (64, 20), 300, 2),
    "three windows": sparse(9, (1000, 1100), 20_000, 3),
    "three windows, nearly full": complement(sparse(9, (1000, 1100), 9000, 4)),
    "a large image": sparse(40, (20_000, 30_000), 500, 5),
    "two masks": sparse(2, (300, 1000), 50_000, 6),
    "one mask": sparse(1, (64, 64), 500, 7),
    "from word to word": bands((64, 64), *[(64, 4096), (0, 64), (4032, 4096), (64, 128)] * 9),
    "all and nothing": Masks.concatenate(
        [bands((64, 64), (0, 4096)), sparse(3, (64, 64), 0, 8), sparse(9, (64, 64), 900, 9)]
    ),
}


@pytest.mark.parametrize("op", SET_OPS)
@pytest.mark.parametrize("kind", FOLDS)
def test_folds_of_all_kinds(kind: str, op: SetOp) -> None:
    masks = FOLDS[kind]
    expected = merge(masks, op=op, backend="numpy")
    some = [0, 0, len(masks) // 2, len(masks)]
    size = masks.sizes[0].tolist()
    in_groups = merge(masks, some, op=op, sizes=size, backend="numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert merge(masks, op=op, backend="cpu") == expected
            assert merge(masks, some, op=op, sizes=size, backend="cpu") == in_groups


@given(pair=paired_batches())
def test_laws_of_two_masks(backend: BackendName, pair: tuple[Masks, Masks]) -> None:
    a, b = pair
    if len(a) != len(b):
        a, b = (a[np.zeros(len(b), int)], b) if len(a) == 1 else (a, b[np.zeros(len(a), int)])
    both = functools.partial(intersection, backend=backend)
    either = functools.partial(union, backend=backend)
    one = functools.partial(symmetric_difference, backend=backend)
    less = functools.partial(difference, backend=backend)
    inverse = functools.partial(complement, backend=backend)
    nothing = less(a, a)
    # Idempotence, absorption, commutativity.
    assert either(a, a) == a == both(a, a)
    assert either(a, both(a, b)) == a == both(a, either(a, b))
    assert either(a, b) == either(b, a)
    assert both(a, b) == both(b, a)
    assert one(a, b) == one(b, a)
    # De Morgan, double complement, the two constants.
    assert inverse(either(a, b)) == both(inverse(a), inverse(b))
    assert inverse(both(a, b)) == either(inverse(a), inverse(b))
    assert inverse(inverse(a)) == a
    assert not len(nothing.bounds)
    assert either(a, nothing) == a == one(a, nothing)
    assert both(a, inverse(nothing)) == a
    # What difference and symmetric difference mean.
    assert less(a, b) == both(a, inverse(b))
    assert one(a, b) == less(either(a, b), both(a, b)) == either(less(a, b), less(b, a))
    assert one(one(a, b), b) == a
    # Areas add up.
    np.testing.assert_array_equal(area(either(a, b)) + area(both(a, b)), area(a) + area(b))
    np.testing.assert_array_equal(area(one(a, b)), area(either(a, b)) - area(both(a, b)))
    np.testing.assert_array_equal(area(less(a, b)), area(a) - area(both(a, b)))


@given(grouped=grouped_batches(most=7))
def test_laws_of_merge(backend: BackendName, grouped: Grouped) -> None:
    (masks,), (groups,), sizes = grouped
    fold = functools.partial(merge, groups=groups, sizes=sizes, backend=backend)
    inverse = functools.partial(complement, backend=backend)
    assert inverse(fold(masks)) == fold(inverse(masks), op="intersection")
    # The order matters to the difference alone.
    backwards = np.concatenate(
        [np.arange(stop - 1, start - 1, -1) for start, stop in itertools.pairwise(groups.tolist())]
        or [np.zeros(0, int)]
    )
    for op in SET_OPS:
        if op != "difference":
            assert fold(masks, op=op) == fold(masks[backwards], op=op)
    # Fold all but the last, then the last: the same.
    filled = np.flatnonzero(np.diff(groups))
    some = merge(masks, groups, op="difference", sizes=sizes, backend=backend)[filled]
    first, last = groups[filled], groups[filled + 1]
    assert intersection(some, masks[first], backend=backend) == some
    several = np.flatnonzero(last - first > 1)
    assert not intersection_area(
        some[several], masks[last[several] - 1], groups_a=np.arange(len(several) + 1),
        groups_b=np.arange(len(several) + 1), backend=backend,
    ).values.any()  # fmt: skip


@pytest.mark.parametrize(
    ("op", "bounds"),
    [
        ("union", [1, 8]),
        ("intersection", [2, 3, 5, 6]),
        ("difference", [1, 2, 3, 4]),
        ("symmetric_difference", [1, 2, 3, 5, 6, 8]),
    ],
)
def test_tiny(backend: BackendName, op: SetOp, bounds: list[int]) -> None:
    def one(*values: int) -> Masks:
        return Masks(
            np.array(values, np.uint32), np.array([0, len(values)]), np.array([[3, 3]], np.int32)
        )

    a, b = one(1, 4, 5, 6), one(2, 3, 4, 8)
    if op == "symmetric_difference":
        bounds = [1, 2, 3, 5, 6, 8]
    assert FUNCTIONS[op](a, b, backend=backend) == one(*bounds)


@pytest.mark.parametrize("op", SET_OPS)
def test_masks_of_the_largest_size(backend: BackendName, op: SetOp) -> None:
    size = np.array([[65537, 65535]], np.int32)  # 2**32 - 1 pixels
    n = 2**32 - 1

    def one(*values: int) -> Masks:
        return Masks(np.array(values, np.uint32), np.array([0, len(values)]), size)

    a, b = one(0, 7, n - 3, n), one(5, n)
    expected = {
        "union": one(0, n),
        "intersection": one(5, 7, n - 3, n),
        "difference": one(0, 5),
        "symmetric_difference": one(0, 5, 7, n - 3),
    }
    assert FUNCTIONS[op](a, b, backend=backend) == expected[op]
    both = Masks.concatenate([a, b])
    assert merge(both, op=op, backend=backend) == expected[op]
    assert complement(a, backend=backend) == one(7, n - 3)
    assert complement(one(), backend=backend) == one(0, n)


@pytest.mark.parametrize("op", SET_OPS)
def test_no_masks(backend: BackendName, op: SetOp) -> None:
    one = masks_from_dense([np.eye(3, dtype=bool)])
    none = Masks.empty()
    for a, b in [(none, none), (none, one), (one, none)]:
        assert FUNCTIONS[op](a, b, backend=backend) == none
    assert complement(none, backend=backend) == none
    assert merge(none, [0], op=op, backend=backend) == none
    full = op == "intersection"
    expected = masks_from_dense([np.full((2, 3), full), np.full((1, 5), full)])
    assert merge(none, [0, 0, 0], op=op, sizes=[(2, 3), (1, 5)], backend=backend) == expected
    assert merge(none, op=op, sizes=(2, 3), backend=backend) == expected[0]


def test_inputs_may_be_read_only_and_are_kept(backend: BackendName) -> None:
    masks = blobs(6, (20, 30), seed=3)
    before = masks[np.arange(6)]
    for column in (masks.bounds, masks.offsets, masks.sizes):
        column.flags.writeable = False
    union(masks, masks[::-1], backend=backend)
    complement(masks, backend=backend)
    merge(masks, [0, 2, 6], op="difference", backend=backend)
    assert masks == before


later: Callable[..., Callable[[], Any]] = functools.partial
A = masks_from_dense([np.ones((2, 3), bool)] * 3)
B = masks_from_dense([np.ones((2, 3), bool), np.ones((3, 2), bool), np.ones((2, 3), bool)])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            later(union, A, [1], backend="cpu"),
            TypeError,
            "union: b must be Masks, got list. Build one with maskmill.Masks.from_coco or another "
            "constructor.",
        ),
        (
            later(difference, None, A, backend="cpu"),
            TypeError,
            "difference: a must be Masks, got NoneType. Build one with maskmill.Masks.from_coco or "
            "another constructor.",
        ),
        (
            later(intersection, A, A[:2]),
            ValueError,
            "intersection: b must have as many masks as a (3), or one of them a single mask, got "
            "2. Use merge to fold a group into one mask.",
        ),
        (
            later(union, A, Masks.empty()),
            ValueError,
            "union: b must have as many masks as a (3), or one of them a single mask, got 0. Use "
            "merge to fold a group into one mask.",
        ),
        (
            later(symmetric_difference, A, B),
            ValueError,
            "symmetric_difference: b must have the sizes of a, got (3, 2) for (2, 3) at pair 1. "
            "Pair masks of one image.",
        ),
        (
            later(union, A[:1], B),
            ValueError,
            "union: b must have the sizes of a, got (3, 2) for (2, 3) at pair 1. Pair masks of one "
            "image.",
        ),
        (
            later(union, B, A[:1]),
            ValueError,
            "union: b must have the sizes of a, got (2, 3) for (3, 2) at pair 1. Pair masks of one "
            "image.",
        ),
        (
            later(complement, "mask"),
            TypeError,
            "complement: masks must be Masks, got str. Build one with maskmill.Masks.from_coco or "
            "another constructor.",
        ),
        (
            later(merge, {}),
            TypeError,
            "merge: masks must be Masks, got dict. Build one with maskmill.Masks.from_coco or "
            "another constructor.",
        ),
        (
            later(merge, A, op="xor"),
            ValueError,
            "merge: op must be one of 'union', 'intersection', 'difference', "
            "'symmetric_difference', got 'xor'. Spell it as listed.",
        ),
        (
            later(merge, A, op=np.ones(2)),
            ValueError,
            "merge: op must be one of 'union', 'intersection', 'difference', "
            "'symmetric_difference', got array([1., 1.]). Spell it as listed.",
        ),
        (
            later(merge, A, op=None),
            ValueError,
            "merge: op must be one of 'union', 'intersection', 'difference', "
            "'symmetric_difference', got None. Spell it as listed.",
        ),
        (
            later(merge, B),
            ValueError,
            "merge: masks must have one size inside a group, got (3, 2) at mask 1 where group 0 "
            "has (2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(merge, B, [0, 0, 1, 3]),
            ValueError,
            "merge: masks must have one size inside a group, got (2, 3) at mask 2 where group 2 "
            "has (3, 2). Group masks by image, or resize them first.",
        ),
        (
            later(merge, A, sizes=(4, 4)),
            ValueError,
            "merge: masks must have one size inside a group, got (2, 3) at mask 0 where group 0 "
            "has (4, 4). Group masks by image, or resize them first.",
        ),
        (
            later(merge, A, [0, 3, 3]),
            ValueError,
            "merge: sizes must be given when a group has no masks, got none for group 1. Pass "
            "sizes=(height, width) or one pair a group.",
        ),
        (
            later(merge, Masks.empty()),
            ValueError,
            "merge: sizes must be given when a group has no masks, got none for group 0. Pass "
            "sizes=(height, width) or one pair a group.",
        ),
        (
            later(merge, A, [0, 1, 2, 3], sizes=[(2, 3), (2, 3)]),
            ValueError,
            "merge: sizes must have shape (2,) or (3, 2), got (2, 2). Give one (height, width), or "
            "one a group.",
        ),
        (
            later(merge, A, sizes=(0, 3)),
            ValueError,
            "merge: sizes of group 0 must be at least 1x1 and below 2**32 pixels, got height 0 and "
            "width 3. Give (height, width) of the image.",
        ),
        (
            later(merge, A, [0, 2]),
            ValueError,
            "merge: groups must run from 0 to the number of values (3), got 0 to 2. Rebase the "
            "offsets of a cut-out column.",
        ),
        (
            later(merge, A, [1, 3]),
            ValueError,
            "merge: groups must run from 0 to the number of values (3), got 1 to 3. Rebase the "
            "offsets of a cut-out column.",
        ),
        (
            later(merge, A, [0, 2, 1, 3]),
            ValueError,
            "merge: groups must not decrease, got 2 followed by 1 at row 1. Row i owns "
            "values[groups[i]:groups[i+1]].",
        ),
        (
            later(merge, A, [0.0, 3.0]),
            TypeError,
            "merge: groups must be integer offsets, got float64. maskmill.group(keys) makes groups "
            "from the image of each mask.",
        ),
        (
            later(merge, A, []),
            ValueError,
            "merge: groups must have 1 dimension and one offset more than groups, got shape (0,). "
            "maskmill.group(keys) makes groups from the image of each mask.",
        ),
        (
            later(merge, A, [[0, 3]]),
            ValueError,
            "merge: groups must have 1 dimension and one offset more than groups, got shape (1, 2)."
            " maskmill.group(keys) makes groups from the image of each mask.",
        ),
        (
            later(union, A, A, backend="gpu"),
            ValueError,
            "backend_for: backend must be one of numpy, cpu, cuda, cupy, got 'gpu'. "
            "maskmill.backends() tells which ones run here.",
        ),
    ],
)
def test_bad_arguments(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


def test_examples_run() -> None:
    result = doctest.testmod(importlib.import_module("maskmill.ops.combine"))
    assert result.attempted > 0
    assert result.failed == 0
