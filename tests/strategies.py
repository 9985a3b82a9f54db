"""Hypothesis strategies: masks of every shape and density, polygons of every kind, and batches."""

from __future__ import annotations

from typing import TypeAlias

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt

from maskmill import Masks, Polygons
from tests.oracles import Dense, masks_from_dense, polygons_from_lists

Offsets: TypeAlias = npt.NDArray[np.int64]
Sizes: TypeAlias = npt.NDArray[np.int32]


@st.composite
def sizes(draw: st.DrawFn, largest: int = 24) -> tuple[int, int]:
    """(height, width), thin ones included."""
    side = st.one_of(st.just(1), st.integers(1, largest))
    return draw(side), draw(side)


@st.composite
def dense_masks(draw: st.DrawFn, size: tuple[int, int]) -> Dense:
    """One mask: empty, full, a few runs, or noise."""
    height, width = size
    n = height * width
    kind = draw(st.sampled_from(["empty", "full", "runs", "noise"]))
    if kind == "empty":
        return np.zeros(size, bool)
    if kind == "full":
        return np.ones(size, bool)
    if kind == "runs":
        flips = draw(st.lists(st.integers(0, n), max_size=8))
        toggles = np.zeros(n + 1, np.int64)
        np.add.at(toggles, flips, 1)
        flat: Dense = np.cumsum(toggles)[:n] % 2 == 1
        return flat.reshape(width, height).T
    seed = draw(st.integers(0, 2**32 - 1))
    density = draw(st.sampled_from([0.05, 0.5, 0.95]))
    noise: Dense = np.random.default_rng(seed).random(size) < density
    return noise


@st.composite
def stacks(draw: st.DrawFn, *, one_size: bool = False, largest: int = 24) -> list[Dense]:
    """A batch of dense masks, of one size or of several."""
    n = draw(st.integers(0, 6))
    size = draw(sizes(largest))
    return [draw(dense_masks(size if one_size else draw(sizes(largest)))) for _ in range(n)]


@st.composite
def batches(draw: st.DrawFn, *, one_size: bool = False, largest: int = 24) -> Masks:
    """A batch of masks."""
    return masks_from_dense(draw(stacks(one_size=one_size, largest=largest)))


Coordinates = st.SearchStrategy[float]


def coordinates(extent: int) -> Coordinates:
    """Inside, around and far outside [0, extent]; ties of rounding to fifths among them."""
    near = st.builds(
        lambda whole, steps, part: whole + part % steps / steps,
        st.integers(-2, extent + 2),
        st.sampled_from([1, 2, 5, 10, 256]),
        st.integers(0, 255),
    )
    far = st.integers(-20 * extent - 50, 20 * extent + 50).map(float)
    return st.one_of(near, near, st.floats(-1.0, extent + 1.0), far)


def grid_coordinates(extent: int) -> Coordinates:
    """Multiples of 1/256 around [0, extent]; many of them on lines of pixel centres."""
    steps = st.integers(-512, 256 * extent + 512).map(lambda n: n / 256)
    return st.one_of(steps, st.integers(-4, 2 * extent + 4).map(lambda n: n / 2))


@st.composite
def rings(draw: st.DrawFn, x: Coordinates, y: Coordinates, least: int = 3) -> list[float]:
    """One ring x, y, x, y...: of any shape, with repeated vertices and collinear stretches."""
    vertices = draw(st.lists(st.tuples(x, y), min_size=least, max_size=9))
    if len(vertices) > 1 and draw(st.booleans()):
        again = draw(st.integers(0, len(vertices) - 1))
        vertices.insert(draw(st.integers(0, len(vertices))), vertices[again])
    if len(vertices) > 1 and draw(st.booleans()):
        (x0, y0), (x1, y1) = vertices[:2]
        vertices.insert(2, (2 * x1 - x0, 2 * y1 - y0))
    return [value for vertex in vertices for value in vertex]


@st.composite
def polygon_batches(draw: st.DrawFn, largest: int = 40) -> Polygons:
    """Masks of no, one or several parts, with and without holes and empty rings."""
    masks, of_sizes = [], []
    for _ in range(draw(st.integers(0, 4))):
        height, width = draw(sizes(largest))
        ring = rings(coordinates(width), coordinates(height), least=0)
        masks.append(draw(st.lists(st.lists(ring, max_size=3), max_size=3)))
        of_sizes.append((height, width))
    return polygons_from_lists(masks, of_sizes)


@st.composite
def paired_batches(draw: st.DrawFn, largest: int = 24) -> tuple[Masks, Masks]:
    """Two batches whose masks agree in size pair by pair, or one mask that serves a batch."""
    n = draw(st.integers(0, 5))
    alone = draw(st.sampled_from(["neither", "a", "b"]))
    one = draw(sizes(largest))
    pairs = [one if alone != "neither" else draw(sizes(largest)) for _ in range(n)]
    a = [draw(dense_masks(size)) for size in ([one] if alone == "a" else pairs)]
    b = [draw(dense_masks(size)) for size in ([one] if alone == "b" else pairs)]
    return masks_from_dense(a), masks_from_dense(b)


@st.composite
def grouped_batches(
    draw: st.DrawFn, n_batches: int = 1, largest: int = 24, most: int = 5
) -> tuple[list[Masks], list[Offsets], Sizes]:
    """Batches over the same groups, the offsets of each, and the size of every group."""
    of_group = draw(st.lists(sizes(largest), max_size=4))
    batches, offsets = [], []
    for _ in range(n_batches):
        stack, ends = [], [0]
        for size in of_group:
            stack += [draw(dense_masks(size)) for _ in range(draw(st.integers(0, most)))]
            ends.append(len(stack))
        batches.append(masks_from_dense(stack))
        offsets.append(np.array(ends, np.int64))
    return batches, offsets, np.array(of_group, np.int32).reshape(-1, 2)
