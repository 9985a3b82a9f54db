"""Hypothesis strategies: dense masks of every shape and density, and batches of them."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np

from maskmill import Masks
from tests.oracles import Dense, masks_from_dense


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
