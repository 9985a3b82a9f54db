"""Overlap of pairs of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import adopt, host
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.groups import PairMatrices
from maskmill.masks import Masks
from maskmill.ops.check import check_type, group_sizes, have_one_size

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["dice", "intersection_area", "iou"]


@overload
def intersection_area(
    a: Masks, b: Masks, *, groups_a: None = None, groups_b: None = None,
    backend: BackendName | None = None,
) -> Array: ...  # fmt: skip
@overload
def intersection_area(
    a: Masks, b: Masks, *, groups_a: object, groups_b: object, backend: BackendName | None = None
) -> PairMatrices: ...
@cpu_tensors
def intersection_area(
    a: Masks,
    b: Masks,
    *,
    groups_a: object | None = None,
    groups_b: object | None = None,
    backend: BackendName | None = None,
) -> Array | PairMatrices:
    """Common pixels of every pair of masks.

    Parameters
    ----------
    a, b : Masks
        N and M masks, all of one size (of one size inside a group).
    groups_a, groups_b : int array, shape (G+1,), optional
        Offsets: only masks of the same group are paired, so that all images of a dataset are one
        call. `maskmill.group` makes them.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    int64 array, shape (N, M), pixels
        With groups a `PairMatrices`, one (N_g, M_g) matrix a group. No masks give an axis of
        length 0.

    Raises
    ------
    ValueError
        If sizes differ inside a group, or only one of the groups is given.

    Notes
    -----
    Exact. Pairs whose boxes are apart cost O(1), the others at most O(runs of both).

    Peak extra memory: 8 bytes a pair, and what is made ready of the masks: usually 2 MB a thread,
    never more than 128 MB and 2 MB a thread.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[[0, 1, 1, 0]], [[0, 0, 0, 1]]], bool))
    >>> intersection_area(a, b)
    array([[1, 0]])
    """
    offsets_a, offsets_b = _groups("intersection_area", a, b, groups_a, groups_b)
    values = backend_for(backend, a.bounds, b.bounds).intersection_area(a, b, offsets_a, offsets_b)
    if groups_a is None:
        return values.reshape(len(a), len(b))
    return _matrices(values, offsets_a, offsets_b)


@overload
def iou(
    a: Masks, b: Masks, *, crowd: object | None = None, groups_a: None = None,
    groups_b: None = None, backend: BackendName | None = None,
) -> Array: ...  # fmt: skip
@overload
def iou(
    a: Masks, b: Masks, *, crowd: object | None = None, groups_a: object, groups_b: object,
    backend: BackendName | None = None,
) -> PairMatrices: ...  # fmt: skip
@cpu_tensors
def iou(
    a: Masks,
    b: Masks,
    *,
    crowd: object | None = None,
    groups_a: object | None = None,
    groups_b: object | None = None,
    backend: BackendName | None = None,
) -> Array | PairMatrices:
    """Intersection over union of every pair of masks.

    Parameters
    ----------
    a, b : Masks
        N and M masks (detections and ground truth), of one size inside a group.
    crowd : bool array, shape (M,), optional
        Where set, the mask of ``b`` is a crowd region: the intersection is divided by the area of
        the mask of ``a``, as in COCO.
    groups_a, groups_b : int array, shape (G+1,), optional
        Offsets: only masks of the same group are paired.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    float64 array, shape (N, M)
        With groups a `PairMatrices`. Two empty masks have IoU 0, as in pycocotools.

    Raises
    ------
    ValueError
        If sizes differ inside a group, only one of the groups is given, or ``crowd`` has another
        length.

    Notes
    -----
    The division is the only rounding; equal to pycocotools bit for bit on one size. There, sizes
    that differ give -1 or 0, and unequal totals hang. Cost as `intersection_area`.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 1]], bool))
    >>> iou(a, b), iou(a, b, crowd=[True])
    (array([[0.25]]), array([[0.5]]))
    """
    offsets_a, offsets_b = _groups("iou", a, b, groups_a, groups_b)
    flags = None
    if crowd is not None:
        given = host(adopt("iou", "crowd", crowd))
        if given.shape != (len(b),):
            raise ValueError(
                f"iou: crowd must have one value a mask of b ({len(b)}), got shape {given.shape}. "
                "Pass the iscrowd flag of each ground truth."
            )
        if given.size and given.dtype.kind not in "biu":
            raise TypeError(
                f"iou: crowd must be booleans or integers, got {given.dtype}. Convert the flags."
            )
        flags = np.ascontiguousarray(given != 0)
    values = backend_for(backend, a.bounds, b.bounds).iou(a, b, offsets_a, offsets_b, flags)
    if groups_a is None:
        return values.reshape(len(a), len(b))
    return _matrices(values, offsets_a, offsets_b)


@overload
def dice(
    a: Masks, b: Masks, *, groups_a: None = None, groups_b: None = None,
    backend: BackendName | None = None,
) -> Array: ...  # fmt: skip
@overload
def dice(
    a: Masks, b: Masks, *, groups_a: object, groups_b: object, backend: BackendName | None = None
) -> PairMatrices: ...
@cpu_tensors
def dice(
    a: Masks,
    b: Masks,
    *,
    groups_a: object | None = None,
    groups_b: object | None = None,
    backend: BackendName | None = None,
) -> Array | PairMatrices:
    """Dice coefficient (twice the intersection over the sum of areas) of every pair of masks.

    Parameters
    ----------
    a, b : Masks
        N and M masks, of one size inside a group.
    groups_a, groups_b : int array, shape (G+1,), optional
        Offsets: only masks of the same group are paired.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    float64 array, shape (N, M)
        With groups a `PairMatrices`. Two empty masks have Dice 0.

    Notes
    -----
    The division is the only rounding. Cost as `intersection_area`.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> a = encode(np.array([[1, 1, 0, 0]], bool))
    >>> b = encode(np.array([[0, 1, 1, 0]], bool))
    >>> dice(a, b)
    array([[0.5]])
    """
    offsets_a, offsets_b = _groups("dice", a, b, groups_a, groups_b)
    values = backend_for(backend, a.bounds, b.bounds).dice(a, b, offsets_a, offsets_b)
    if groups_a is None:
        return values.reshape(len(a), len(b))
    return _matrices(values, offsets_a, offsets_b)


def _groups(
    function: str, a: Masks, b: Masks, groups_a: object | None, groups_b: object | None
) -> tuple[Array, Array]:
    check_type(function, "a", a, Masks)
    check_type(function, "b", b, Masks)
    if (groups_a is None) != (groups_b is None):
        raise ValueError(
            f"{function}: groups_a and groups_b must be given together, got only one. "
            "Make both with maskmill.group(..., all_keys=image_ids)."
        )
    if groups_a is None or groups_b is None:
        offsets_a, offsets_b = ragged.one_group(len(a)), ragged.one_group(len(b))
        if have_one_size(a, b):
            return offsets_a, offsets_b
    else:
        offsets_a = ragged.as_groups(function, "groups_a", groups_a, len(a))
        offsets_b = ragged.as_groups(function, "groups_b", groups_b, len(b))
    if len(offsets_a) != len(offsets_b):
        raise ValueError(
            f"{function}: groups_b must have as many groups as groups_a ({len(offsets_a) - 1}), "
            f"got {len(offsets_b) - 1}. Make both with maskmill.group(..., all_keys=image_ids)."
        )
    group_sizes(function, [("a", a, offsets_a), ("b", b, offsets_b)], None)
    return offsets_a, offsets_b


def _matrices(values: Array, offsets_a: Array, offsets_b: Array) -> PairMatrices:
    return PairMatrices(values, np.stack([np.diff(offsets_a), np.diff(offsets_b)], axis=1))
