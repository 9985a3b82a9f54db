"""Precision at given recalls, from matches: COCO's accumulation for all categories at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Curves", "curves"]


class Curves(NamedTuple):
    """Arrays over T thresholds, R recalls, K categories, A area ranges, M detection limits.

    -1 where a category has no objects that count.
    """

    precision: Array
    """float64 (T, R, K, A, M): the best precision at this recall or a higher one, else 0."""
    recall: Array
    """float64 (T, K, A, M): the recall of all detections."""
    scores: Array
    """float64 (T, R, K, A, M): the score at which the recall is reached, else 0."""


def curves(
    matched: Array,
    ignored: Array,
    scores: Array,
    category: Array,
    rank: Array,
    n_positive: Array,
    recall_thresholds: Array,
    max_detections: Sequence[int],
) -> Curves:
    """Accumulate matches into curves, bit for bit as pycocotools does.

    Parameters
    ----------
    matched, ignored : bool arrays (A, T, D)
        Whether a detection matches an object, and whether it does not count.
    scores : float64 array (D,)
    category : int array (D,)
        Rising; inside a category, detections lie image after image.
    rank : int array (D,)
        Place of a detection among those of its image and category.
    n_positive : int array (K, A)
        Number of objects that count.
    recall_thresholds : float64 array (R,)
    max_detections : sequence of M ints

    Returns
    -------
    Curves

    Notes
    -----
    Only true positives can be the best precision from some recall on, so that the others are
    counted and dropped. O(D * T * A * M).
    """
    n_ranges, n_thresholds, _ = matched.shape
    n_categories = len(n_positive)
    shape = (n_thresholds, len(recall_thresholds), n_categories, n_ranges, len(max_detections))
    precision, at_score = np.full(shape, -1.0), np.full(shape, -1.0)
    recall = np.full((shape[0], *shape[2:]), -1.0)
    order = np.lexsort((-scores, category))
    scores, category, rank = scores[order], category[order], rank[order]
    starts = np.searchsorted(category, np.arange(n_categories + 1))
    for a in range(n_ranges):
        present = np.flatnonzero(n_positive[:, a] > 0)
        if not len(present):
            continue
        needed = _needed(n_positive[present, a], recall_thresholds)
        hit, out = matched[a][:, order], ignored[a][:, order]
        true, false = hit & ~out, ~hit & ~out
        for m, limit in enumerate(max_detections):
            inside = rank < limit
            found = _one(true & inside, false & inside, inside, scores, category, starts)
            values, reached_at, total = found.at(needed, present)
            precision[:, :, present, a, m] = values
            at_score[:, :, present, a, m] = reached_at
            recall[:, present, a, m] = total / n_positive[present, a]
    return Curves(precision, recall, at_score)


def _needed(n_positive: Array, thresholds: Array) -> Array:
    """Smallest number of true positives whose recall reaches each threshold, int64 (K, R)."""
    n = n_positive[:, np.newaxis].astype(np.float64)
    count = np.clip(np.ceil(thresholds * n), 0, n + 1)
    # The quotient that counts is the rounded one, which the product may miss by one.
    count -= (count > 0) & ((count - 1) / n >= thresholds)
    count += (count / n < thresholds) & (count <= n)
    return count.astype(np.int64)


class _Positives(NamedTuple):
    """True positives of one area range and detection limit, by threshold and category."""

    precision: Array
    score: Array
    starts: Array
    """(T*K+1,): true positives of each threshold and category."""
    n_detections: Array
    """(K,)"""
    first_score: Array
    """(K,)"""

    def at(self, needed: Array, present: Array) -> tuple[Array, Array, Array]:
        """Precision and score (T, R, k) of the categories present, and their totals (T, k)."""
        n_categories = len(self.n_detections)
        total = np.diff(self.starts).reshape(-1, n_categories)[:, present]
        begin = self.starts[:-1].reshape(-1, n_categories)[:, present]
        some = (self.n_detections[present] > 0)[:, np.newaxis]
        reached = np.where(needed == 0, some, needed <= total[:, :, np.newaxis])
        # pycocotools stops at the first recall that is not reached, even where they do not rise.
        reached = np.logical_and.accumulate(reached, axis=2)
        last = np.maximum(total - 1, 0)[:, :, np.newaxis]
        index = begin[:, :, np.newaxis] + np.clip(needed - 1, 0, last)
        best = self._best_from(index, begin + total, total > 0)
        score = np.where(needed == 0, self.first_score[present, np.newaxis], self.score[index])
        return (
            np.where(reached, best, 0.0).transpose(0, 2, 1),
            np.where(reached, score, 0.0).transpose(0, 2, 1),
            total,
        )

    def _best_from(self, index: Array, stop: Array, filled: Array) -> Array:
        """Best precision from each index (T, k, R) to the end of its category."""
        best = np.zeros(index.shape)
        rows = index[filled]
        if not rows.size:
            return best
        order = np.argsort(rows, axis=1, kind="stable")
        rising = np.take_along_axis(rows, order, axis=1)
        # Stretches between neighbouring indices, and one that begins where the category ends.
        edges = np.concatenate([rising, stop[filled][:, np.newaxis]], axis=1)
        peaks = np.maximum.reduceat(self.precision, edges.reshape(-1)).reshape(edges.shape)[:, :-1]
        rest = np.maximum.accumulate(peaks[:, ::-1], axis=1)[:, ::-1]
        sorted_back = np.empty_like(rest)
        np.put_along_axis(sorted_back, order, rest, axis=1)
        best[filled] = sorted_back
        return best


def _one(
    true: Array, false: Array, inside: Array, scores: Array, category: Array, starts: Array
) -> _Positives:
    n_categories = len(starts) - 1
    threshold, at = np.nonzero(true)
    segment = threshold * n_categories + category[at]
    segments = np.searchsorted(segment, np.arange(len(true) * n_categories + 1))
    tp = np.arange(1, len(segment) + 1) - segments[segment]
    falses = np.zeros((len(false), false.shape[1] + 1), np.int64)
    np.cumsum(false, axis=1, out=falses[:, 1:])
    fp = falses[threshold, at] - falses[threshold, starts[category[at]]]
    precision = tp / ((fp + tp) + np.spacing(1))
    n_detections = np.bincount(category[inside], minlength=n_categories)
    # The best score of a category is the best of some image, so that every limit lets it in.
    firsts = np.minimum(starts[:-1], max(len(scores) - 1, 0))
    return _Positives(
        np.append(precision, 0.0),  # where the last category ends
        np.append(scores[at], 0.0),
        segments,
        n_detections,
        scores[firsts] if len(scores) else np.zeros(n_categories),
    )
