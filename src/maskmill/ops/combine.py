"""Set operations on masks: pairwise, and folded over groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import host, like
from maskmill.backend.contract import SET_OPS, BackendName, SetOp
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_choice, check_type, group_sizes, have_one_size

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = [
    "complement",
    "difference",
    "intersection",
    "merge",
    "symmetric_difference",
    "union",
]


@cpu_tensors
def union(a: Masks, b: Masks, *, backend: BackendName | None = None) -> Masks:
    """Pixels in either mask of each pair.

    Parameters
    ----------
    a, b : Masks
        N masks each, pair by pair of one size; or one of them a single mask that serves all.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    ValueError
        If the numbers of masks or the sizes of a pair do not agree; the message names the pair.

    Notes
    -----
    O(runs). `merge` folds more than two. Peak extra memory: at most the bounds of both batches
    together, twice that with several threads.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 0]], bool))
    >>> area(union(a, b))
    array([3])
    """
    return _combine("union", a, b, backend)


@cpu_tensors
def intersection(a: Masks, b: Masks, *, backend: BackendName | None = None) -> Masks:
    """Pixels in both masks of each pair; see `union` for the parameters.

    Parameters
    ----------
    a, b : Masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 0]], bool))
    >>> area(intersection(a, b))
    array([1])
    """
    return _combine("intersection", a, b, backend)


@cpu_tensors
def difference(a: Masks, b: Masks, *, backend: BackendName | None = None) -> Masks:
    """Pixels of the mask of ``a`` that are not in its mask of ``b``; see `union`.

    Parameters
    ----------
    a, b : Masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 0]], bool))
    >>> area(difference(a, b))
    array([1])
    """
    return _combine("difference", a, b, backend)


@cpu_tensors
def symmetric_difference(a: Masks, b: Masks, *, backend: BackendName | None = None) -> Masks:
    """Pixels in exactly one mask of each pair; see `union` for the parameters.

    Parameters
    ----------
    a, b : Masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 0]], bool))
    >>> area(symmetric_difference(a, b))
    array([2])
    """
    return _combine("symmetric_difference", a, b, backend)


@cpu_tensors
def complement(masks: Masks, *, backend: BackendName | None = None) -> Masks:
    """Exchange foreground and background.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Notes
    -----
    O(runs). Peak extra memory: the result, twice with several threads.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> area(complement(encode(np.eye(3, dtype=bool))))
    array([6])
    """
    check_type("complement", "masks", masks, Masks)
    return backend_for(backend, masks.bounds).complement(masks)


@cpu_tensors
def merge(
    masks: Masks,
    groups: object | None = None,
    *,
    op: SetOp = "union",
    sizes: object | None = None,
    backend: BackendName | None = None,
) -> Masks:
    """Fold a set operation over each group of masks.

    Parameters
    ----------
    masks : Masks, N masks
    groups : int array, shape (G+1,), optional
        Offsets: group g owns ``masks[groups[g]:groups[g+1]]``. `maskmill.group` makes them from
        the image of each mask. Default: all masks are one group.
    op : {"union", "intersection", "difference", "symmetric_difference"}
        ``"difference"`` takes all later masks of a group from its first.
    sizes : (height, width), or int array (G, 2), optional
        Sizes of the groups; needed where a group may have no masks.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, G masks
        A group without masks gives an empty mask; with ``op="intersection"`` a full one.

    Raises
    ------
    ValueError
        If masks of a group differ in size, or a group is empty and ``sizes`` is not given.

    Notes
    -----
    O(runs log(masks of a group)). Equal to pycocotools ``merge`` where that one is defined: there,
    a size mismatch gives a 0x0 mask and unequal totals hang.

    Peak extra memory: the result, twice with several threads, and for each thread the bounds of
    its largest group three times.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> masks = encode(np.eye(3, dtype=bool)[:, np.newaxis, :])
    >>> area(merge(masks)), area(merge(masks, [0, 2, 3]))
    (array([3]), array([2, 1]))
    """
    check_type("merge", "masks", masks, Masks)
    check_choice("merge", "op", op, SET_OPS)
    if groups is None:
        offsets = ragged.one_group(len(masks))
        if sizes is None and len(masks) and have_one_size(masks):
            return backend_for(backend, masks.bounds).merge(masks, offsets, op, masks.sizes[:1])
    else:
        offsets = ragged.as_groups("merge", "groups", groups, len(masks))
    known = group_sizes("merge", [("masks", masks, offsets)], sizes)
    if not known.all():
        raise ValueError(
            f"merge: sizes must be given when a group has no masks, got none for group "
            f"{np.argmin(known[:, 0])}. Pass sizes=(height, width) or one pair a group."
        )
    own = like(known, masks.sizes)
    return backend_for(backend, masks.bounds).merge(masks, offsets, op, own)


def _combine(op: SetOp, a: Masks, b: Masks, backend: BackendName | None) -> Masks:
    check_type(op, "a", a, Masks)
    check_type(op, "b", b, Masks)
    if len(a) != len(b) and len(a) != 1 and len(b) != 1:
        raise ValueError(
            f"{op}: b must have as many masks as a ({len(a)}), or one of them a single mask, got "
            f"{len(b)}. Use merge to fold a group into one mask."
        )
    _check_pairs(op, host(a.sizes), host(b.sizes))
    return backend_for(backend, a.bounds, b.bounds).combine(a, b, op)


def _check_pairs(op: str, sizes_a: Array, sizes_b: Array) -> None:
    if sizes_a.tobytes() == sizes_b.tobytes():  # faster than to compare arrays
        return
    differs = (sizes_a != sizes_b).any(axis=1)
    if differs.any():
        i = int(np.argmax(differs))
        of_a, of_b = np.broadcast_arrays(sizes_a, sizes_b)
        raise ValueError(
            f"{op}: b must have the sizes of a, got {tuple(of_b[i].tolist())} for "
            f"{tuple(of_a[i].tolist())} at pair {i}. Pair masks of one image."
        )
