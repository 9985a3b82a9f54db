from __future__ import annotations

import doctest
import functools
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

import maskmill
from maskmill import (
    Masks,
    PairMatrices,
    _core,
    area,
    dice,
    intersection,
    intersection_area,
    iou,
    union,
)
from maskmill.backend.contract import BackendName
from tests.conftest import ROOT
from tests.oracles import coco_rle, dense_from_masks, masks_from_dense
from tests.strategies import Offsets, Sizes, grouped_batches

Grouped = tuple[list[Masks], list[Offsets], Sizes]
Matrix = npt.NDArray[Any]
MEASURES: list[Callable[..., Any]] = [intersection_area, iou, dice]


def common_pixels(a: Masks, b: Masks) -> Matrix:
    dense_a, dense_b = dense_from_masks(a), dense_from_masks(b)
    common = [[int((p & q).sum()) for q in dense_b] for p in dense_a]
    return np.array(common, np.int64).reshape(len(a), len(b))


def ratio(part: Matrix, whole: Matrix) -> Matrix:
    """Divide, and call nothing over nothing 0."""
    result = np.zeros(part.shape)
    np.divide(part, whole, out=result, where=part > 0)
    return result


def discs(n: int, size: tuple[int, int], radius: tuple[float, float], seed: int) -> Masks:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    stack = []
    for _ in range(n):
        cy, cx = rng.random(2) * size
        stack.append(np.hypot(y - cy, x - cx) < rng.uniform(*radius))
    return maskmill.encode(np.stack(stack), backend="numpy")


def noise(n: int, size: tuple[int, int], density: float, seed: int) -> Masks:
    dense = np.random.default_rng(seed).random((n, *size)) < density
    return maskmill.encode(dense, backend="numpy")


@given(grouped=grouped_batches(2), data=st.data())
def test_groups_equal_dense(backend: BackendName, grouped: Grouped, data: st.DataObject) -> None:
    (a, b), (groups_a, groups_b), _ = grouped
    crowd = np.array(data.draw(st.lists(st.booleans(), min_size=len(b), max_size=len(b))), bool)
    groups: Any = {"groups_a": groups_a, "groups_b": groups_b, "backend": backend}
    got_area = intersection_area(a, b, **groups)
    got_iou = iou(a, b, **groups)
    got_crowd = iou(a, b, crowd=crowd, **groups)
    got_dice = dice(a, b, **groups)
    assert got_area.values.dtype == np.int64
    assert got_iou.values.dtype == got_crowd.values.dtype == got_dice.values.dtype == np.float64
    for g in range(len(groups_a) - 1):
        rows, columns = slice(*groups_a[g : g + 2]), slice(*groups_b[g : g + 2])
        common = common_pixels(a[rows], b[columns])
        area_a, area_b = area(a)[rows, np.newaxis], area(b)[np.newaxis, columns]
        whole = area_a + area_b - common
        np.testing.assert_array_equal(got_area[g], common)
        np.testing.assert_array_equal(got_iou[g], ratio(common, whole))
        whole = np.where(crowd[columns], area_a, whole)
        np.testing.assert_array_equal(got_crowd[g], ratio(common, whole))
        np.testing.assert_array_equal(got_dice[g], ratio(2 * common, area_a + area_b))


@given(grouped=grouped_batches(2), data=st.data())
def test_iou_equals_pycocotools(
    backend: BackendName, grouped: Grouped, data: st.DataObject
) -> None:
    from pycocotools import mask

    (a, b), (groups_a, groups_b), _ = grouped
    crowd = data.draw(st.lists(st.booleans(), min_size=len(b), max_size=len(b)))
    got = iou(a, b, crowd=crowd, groups_a=groups_a, groups_b=groups_b, backend=backend)
    for g in np.flatnonzero(np.diff(groups_a) * np.diff(groups_b)).tolist():
        rows, columns = slice(*groups_a[g : g + 2]), slice(*groups_b[g : g + 2])
        expected = mask.iou(
            [coco_rle(d) for d in dense_from_masks(a[rows])],
            [coco_rle(d) for d in dense_from_masks(b[columns])],
            [int(flag) for flag in crowd[columns]],
        )
        assert got[g].tobytes() == expected.tobytes()


@given(grouped=grouped_batches(2), data=st.data())
def test_backends_agree_on_any_threads(grouped: Grouped, data: st.DataObject) -> None:
    (a, b), (groups_a, groups_b), _ = grouped
    crowd = data.draw(st.lists(st.booleans(), min_size=len(b), max_size=len(b)))
    groups: Any = {"groups_a": groups_a, "groups_b": groups_b}
    for n in (1, 2, 7):
        with maskmill.threads(n):
            for measure in MEASURES:
                expected = measure(a, b, **groups, backend="numpy")
                got = measure(a, b, **groups, backend="cpu")
                assert got.values.tobytes() == expected.values.tobytes()
                np.testing.assert_array_equal(got.shapes, expected.shapes)
            expected = iou(a, b, crowd=crowd, **groups, backend="numpy")
            got = iou(a, b, crowd=crowd, **groups, backend="cpu")
            assert got.values.tobytes() == expected.values.tobytes()


@pytest.mark.parametrize("measure", MEASURES)
def test_work_that_is_split_between_threads(measure: Callable[..., Any]) -> None:
    masks = Masks.concatenate([discs(60, (30, 40), (2, 18), 1), noise(4, (30, 40), 0.5, 2)])
    rng = np.random.default_rng(3)
    a, b = masks[rng.integers(0, 64, 300)], masks[rng.integers(0, 64, 250)]
    expected = measure(a, b, backend="numpy")
    ends = np.sort(rng.integers(0, 250, 99))
    groups_a = np.concatenate([[0], ends, [300]])
    groups_b = np.concatenate([[0], np.sort(rng.integers(0, 250, 99)), [250]])
    grouped = measure(a, b, groups_a=groups_a, groups_b=groups_b, backend="numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert measure(a, b, backend="cpu").tobytes() == expected.tobytes()
            got = measure(a, b, groups_a=groups_a, groups_b=groups_b, backend="cpu")
            assert got.values.tobytes() == grouped.values.tobytes()


METHODS = ["walk", "columns", "bits"]


def count_by(method: str | None, a: Masks, b: Masks, *groups: Any) -> npt.NDArray[np.int64]:
    """Common pixels by one of the ways in which the native backend can count them."""
    of_a, of_b = groups or (np.array([0, len(a)]), np.array([0, len(b)]))
    return _core.intersection_area(
        a.bounds,
        a.offsets,
        b.bounds,
        b.offsets,
        a.sizes,
        b.sizes,
        of_a,
        of_b,
        maskmill.thread_count(),
        method,
    )


def methods_chosen(a: Masks, b: Masks) -> list[str]:
    groups = np.array([0, len(a)]), np.array([0, len(b)])
    return _core.overlap_methods(
        a.bounds, a.offsets, b.bounds, b.offsets, a.sizes, b.sizes, *groups
    )


@given(grouped=grouped_batches(2, largest=70))
def test_all_methods_count_the_same(grouped: Grouped) -> None:
    (a, b), (groups_a, groups_b), _ = grouped
    expected = intersection_area(a, b, groups_a=groups_a, groups_b=groups_b, backend="numpy")
    for method in METHODS:
        np.testing.assert_array_equal(count_by(method, a, b, groups_a, groups_b), expected.values)


def bands(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    """One mask a span; they may cross many columns."""
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.arange(0, len(bounds) + 1, 2), np.array([size] * len(spans), np.int32))


MANY = noise(3, (3, 2000), 0.5, 1)
SHAPES = {
    "discs": (discs(20, (200, 300), (10, 90), 1), discs(30, (200, 300), (10, 90), 2)),
    "noise": (noise(5, (130, 90), 0.5, 3), noise(6, (130, 90), 0.5, 4)),
    "dust": (noise(5, (130, 90), 0.01, 5), noise(6, (130, 90), 0.01, 6)),
    "one row": (noise(5, (1, 700), 0.3, 7), noise(4, (1, 700), 0.9, 8)),
    "one column": (noise(5, (700, 1), 0.3, 9), noise(4, (700, 1), 0.9, 10)),
    "taller than 2**16": (noise(2, (70_000, 2), 0.5, 11), noise(2, (70_000, 2), 0.5, 12)),
    "as tall as 2**16 - 1": (noise(2, (65_535, 20), 1e-3, 13), noise(2, (65_535, 20), 0.999, 14)),
    "wider than 2**16": (noise(2, (2, 70_000), 0.5, 15), noise(2, (2, 70_000), 0.5, 16)),
    "long spans": (
        bands((50, 400), (0, 20_000), (30, 19_990), (49, 51), (100, 7400), (19_950, 20_000)),
        bands((50, 400), (7399, 7401), (0, 50), (50, 100), (75, 12_345)),
    ),
    "more than is prepared at once": (MANY[:1], MANY[np.arange(1000) % 3]),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_methods_on_shapes_of_all_kinds(shape: str, method: str) -> None:
    a, b = SHAPES[shape]
    expected = intersection_area(a, b, backend="numpy")
    np.testing.assert_array_equal(count_by(method, a, b).reshape(expected.shape), expected)
    np.testing.assert_array_equal(count_by(method, b, a).reshape(expected.T.shape), expected.T)


@pytest.mark.parametrize(
    ("shape", "n", "method"),
    [
        ("discs", 1, "walk"),
        ("discs", 20, "columns"),
        ("noise", 5, "bits"),
        ("long spans", 4, "walk"),
    ],
)
def test_the_method_that_pays_is_chosen(shape: str, n: int, method: str) -> None:
    a, b = SHAPES[shape]
    assert methods_chosen(a[:n], b[:n]) == [method]
    np.testing.assert_array_equal(count_by(None, a[:n], b[:n]), count_by(method, a[:n], b[:n]))


def test_masks_of_every_kind_in_tiles() -> None:
    kinds = [
        discs(60, (30, 40), (2, 18), 1),
        noise(4, (30, 40), 0.5, 2),
        discs(1, (30, 40), (-1, 0), 3),
    ]
    masks = Masks.concatenate(kinds)
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(0, len(masks), 200), rng.integers(0, len(masks), 300)
    expected = intersection_area(masks, masks, backend="numpy")[np.ix_(rows, columns)]
    for method in METHODS:
        for n in (1, 2, 7):
            with maskmill.threads(n):
                got = count_by(method, masks[rows], masks[columns])
                np.testing.assert_array_equal(got.reshape(200, 300), expected)


DIGEST = """
import hashlib
from tests.test_iou import METHODS, SHAPES, count_by
digest = hashlib.sha256()
for a, b in SHAPES.values():
    for method in METHODS:
        digest.update(count_by(method, a, b).tobytes())
print(digest.hexdigest())
"""


def test_every_instruction_set_counts_the_same() -> None:
    def digest(**environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    assert digest() == digest(MASKMILL_SIMD="portable")


@given(grouped=grouped_batches(2, most=3))
def test_laws(backend: BackendName, grouped: Grouped) -> None:
    (a, b), (groups_a, groups_b), _ = grouped
    there = iou(a, b, groups_a=groups_a, groups_b=groups_b, backend=backend)
    back = iou(b, a, groups_a=groups_b, groups_b=groups_a, backend=backend)
    dices = dice(a, b, groups_a=groups_a, groups_b=groups_b, backend=backend)
    own = iou(a, a, groups_a=groups_a, groups_b=groups_a, backend=backend)
    for g in range(len(groups_a) - 1):
        np.testing.assert_array_equal(there[g], back[g].T)
        np.testing.assert_allclose(dices[g], 2 * there[g] / (1 + there[g]), rtol=1e-15)
        filled = area(a, backend=backend)[groups_a[g] : groups_a[g + 1]] > 0
        np.testing.assert_array_equal(np.diag(own[g]), filled.astype(float))
    # The same as folding the pair, and areas are those of the folded masks.
    one_each = np.arange(min(len(a), len(b)) + 1)
    p = a[groups_a[:-1][np.diff(groups_a) * np.diff(groups_b) > 0]]
    q = b[groups_b[:-1][np.diff(groups_a) * np.diff(groups_b) > 0]]
    one_each = np.arange(len(p) + 1)
    common = intersection_area(p, q, groups_a=one_each, groups_b=one_each, backend=backend)
    np.testing.assert_array_equal(common.values, area(intersection(p, q, backend=backend)))
    expected = ratio(common.values, area(union(p, q, backend=backend)))
    got = iou(p, q, groups_a=one_each, groups_b=one_each, backend=backend)
    np.testing.assert_array_equal(got.values, expected)


def test_tiny(backend: BackendName) -> None:
    rows = np.array([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    masks = masks_from_dense(list(rows[:, np.newaxis]))
    a, b = masks[:3], masks[1:]
    np.testing.assert_array_equal(
        intersection_area(a, b, backend=backend), [[1, 0, 2], [3, 0, 3], [0, 0, 0]]
    )
    np.testing.assert_array_equal(
        iou(a, b, backend=backend), [[1 / 4, 0, 2 / 4], [1, 0, 3 / 4], [0, 0, 0]]
    )
    np.testing.assert_array_equal(
        iou(a, b, crowd=[1, 0, 1], backend=backend), [[1 / 2, 0, 1], [1, 0, 1], [0, 0, 0]]
    )
    np.testing.assert_array_equal(
        dice(a, b, backend=backend), [[2 / 5, 0, 4 / 6], [1, 0, 6 / 7], [0, 0, 0]]
    )


def test_masks_of_the_largest_size(backend: BackendName) -> None:
    sizes = np.array([[65537, 65535]] * 3, np.int32)  # 2**32 - 1 pixels
    n = 2**32 - 1
    bounds = np.array([0, n, 5, n, 0, 7, n - 3, n], np.uint32)
    masks = Masks(bounds, np.array([0, 2, 4, 8]), sizes)
    expected = [[n, n - 5, 10], [n - 5, n - 5, 5], [10, 5, 10]]
    np.testing.assert_array_equal(intersection_area(masks, masks, backend=backend), expected)
    assert iou(masks[:1], masks[1:2], backend=backend) == [[(n - 5) / n]]
    assert dice(masks[:1], masks[1:2], backend=backend) == [[2 * (n - 5) / (2 * n - 5)]]


@pytest.mark.parametrize("measure", MEASURES)
def test_no_masks(backend: BackendName, measure: Callable[..., Any]) -> None:
    one = masks_from_dense([np.eye(3, dtype=bool)] * 2)
    none = Masks.empty()
    dtype = np.int64 if measure is intersection_area else np.float64
    for a, b in [(none, none), (none, one), (one, none)]:
        got = measure(a, b, backend=backend)
        assert got.shape == (len(a), len(b))
        assert got.dtype == dtype
    no_groups = measure(none, none, groups_a=[0], groups_b=[0], backend=backend)
    assert isinstance(no_groups, PairMatrices)
    assert len(no_groups) == len(no_groups.values) == 0
    lonely = measure(one, one, groups_a=[0, 2, 2], groups_b=[0, 0, 2], backend=backend)
    assert [m.shape for m in lonely] == [(2, 0), (0, 2)]
    some = measure(one, one, groups_a=[0, 0, 1, 2], groups_b=[0, 0, 1, 2], backend=backend)
    assert [m.shape for m in some] == [(0, 0), (1, 1), (1, 1)]
    assert some.values.dtype == dtype
    assert some.values.tolist() == [3, 3] if measure is intersection_area else [1.0, 1.0]


def test_crowd_takes_booleans_and_integers(backend: BackendName) -> None:
    masks = masks_from_dense([np.eye(3, dtype=bool), np.ones((3, 3), bool)])
    flags = np.array([[False, True], [True, False]])
    expected = iou(masks, masks, crowd=[False, True], backend=backend)
    np.testing.assert_array_equal(expected, [[1, 1], [1 / 3, 1]])
    others: list[Any] = [[0, 1], np.array([0, 255], np.uint8), flags[0], flags[:, 1][::-1]]
    for crowd in others:
        np.testing.assert_array_equal(iou(masks, masks, crowd=crowd, backend=backend), expected)
    assert iou(masks, Masks.empty(), crowd=[], backend=backend).shape == (2, 0)


later: Callable[..., Callable[[], Any]] = functools.partial
A = masks_from_dense([np.ones((2, 3), bool)] * 3)
B = masks_from_dense([np.ones((2, 3), bool), np.ones((3, 2), bool)])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            later(iou, [], A),
            TypeError,
            "iou: a must be Masks, got list. Build one with maskmill.Masks.from_coco or another "
            "constructor.",
        ),
        (
            later(dice, A, np.ones(3)),
            TypeError,
            "dice: b must be Masks, got ndarray. Build one with maskmill.Masks.from_coco or "
            "another constructor.",
        ),
        (
            later(intersection_area, A, B),
            ValueError,
            "intersection_area: b must have one size inside a group, got (3, 2) at mask 1 where "
            "group 0 has (2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(iou, B, A),
            ValueError,
            "iou: a must have one size inside a group, got (3, 2) at mask 1 where group 0 has "
            "(2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(iou, A[:1], B[1:]),
            ValueError,
            "iou: b must have one size inside a group, got (3, 2) at mask 0 where group 0 has "
            "(2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(iou, Masks.empty(), B),
            ValueError,
            "iou: b must have one size inside a group, got (3, 2) at mask 1 where group 0 has "
            "(2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(dice, A, B, groups_a=[0, 1, 3], groups_b=[0, 1, 2]),
            ValueError,
            "dice: b must have one size inside a group, got (3, 2) at mask 1 where group 1 has "
            "(2, 3). Group masks by image, or resize them first.",
        ),
        (
            later(iou, A, B, groups_a=[0, 3]),
            ValueError,
            "iou: groups_a and groups_b must be given together, got only one. Make both with "
            "maskmill.group(..., all_keys=image_ids).",
        ),
        (
            later(dice, A, B, groups_b=[0, 2]),
            ValueError,
            "dice: groups_a and groups_b must be given together, got only one. Make both with "
            "maskmill.group(..., all_keys=image_ids).",
        ),
        (
            later(iou, A, B, groups_a=[0, 1, 3], groups_b=[0, 2]),
            ValueError,
            "iou: groups_b must have as many groups as groups_a (2), got 1. Make both with "
            "maskmill.group(..., all_keys=image_ids).",
        ),
        (
            later(iou, A, B, groups_a=[0, 4], groups_b=[0, 2]),
            ValueError,
            "iou: groups_a must run from 0 to the number of values (3), got 0 to 4. Rebase the "
            "offsets of a cut-out column.",
        ),
        (
            later(iou, A, B, groups_a=[0, 3], groups_b=[2, 2]),
            ValueError,
            "iou: groups_b must run from 0 to the number of values (2), got 2 to 2. Rebase the "
            "offsets of a cut-out column.",
        ),
        (
            later(iou, A, B, groups_a=[0, 3], groups_b=[0, 3, -1, 2]),
            ValueError,
            "iou: groups_b must not decrease, got 3 followed by -1 at row 1. Row i owns "
            "values[groups_b[i]:groups_b[i+1]].",
        ),
        (
            later(iou, A, B, groups_a=[0, 3], groups_b=["0", "2"]),
            TypeError,
            "iou: groups_b must be integer offsets, got <U1. maskmill.group(keys) makes groups "
            "from the image of each mask.",
        ),
        (
            later(iou, A, A, crowd=[True]),
            ValueError,
            "iou: crowd must have one value a mask of b (3), got shape (1,). Pass the iscrowd flag "
            "of each ground truth.",
        ),
        (
            later(iou, A, A, crowd=True),
            ValueError,
            "iou: crowd must have one value a mask of b (3), got shape (). Pass the iscrowd flag "
            "of each ground truth.",
        ),
        (
            later(iou, A, A, crowd=[0.0, 1.0, 0.5]),
            TypeError,
            "iou: crowd must be booleans or integers, got float64. Convert the flags.",
        ),
        (
            later(iou, A, A, backend="gpu"),
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
    result = doctest.testmod(importlib.import_module("maskmill.ops.iou"))
    assert result.attempted > 0
    assert result.failed == 0
