from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import maskmill
from maskmill import Masks, Polygons, encode, from_coco_strings, rasterize, trace
from maskmill.backend.contract import BackendName
from tests.oracles import dense_from_masks, label_components, masks_from_dense
from tests.real_data import ANNOTATION_FILES, STRESS_FILES, load_annotations, load_map
from tests.strategies import batches

Ring = npt.NDArray[np.float64]


def rings_of(polygons: Polygons) -> list[list[list[Ring]]]:
    """Rings of the parts of the masks."""
    rings = np.split(polygons.coords, polygons.ring_offsets[1:-1])
    parts = [rings[a:b] for a, b in itertools.pairwise(polygons.part_offsets.tolist())]
    return [parts[a:b] for a, b in itertools.pairwise(polygons.mask_offsets.tolist())]


def checked(polygons: Polygons) -> Polygons:
    """Through the checks of the constructor."""
    return Polygons(
        polygons.coords,
        polygons.ring_offsets,
        polygons.part_offsets,
        polygons.mask_offsets,
        polygons.sizes,
    )


def shoelace(ring: Ring) -> float:
    x, y = ring.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def same_columns(a: Polygons, b: Polygons) -> bool:
    names = ("coords", "ring_offsets", "part_offsets", "mask_offsets", "sizes")
    pairs = [(getattr(a, name), getattr(b, name)) for name in names]
    return all(p.dtype == q.dtype and p.tobytes() == q.tobytes() for p, q in pairs)


def picture(*rows: str) -> Masks:
    return encode(np.array([[c == "#" for c in row] for row in rows]), backend="numpy")


TINY = {
    "nothing": (picture("..", ".."), []),
    "one pixel": (picture("...", ".#."), [[[1, 1, 2, 1, 2, 2, 1, 2]]]),
    "everything": (picture("###", "###"), [[[0, 0, 3, 0, 3, 2, 0, 2]]]),
    "an L": (picture("#.", "##"), [[[0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 0, 2]]]),
    "two parts at a corner": (
        picture("#.", ".#"),
        [[[0, 0, 1, 0, 1, 1, 0, 1]], [[1, 1, 2, 1, 2, 2, 1, 2]]],
    ),
    "two parts at the other corner": (
        picture(".#", "#."),
        [[[0, 1, 1, 1, 1, 2, 0, 2]], [[1, 0, 2, 0, 2, 1, 1, 1]]],
    ),
    "a hole": (
        picture("###", "#.#", "###"),
        [[[0, 0, 3, 0, 3, 3, 0, 3], [1, 1, 1, 2, 2, 2, 2, 1]]],
    ),
    "an outline that touches itself": (
        picture("###", "#.#", "##."),
        [[[0, 0, 3, 0, 3, 2, 2, 2, 2, 3, 0, 3], [1, 1, 1, 2, 2, 2, 2, 1]]],
    ),
    "two holes at a corner": (
        picture("####", "##.#", "#.##", "####"),
        [
            [
                [0, 0, 4, 0, 4, 4, 0, 4],
                [1, 2, 1, 3, 2, 3, 2, 2],
                [2, 1, 2, 2, 3, 2, 3, 1],
            ]
        ],
    ),
    "a part in a hole": (
        picture("#####", "#...#", "#.#.#", "#...#", "#####"),
        [
            [[0, 0, 5, 0, 5, 5, 0, 5], [1, 1, 1, 4, 4, 4, 4, 1]],
            [[2, 2, 3, 2, 3, 3, 2, 3]],
        ],
    ),
}


@pytest.mark.parametrize("case", TINY)
def test_tiny(case: str, backend: BackendName) -> None:
    masks, expected = TINY[case]
    (parts,) = rings_of(trace(masks, backend=backend))
    assert [[ring.reshape(-1).tolist() for ring in part] for part in parts] == expected


@given(masks=batches())
def test_rasterize_turns_it_around(backend: BackendName, masks: Masks) -> None:
    polygons = checked(trace(masks, backend=backend))
    assert rasterize(polygons, rule="center", backend=backend) == masks


@given(masks=batches())
def test_what_is_said_of_parts_and_rings(backend: BackendName, masks: Masks) -> None:
    for dense, parts in zip(
        dense_from_masks(masks), rings_of(trace(masks, backend=backend)), strict=True
    ):
        found = label_components(dense, 4)
        assert len(parts) == found.max()
        assert [tuple(p[0][0]) for p in parts] == sorted(tuple(p[0][0]) for p in parts)
        for outline, *holes in parts:
            x, y = outline[0].astype(int)
            own = found == found[y, x]
            assert shoelace(outline) + sum(map(shoelace, holes)) == own.sum()
            assert shoelace(outline) > 0
            assert all(shoelace(hole) < 0 for hole in holes)
            assert [tuple(h[0]) for h in holes] == sorted(tuple(h[0]) for h in holes)
            background = label_components(~np.pad(own, 1), 4)
            assert len(holes) == background.max() - 1
            for ring in (outline, *holes):
                vertices = list(map(tuple, ring))
                assert len(set(vertices)) == len(vertices)
                assert vertices[0] == min(vertices)
                steps = np.roll(ring, -1, axis=0) - ring
                assert ((steps != 0).sum(axis=1) == 1).all()
                assert ((steps * np.roll(steps, 1, axis=0)).sum(axis=1) == 0).all()


@given(masks=batches(), tolerance=st.sampled_from([0.0, 0.5, 0.75, 1.0, 2.5, 1e200]))
def test_backends_agree_on_any_threads(masks: Masks, tolerance: float) -> None:
    expected = trace(masks, tolerance=tolerance, backend="numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            assert same_columns(trace(masks, tolerance=tolerance, backend="cpu"), expected)


@given(masks=batches(), tolerance=st.floats(0.1, 9.0))
def test_dropped_vertices_lie_within_the_tolerance(
    backend: BackendName, masks: Masks, tolerance: float
) -> None:
    exact = trace(masks, backend=backend)
    simple = checked(trace(masks, tolerance=tolerance, backend=backend))
    assert np.array_equal(simple.part_offsets, exact.part_offsets)
    assert np.array_equal(simple.mask_offsets, exact.mask_offsets)
    for whole, kept in zip(
        np.split(exact.coords, exact.ring_offsets[1:-1]),
        np.split(simple.coords, simple.ring_offsets[1:-1]),
        strict=True,
    ):
        if not len(whole):
            continue
        assert len(kept) >= 3
        assert shoelace(kept) != 0
        vertices = list(map(tuple, whole))
        at = [vertices.index(tuple(v)) for v in kept]
        assert at == sorted(at)
        assert at[0] == 0
        for first, stop in itertools.pairwise([*at, len(whole)]):
            a, b = whole[first], whole[stop % len(whole)]
            for point in whole[first + 1 : stop]:
                along = b - a
                t = np.clip((point - a) @ along / (along @ along), 0, 1)
                assert np.hypot(*(point - a - t * along)) <= tolerance + 1e-9


def test_a_staircase_becomes_a_line(backend: BackendName) -> None:
    stairs = encode(np.tri(50, dtype=bool), backend="numpy")
    polygons = trace(stairs, tolerance=0.75, backend=backend)
    assert polygons.coords.tolist() == [[0, 0], [50, 50], [0, 50]]


def huge(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.array([0, len(bounds)]), np.array([size], np.int32))


HUGE = {
    "full": huge((30_000, 30_000), (0, 900_000_000)),
    "all but the corners": huge((30_000, 30_000), (1, 899_999_999)),
    "a few spans": huge((30_000, 30_000), (5, 6), (29_990, 30_010), (10**8, 7 * 10**8)),
    "one row": huge((1, 2**22), (0, 7), (9, 2**22)),
    "one column": huge((2**22, 1), (0, 7), (9, 2**22)),
    "a band that ends in the next column": huge((4, 9), (3, 6), (7, 30)),
}


@pytest.mark.parametrize("case", HUGE)
def test_large_masks_of_few_runs(case: str) -> None:
    for tolerance in (0.0, 3.0):
        polygons = trace(HUGE[case], tolerance=tolerance, backend="cpu")
        assert same_columns(polygons, trace(HUGE[case], tolerance=tolerance, backend="numpy"))
    assert rasterize(trace(HUGE[case]), rule="center") == HUGE[case]


@pytest.mark.parametrize("density", [0.1, 0.5, 0.6, 0.9])
def test_noise(density: float) -> None:
    masks = encode(np.random.default_rng(1).random((3, 200, 300)) < density, backend="numpy")
    polygons = trace(masks, backend="cpu")
    assert rasterize(polygons, rule="center") == masks
    for tolerance in (0.0, 0.75, 4.0):
        expected = trace(masks, tolerance=tolerance, backend="numpy")
        assert same_columns(trace(masks, tolerance=tolerance, backend="cpu"), expected)


@pytest.mark.parametrize("name", [*ANNOTATION_FILES, *STRESS_FILES])
def test_real_masks(name: str) -> None:
    if name in STRESS_FILES:
        a_map = load_map(name)
        masks = from_coco_strings(a_map.strings, a_map.size)
    else:
        annotations = load_annotations(name)
        masks = from_coco_strings([a.string for a in annotations], [a.size for a in annotations])
    polygons = checked(trace(masks))
    assert rasterize(polygons, rule="center") == masks
    some = masks[:: max(1, len(masks) // 200)]
    for tolerance in (0.0, 1.0):
        expected = trace(some, tolerance=tolerance, backend="numpy")
        assert same_columns(trace(some, tolerance=tolerance, backend="cpu"), expected)


def test_no_masks(backend: BackendName) -> None:
    for tolerance in (0.0, 1.0):
        polygons = trace(Masks.empty(), tolerance=tolerance, backend=backend)
        assert same_columns(polygons, Polygons.empty())
    nothing = trace(masks_from_dense([np.zeros((2, 3), bool)]), tolerance=1, backend=backend)
    assert nothing.mask_offsets.tolist() == [0, 0]
    assert nothing.sizes.tolist() == [[2, 3]]
