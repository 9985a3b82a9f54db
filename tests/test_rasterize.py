from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import maskmill
from maskmill import (
    Masks,
    Polygons,
    _core,
    area,
    bbox,
    from_coco_strings,
    from_counts,
    rasterize,
    to_coco_strings,
)
from maskmill.backend.contract import RASTER_RULES, BackendName, RasterRule
from tests import strategies
from tests.oracles import (
    Dense,
    Ring,
    center_dense,
    coco_polygon_string,
    dense_from_masks,
    masks_from_dense,
    on_boundary,
    polygons_from_lists,
)
from tests.real_data import (
    ANNOTATION_FILES,
    STRESS_FILES,
    load_annotations,
    load_map,
    polygons_of,
)

Sizes = tuple[int, int]
EXTENTS = st.one_of(st.just(1), st.integers(1, 24), st.integers(25, 4000))


def dense(rings: Sequence[Ring], size: Sizes, rule: RasterRule, backend: BackendName) -> Any:
    """One mask of one part."""
    polygons = polygons_from_lists([[rings]], [size])
    return dense_from_masks(rasterize(polygons, rule=rule, backend=backend))[0]


@given(data=st.data(), size=st.tuples(EXTENTS, EXTENTS))
def test_coco_equals_pycocotools(backend: BackendName, data: st.DataObject, size: Sizes) -> None:
    height, width = size
    ring = strategies.rings(strategies.coordinates(width), strategies.coordinates(height))
    rings = data.draw(st.lists(ring, min_size=1, max_size=3))
    polygons = polygons_from_lists([[[ring] for ring in rings]], [size])
    masks = rasterize(polygons, backend=backend)
    assert to_coco_strings(masks, backend="numpy") == [coco_polygon_string(rings, size)]


@given(data=st.data(), size=strategies.sizes())
def test_center_equals_scikit_image_except_on_the_boundary(
    backend: BackendName, data: st.DataObject, size: Sizes
) -> None:
    from skimage.draw import polygon2mask

    height, width = size
    x, y = strategies.grid_coordinates(width), strategies.grid_coordinates(height)
    ring = data.draw(strategies.rings(x, y))
    corners = np.array(ring).reshape(-1, 2)[:, ::-1] - 0.5
    expected: Dense = polygon2mask(size, corners)  # type: ignore[no-untyped-call]
    got = dense([ring], size, "center", backend)
    # A centre exactly on the boundary is a tie, which scikit-image breaks in its own way: it takes
    # nearly all of them as inside.
    boundary = on_boundary([ring], size)
    np.testing.assert_array_equal(got[~boundary], expected[~boundary])


@given(data=st.data(), size=strategies.sizes(largest=12))
def test_center_equals_counting_edges(
    backend: BackendName, data: st.DataObject, size: Sizes
) -> None:
    height, width = size
    x = strategies.coordinates(width) | strategies.grid_coordinates(width)
    y = strategies.coordinates(height) | strategies.grid_coordinates(height)
    rings = data.draw(st.lists(strategies.rings(x, y, least=0), max_size=3))
    got = dense(rings, size, "center", backend)
    np.testing.assert_array_equal(got, center_dense(rings, size))


@given(polygons=strategies.polygon_batches(), rule=st.sampled_from(RASTER_RULES))
def test_backends_and_thread_counts_agree(polygons: Polygons, rule: RasterRule) -> None:
    expected = rasterize(polygons, rule=rule, backend="numpy")
    Masks(expected.bounds, expected.offsets, expected.sizes)  # well formed
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert rasterize(polygons, rule=rule, backend="cpu") == expected


@pytest.mark.parametrize("rule", RASTER_RULES)
def test_many_masks_on_many_threads(rule: RasterRule) -> None:
    rng = np.random.default_rng(5)
    few = [
        [[rng.uniform(-9, 70, 2 * n).tolist()] for n in rng.integers(0, 40, parts)]
        for parts in rng.integers(0, 4, 60)
    ]
    polygons = polygons_from_lists(few, [(50 + i % 9, 60 - i % 7) for i in range(60)])
    expected = rasterize(polygons, rule=rule, backend="numpy")
    picked = np.arange(3000) * 7 % 60
    for threads in (1, 2, 7):
        with maskmill.threads(threads):
            assert rasterize(polygons[picked], rule=rule, backend="cpu") == expected[picked]


@given(data=st.data(), rule=st.sampled_from(RASTER_RULES))
def test_rings_of_a_part_fill_by_parity_and_parts_unite(
    backend: BackendName, data: st.DataObject, rule: RasterRule
) -> None:
    size = data.draw(strategies.sizes())
    ring = strategies.rings(strategies.coordinates(size[1]), strategies.coordinates(size[0]), 0)
    parts = data.draw(st.lists(st.lists(ring, max_size=3), max_size=3))
    expected = np.zeros(size, bool)
    for rings in parts:
        part = np.zeros(size, bool)
        for alone in rings:
            part ^= dense([alone], size, rule, backend)
        expected |= part
    masks = rasterize(polygons_from_lists([parts], [size]), rule=rule, backend=backend)
    assert masks == masks_from_dense([expected])


@given(data=st.data(), size=strategies.sizes())
def test_center_moves_with_whole_pixels(
    backend: BackendName, data: st.DataObject, size: Sizes
) -> None:
    height, width = size
    ring = data.draw(
        strategies.rings(strategies.coordinates(width), strategies.coordinates(height))
    )
    right, down = data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    moved = np.add(np.array(ring).reshape(-1, 2), (right, down)).reshape(-1).tolist()
    whole = dense([moved], (height + down, width + right), "center", backend)
    np.testing.assert_array_equal(whole[down:, right:], dense([ring], size, "center", backend))


@given(data=st.data(), size=strategies.sizes())
def test_center_does_not_see_direction_or_start(
    backend: BackendName, data: st.DataObject, size: Sizes
) -> None:
    height, width = size
    ring = data.draw(
        strategies.rings(strategies.coordinates(width), strategies.coordinates(height))
    )
    vertices = np.array(ring).reshape(-1, 2)
    expected = dense([ring], size, "center", backend)
    for same in (vertices[::-1], np.roll(vertices, data.draw(st.integers(1, 8)), axis=0)):
        np.testing.assert_array_equal(
            dense([same.reshape(-1).tolist()], size, "center", backend), expected
        )


@given(seed=st.integers(0, 2**32 - 1), cell=st.sampled_from([1.0, 2.5, 7.0]))
def test_center_tiles_without_overlap_or_gap(backend: BackendName, seed: int, cell: float) -> None:
    n = 4
    rng = np.random.default_rng(seed)
    knots = np.stack(np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0)), axis=-1)
    knots = cell * (knots + rng.uniform(-0.3, 0.3, knots.shape)) + 1
    cells = [
        [[knots[[i, i, i + 1, i + 1], [j, j + 1, j + 1, j]].reshape(-1).tolist()]]
        for i in range(n)
        for j in range(n)
    ]
    outline = np.concatenate(
        [knots[0], knots[1:, n], knots[n, n - 1 :: -1], knots[n - 1 : 0 : -1, 0]]
    )
    size = (int(n * cell) + 4,) * 2
    tiles = rasterize(polygons_from_lists(cells, [size] * n**2), rule="center", backend=backend)
    whole = dense([outline.reshape(-1).tolist()], size, "center", backend)
    np.testing.assert_array_equal(np.sum(dense_from_masks(tiles), axis=0), whole)


@pytest.mark.parametrize("level", _core.simd_levels())
def test_every_instruction_set_gives_the_same_bits(level: str) -> None:
    rng = np.random.default_rng(8)
    lists = [
        [[rng.uniform(-9, 99, 2 * n).tolist()] for n in rng.integers(0, 30, parts)]
        for parts in rng.integers(0, 4, 200)
    ]
    polygons = polygons_from_lists(lists, [(70 + i % 9, 80 - i % 7) for i in range(200)])
    before = _core.simd_level()
    _core.force_simd(level)
    try:
        for rule in RASTER_RULES:
            expected = rasterize(polygons, rule=rule, backend="numpy")
            assert rasterize(polygons, rule=rule, backend="cpu") == expected
    finally:
        _core.force_simd(before)


def test_strips_of_one_large_mask_join(backend: BackendName) -> None:
    n = 40_000
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = 300 + 90 * np.sin(37 * turn) + np.random.default_rng(3).uniform(-4, 4, n)
    ring = (400 + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)).reshape(-1)
    band = [0.0, 100.0, 800.0, 100.0, 800.0, 900.0, 0.0, 900.0]  # leaves at the bottom
    polygons = polygons_from_lists([[[ring.tolist()], [band]], [[ring.tolist()]]], [(500, 800)] * 2)
    for rule in RASTER_RULES:
        expected = rasterize(polygons, rule=rule, backend="numpy")
        for threads in (1, 2, 7):
            with maskmill.threads(threads):
                assert rasterize(polygons, rule=rule, backend=backend) == expected


class Case(NamedTuple):
    name: str
    parts: list[list[Ring]]
    size: Sizes  # (height, width)
    coco: list[int]  # bounds
    center: list[int]


FAR = 2.0**22
SQUARE = [1, 1, 3, 1, 3, 2, 1, 2]
FRAME = [0, 0, 4, 0, 4, 3, 0, 3]
CASES = [
    Case("no parts", [], (3, 4), [], []),
    Case("part without rings", [[]], (3, 4), [], []),
    Case("ring without vertices", [[[]]], (3, 4), [], []),
    Case("one vertex", [[[1, 1]]], (3, 4), [], []),
    Case("two vertices", [[[0, 0, 4, 3]]], (3, 4), [], []),
    Case("one vertex three times", [[[1, 1, 1, 1, 1, 1]]], (3, 4), [], []),
    Case("collinear", [[[0, 0, 2, 2, 1, 1, 3, 3]]], (3, 4), [], []),
    Case("empty ring among others", [[[], SQUARE, []], [[]]], (3, 4), [4, 5, 7, 8], [4, 5, 7, 8]),
    Case("first vertex again at the end", [[[*SQUARE, 1, 1]]], (3, 4), [4, 5, 7, 8], [4, 5, 7, 8]),
    Case("every vertex twice", [[[1, 1, 1, 1, 3, 1, 3, 1, 3, 2, 3, 2, 1, 2, 1, 2]]], (3, 4),
         [4, 5, 7, 8], [4, 5, 7, 8]),
    Case("spike out and back", [[[0, 0, 2, 0, 4, 0, 2, 0, 2, 2, 0, 2]]], (3, 4),
         [0, 2, 3, 5], [0, 2, 3, 5]),
    Case("twice around", [[[*SQUARE, *SQUARE]]], (3, 4), [], []),
    Case("bow tie", [[[0, 0, 4, 4, 4, 0, 0, 4]]], (4, 4),
         [0, 3, 5, 6, 9, 10, 12, 15], [0, 3, 5, 6, 9, 10, 12, 15]),
    Case("whole image", [[FRAME]], (3, 4), [0, 12], [0, 12]),
    Case("around the image", [[[-9, -9, 99, -9, 99, 99, -9, 99]]], (3, 4), [0, 12], [0, 12]),
    Case("image of one pixel", [[FRAME]], (1, 1), [0, 1], [0, 1]),
    Case("image of one row", [[[1, 0, 3, 0, 3, 1, 1, 1]]], (1, 4), [1, 3], [1, 3]),
    Case("image of one column", [[[0, 1, 1, 1, 1, 3, 0, 3]]], (4, 1), [1, 3], [1, 3]),
    Case("left of the image", [[[-5, 0, -1, 0, -1, 3, -5, 3]]], (3, 4), [], []),
    Case("right of the image", [[[5, 0, 9, 0, 9, 3, 5, 3]]], (3, 4), [], []),
    Case("above the image", [[[0, -5, 4, -5, 4, -1, 0, -1]]], (3, 4), [], []),
    Case("below the image", [[[0, 4, 4, 4, 4, 9, 0, 9]]], (3, 4), [], []),
    Case("out at the bottom", [[[1, 1, 3, 1, 3, 9, 1, 9]]], (3, 4), [4, 6, 7, 9], [4, 6, 7, 9]),
    Case("out at the bottom, on at the top", [[[1, 2, 2, 2, 2, 0, 3, 0, 3, 9, 1, 9]]], (3, 4),
         [5, 9], [5, 9]),
    Case("largest coordinates", [[[-FAR, -FAR, FAR, -FAR, FAR, FAR, -FAR, FAR]]], (3, 4),
         [0, 12], [0, 12]),
    Case("diagonal through the plane", [[[-FAR, -FAR, FAR, FAR, FAR, -FAR]]], (3, 4),
         [3, 4, 6, 8, 9, 12], [3, 4, 6, 8, 9, 12]),
    Case("steep edge through the plane", [[[1.6, -FAR, 1.4, FAR, 3, FAR, 3, -FAR]]], (3, 4),
         [3, 9], [3, 9]),
    Case("half a pixel", [[[1, 1, 1.5, 1, 1.5, 1.5, 1, 1.5]]], (3, 4), [4, 5], []),
    Case("around one centre", [[[1.25, 1.25, 1.75, 1.25, 1.75, 1.75, 1.25, 1.75]]], (3, 4),
         [4, 5], [4, 5]),
    Case("centres on every edge", [[[0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5]]], (3, 4),
         [4, 6, 7, 9], [0, 2, 3, 5]),
    Case("hole", [[FRAME, SQUARE]], (3, 4), [0, 4, 5, 7, 8, 12], [0, 4, 5, 7, 8, 12]),
    Case("hole as large as the outline", [[FRAME, FRAME]], (3, 4), [], []),
    Case("hole given as a part", [[FRAME], [SQUARE]], (3, 4), [0, 12], [0, 12]),
    Case("parts that touch", [[[0, 0, 2, 0, 2, 3, 0, 3]], [[2, 0, 4, 0, 4, 3, 2, 3]]], (3, 4),
         [0, 12], [0, 12]),
    Case("parts that overlap", [[[0, 0, 3, 0, 3, 2, 0, 2]], [[1, 1, 4, 1, 4, 3, 1, 3]]], (3, 4),
         [0, 2, 3, 9, 10, 12], [0, 2, 3, 9, 10, 12]),
    Case("the same part twice", [[SQUARE], [SQUARE]], (3, 4), [4, 5, 7, 8], [4, 5, 7, 8]),
]  # fmt: skip


@pytest.mark.parametrize("rule", RASTER_RULES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_degenerate_polygons(backend: BackendName, case: Case, rule: RasterRule) -> None:
    masks = rasterize(polygons_from_lists([case.parts], [case.size]), rule=rule, backend=backend)
    assert masks.bounds.tolist() == (case.coco if rule == "coco" else case.center)
    assert masks.offsets.tolist() == [0, len(masks.bounds)]


@pytest.mark.parametrize("rule", RASTER_RULES)
def test_no_masks(backend: BackendName, rule: RasterRule) -> None:
    assert rasterize(Polygons.empty(), rule=rule, backend=backend) == Masks.empty()


@pytest.mark.parametrize("rule", RASTER_RULES)
@pytest.mark.parametrize("size", [(65535, 65537), (2**31 - 1, 2), (2, 2**31 - 1), (1, 2**31 - 1)])
def test_positions_up_to_the_last_of_the_largest_images(
    backend: BackendName, size: Sizes, rule: RasterRule
) -> None:
    height, width = (min(extent, 2**22 - 8) for extent in size)
    x, y = max(width - 3, 0), max(height - 3, 0)
    rings = [[x, y, width + 1, y, width + 1, height + 1, x, height + 1]]
    masks = rasterize(polygons_from_lists([[rings]], [size]), rule=rule, backend=backend)
    stop = size[0] if size[0] == height else height + 1
    spans = [c * size[0] + row for c in range(x, min(width + 1, size[1])) for row in (y, stop)]
    joined = spans if y else [spans[0], spans[-1]]
    assert masks.bounds.tolist() == joined


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_annotations_equal_the_oracle(backend: BackendName, name: str) -> None:
    annotations = [a for a in load_annotations(name) if a.is_polygon]
    if str(backend) == "simt":  # which takes microseconds a pixel
        annotations = annotations[:60]
    masks = rasterize(polygons_of(annotations), backend=backend)
    strings, sizes = [a.string for a in annotations], [a.size for a in annotations]
    assert masks == from_coco_strings(strings, sizes, backend=backend)
    assert to_coco_strings(masks, backend=backend) == strings
    assert area(masks, backend=backend).tolist() == [a.area for a in annotations]
    assert bbox(masks, backend=backend).tolist() == [a.box for a in annotations]


@pytest.mark.parametrize(
    "name", [n for n in ANNOTATION_FILES if n.startswith("coco/") and "roboflow" not in n]
)
def test_run_length_annotations_equal_the_oracle(backend: BackendName, name: str) -> None:
    annotations = [a for a in load_annotations(name) if not a.is_polygon]
    assert annotations
    counts, sizes = [a.segmentation["counts"] for a in annotations], [a.size for a in annotations]
    masks = from_counts(counts, sizes, backend=backend)
    strings = [a.string for a in annotations]
    assert masks == from_coco_strings(strings, sizes, backend=backend)
    assert to_coco_strings(masks, backend=backend) == strings
    assert area(masks, backend=backend).tolist() == [a.area for a in annotations]
    assert bbox(masks, backend=backend).tolist() == [a.box for a in annotations]


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_annotations_agree_under_center(name: str) -> None:
    polygons = polygons_of([a for a in load_annotations(name) if a.is_polygon])
    expected = rasterize(polygons, rule="center", backend="numpy")
    assert rasterize(polygons, rule="center", backend="cpu") == expected


@pytest.mark.parametrize("name", STRESS_FILES)
def test_maps_equal_the_oracle(backend: BackendName, name: str) -> None:
    given = load_map(name)
    sizes = [given.size] * len(given.objects)
    masks = rasterize(polygons_from_lists(given.objects, sizes), backend=backend)
    outlines = [[[rings[0]] for rings in parts] for parts in given.objects]
    without_holes = rasterize(polygons_from_lists(outlines, sizes), backend=backend)
    assert area(without_holes, backend=backend).tolist() == given.areas_without_holes
    # The oracle takes holes away; parity gives the same unless a hole leaves its outline, as where
    # the file has the two the wrong way round.
    turned = [
        given.names[i]
        for i, parts in enumerate(given.ring_areas)
        if any(sum(holes) > outline for outline, *holes in parts)
    ]
    assert turned == (["Antarctica"] if "countries" in name else [])
    equal = [i for i in range(len(sizes)) if given.names[i] not in turned]
    strings = to_coco_strings(masks, backend=backend)
    assert [strings[i] for i in equal] == [given.strings[i] for i in equal]
    assert area(masks, backend=backend)[equal].tolist() == [given.areas[i] for i in equal]
    assert bbox(masks, backend=backend)[equal].tolist() == [given.boxes[i] for i in equal]


@pytest.mark.parametrize("name", STRESS_FILES)
def test_rings_of_maps_equal_the_oracle(backend: BackendName, name: str) -> None:
    given = load_map(name)
    rings = [[[ring]] for parts in given.objects for part in parts for ring in part]
    masks = rasterize(polygons_from_lists(rings, [given.size] * len(rings)), backend=backend)
    expected = [value for parts in given.ring_areas for part in parts for value in part]
    assert area(masks, backend=backend).tolist() == expected
    assert to_coco_strings(masks, backend=backend) == [
        coco_polygon_string(part, given.size) for (part,) in rings
    ]


def test_wrong_kind_and_unknown_rule(backend: BackendName) -> None:
    with pytest.raises(TypeError, match="rasterize: polygons must be Polygons, got list"):
        rasterize([[1, 1, 2, 2, 3, 1]], backend=backend)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"rasterize: rule must be one of .* got 'opencv'"):
        rasterize(Polygons.empty(), rule="opencv", backend=backend)  # type: ignore[arg-type]
