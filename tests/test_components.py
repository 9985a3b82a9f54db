from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import maskmill
from maskmill import (
    Masks,
    area,
    components,
    encode,
    fill_holes,
    from_coco_strings,
    intersection,
    merge,
    remove_small_regions,
)
from maskmill.backend.contract import BackendName, Connectivity
from tests.oracles import Dense, dense_from_masks, label_components, masks_from_dense
from tests.real_data import ANNOTATION_FILES, load_annotations
from tests.strategies import batches

CONNECTIVITY = (4, 8)
connectivities = st.sampled_from(CONNECTIVITY)


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
@given(masks=batches())
def test_components_equal_flood_fill(
    backend: BackendName, connectivity: Connectivity, masks: Masks
) -> None:
    found, groups = components(masks, connectivity=connectivity, backend=backend)
    assert groups.dtype == np.int64
    expected: list[Dense] = []
    ends = [0]
    for dense in dense_from_masks(masks):
        labels = label_components(dense, connectivity)
        expected += [labels == k for k in range(1, labels.max() + 1)]
        ends.append(len(expected))
    assert found == masks_from_dense(expected)
    assert groups.tolist() == ends


@given(masks=batches(), connectivity=connectivities)
def test_components_unite_to_the_mask_and_are_disjoint(
    backend: BackendName, masks: Masks, connectivity: Connectivity
) -> None:
    found, groups = components(masks, connectivity=connectivity, backend=backend)
    assert merge(found, groups, sizes=masks.sizes) == masks
    assert merge(found, groups, op="symmetric_difference", sizes=masks.sizes) == masks
    assert (area(found) > 0).all()
    again = components(found, connectivity=connectivity, backend=backend)
    assert again.masks == found
    assert again.groups.tolist() == list(range(len(found) + 1))


@given(masks=batches(), connectivity=connectivities, least=st.integers(0, 30))
def test_backends_agree_on_any_threads(
    masks: Masks, connectivity: Connectivity, least: int
) -> None:
    how: Any = {"connectivity": connectivity}
    expected = components(masks, **how, backend="numpy")
    without = remove_small_regions(masks, least, **how, backend="numpy")
    filled = fill_holes(masks, least, **how, backend="numpy")
    for n in (1, 2, 7):
        with maskmill.threads(n):
            found = components(masks, **how, backend="cpu")
            assert found.masks == expected.masks
            assert found.groups.tobytes() == expected.groups.tobytes()
            assert remove_small_regions(masks, least, **how, backend="cpu") == without
            assert fill_holes(masks, least, **how, backend="cpu") == filled


def segment_anything(dense: Dense, threshold: int, holes: bool) -> Dense:
    """What its utility says, with components of our order."""
    labels = label_components(dense ^ holes, 8)
    areas = np.bincount(labels.reshape(-1))[1:]
    small = [k + 1 for k, own in enumerate(areas) if own < threshold]
    if not small:
        return dense
    kept = [0, *small]
    if not holes:
        kept = [k for k in range(len(areas) + 1) if k not in kept]
        kept = kept or [int(np.argmax(areas)) + 1]
    return np.isin(labels, kept)


@given(masks=batches(), threshold=st.integers(1, 40))
def test_cleaning_equals_segment_anything(
    backend: BackendName, masks: Masks, threshold: int
) -> None:
    dense = dense_from_masks(masks)
    islands = masks_from_dense([segment_anything(d, threshold, False) for d in dense])
    assert remove_small_regions(masks, threshold, backend=backend) == islands
    holes = masks_from_dense([segment_anything(d, threshold, True) for d in dense])
    assert fill_holes(masks, threshold - 1, enclosed=False, backend=backend) == holes


@given(masks=batches(), connectivity=connectivities)
def test_enclosed_holes_are_filled(
    backend: BackendName, masks: Masks, connectivity: Connectivity
) -> None:
    expected = []
    for dense in dense_from_masks(masks):
        labels = label_components(~np.pad(dense, 1), connectivity)
        expected.append((labels != 1)[1:-1, 1:-1])
    filled = fill_holes(masks, connectivity=connectivity, backend=backend)
    assert filled == masks_from_dense(expected)
    assert intersection(filled, masks) == masks
    assert fill_holes(filled, connectivity=connectivity, backend=backend) == filled


@given(masks=batches())
def test_thresholds_at_their_ends(backend: BackendName, masks: Masks) -> None:
    assert remove_small_regions(masks, 0, backend=backend) == masks
    assert fill_holes(masks, 0, backend=backend) == masks
    assert fill_holes(masks, 2**70, backend=backend) == fill_holes(masks, backend=backend)
    largest = remove_small_regions(masks, 2**70, backend=backend)
    assert np.diff(components(largest).groups).tolist() == (area(masks) > 0).tolist()


def one(size: tuple[int, int], *spans: tuple[int, int]) -> Masks:
    bounds = np.array(spans, np.uint32).reshape(-1)
    return Masks(bounds, np.array([0, len(bounds)]), np.array([size], np.int32))


@pytest.mark.parametrize(
    ("span", "n_by_edges", "n_by_corners"),
    [
        ((2, 5), 2, 2),
        ((2, 6), 2, 1),
        ((2, 7), 1, 1),
        ((4, 8), 1, 1),
        ((3, 9), 1, 1),
        ((3, 5), 2, 2),
    ],
)
def test_a_span_that_goes_on_in_the_next_column(
    backend: BackendName, span: tuple[int, int], n_by_edges: int, n_by_corners: int
) -> None:
    masks = one((4, 5), span)
    assert len(components(masks, connectivity=4, backend=backend).masks) == n_by_edges
    assert len(components(masks, connectivity=8, backend=backend).masks) == n_by_corners


HUGE = {
    "full": one((30_000, 30_000), (0, 900_000_000)),
    "blocks": one(
        (30_000, 30_000), (5, 6), (29_990, 30_010), (10**8, 7 * 10**8), (8 * 10**8, 9 * 10**8)
    ),
    "the largest": one((65537, 65535), (0, 3), (70_000, 2**32 - 1)),
    "one row": one((1, 2**31 - 1), (0, 7), (9, 2**31 - 1)),
}


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
@pytest.mark.parametrize("case", HUGE)
def test_large_masks_of_few_runs(case: str, connectivity: Connectivity) -> None:
    masks = HUGE[case]
    found = components(masks, connectivity=connectivity, backend="cpu")
    expected = components(masks, connectivity=connectivity, backend="numpy")
    assert found.masks == expected.masks
    assert found.groups.tolist() == expected.groups.tolist()
    assert merge(found.masks) == masks


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
@pytest.mark.parametrize("density", [0.1, 0.4, 0.6, 0.9])
def test_noise(density: float, connectivity: Connectivity) -> None:
    masks = encode(np.random.default_rng(2).random((3, 200, 300)) < density, backend="numpy")
    found = components(masks, connectivity=connectivity, backend="cpu")
    assert found.masks == components(masks, connectivity=connectivity, backend="numpy").masks


@pytest.mark.parametrize("name", ANNOTATION_FILES)
def test_real_masks(name: str) -> None:
    annotations = load_annotations(name)
    masks = from_coco_strings([a.string for a in annotations], [a.size for a in annotations])
    for connectivity in (4, 8):
        found = components(masks, connectivity=connectivity)
        expected = components(masks, connectivity=connectivity, backend="numpy")
        assert found.masks == expected.masks
        assert found.groups.tolist() == expected.groups.tolist()
    assert merge(found.masks, found.groups, sizes=masks.sizes) == masks


def test_no_masks(backend: BackendName) -> None:
    found, groups = components(Masks.empty(), backend=backend)
    assert found == Masks.empty()
    assert groups.tolist() == [0]
    assert remove_small_regions(Masks.empty(), 5, backend=backend) == Masks.empty()
    assert fill_holes(Masks.empty(), 5, backend=backend) == Masks.empty()
