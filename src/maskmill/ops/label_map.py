"""Instances to label maps (semantic, instance, panoptic) and back."""

from __future__ import annotations

import operator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from maskmill import ragged
from maskmill.backend.arrays import (
    adopt,
    as_integers,
    dtype_of,
    empty,
    host,
    like,
    view_as,
)
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import MAX_PIXELS, Masks
from maskmill.ops.check import check_choice, check_type, group_sizes, have_one_size

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["LabelledMasks", "from_label_map", "label_map"]

PaintOrder: TypeAlias = Literal["input", "area", "score"]
Overlap: TypeAlias = Literal["last", "first", "raise"]
_ORDERS: Final = get_args(PaintOrder)
_OVERLAPS: Final = get_args(Overlap)
_DTYPES: Final = tuple(np.dtype(d) for d in (np.uint8, np.uint16, np.int32, np.int64))


class LabelledMasks(NamedTuple):
    """What `from_label_map` returns."""

    masks: Masks
    """K masks."""
    labels: Array
    """int64 (K,), ascending inside a map."""
    groups: Array
    """int64 (N+1,): map n owns ``masks[groups[n]:groups[n+1]]``."""


@cpu_tensors
def label_map(
    masks: Masks,
    labels: object,
    *,
    order: PaintOrder = "input",
    scores: object | None = None,
    overlap: Overlap = "last",
    groups: object | None = None,
    sizes: object | None = None,
    background: int = 0,
    dtype: npt.DTypeLike | None = None,
    backend: BackendName | None = None,
) -> Array | list[Array]:
    """Paint masks into one label map an image.

    Category ids as ``labels`` give a semantic map, ``range(1, N+1)`` an instance map, segment ids
    a panoptic map.

    Parameters
    ----------
    masks : Masks, N masks
    labels : int array, shape (N,)
    order : {"input", "area", "score"}
        Order of painting: as given, large masks first (so that small ones stay visible), or low
        scores first. Ties keep the order of the input.
    scores : array, shape (N,), optional
        Needed by ``order="score"``; finite.
    overlap : {"last", "first", "raise"}
        Which mask a shared pixel goes to: the last painted, the first painted, or a `ValueError`.
    groups : int array, shape (G+1,), optional
        Offsets: group g owns ``masks[groups[g]:groups[g+1]]`` and becomes map g. Default: one map.
    sizes : (height, width), or int array (G, 2), optional
        Sizes of the maps; needed where a map may have no masks.
    background : int
        Value of pixels in no mask.
    dtype : integer dtype, optional
        Default: the smallest of uint8, uint16, int32, int64 that holds all labels and the
        background.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    array, shape (H, W)
        With groups (G, H, W), or a list of G arrays when the maps differ in size. No groups
        (``groups=[0]``) give shape (0, 0, 0).

    Raises
    ------
    ValueError
        If a label does not fit ``dtype`` (labels are never wrapped), masks of a group differ in
        size, a size is not known, a score is not finite, or masks overlap under ``"raise"``.

    Notes
    -----
    O(pixels + painted pixels), bound by memory. Peak extra memory: the maps, 16 bytes a mask, and
    for each thread 2 MB and 6 bytes a run of its largest mask. ``overlap="raise"`` takes the union
    of the masks beforehand.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> masks = encode(np.array([[[1, 1, 1, 0]], [[0, 1, 0, 0]]], bool))
    >>> label_map(masks, [7, 300])
    array([[  7, 300,   7,   0]], dtype=uint16)
    """
    check_type("label_map", "masks", masks, Masks)
    check_choice("label_map", "order", order, _ORDERS)
    check_choice("label_map", "overlap", overlap, _OVERLAPS)
    values = as_integers("label_map", "labels", labels, (len(masks),))
    if groups is None:
        offsets = ragged.one_group(len(masks))
    else:
        offsets = ragged.as_groups("label_map", "groups", groups, len(masks))
    if groups is None and sizes is None and len(masks) and have_one_size(masks):
        known = host(masks.sizes[:1])
    elif not (known := group_sizes("label_map", [("masks", masks, offsets)], sizes)).all():
        raise ValueError(
            f"label_map: sizes must be given when an image has no masks, got none for image "
            f"{np.argmin(known.all(axis=1))}. Pass sizes=(height, width) or one pair an image."
        )
    rest = _as_background(background)
    kind = _fitting_dtype(values, rest, dtype)
    serve = backend_for(backend, masks.bounds)
    if overlap == "raise":
        _check_apart(masks, offsets, known, backend)
    painting = _painting_order(masks, offsets, order, scores, backend)
    if overlap == "first":
        painting = _reversed_in_groups(painting, offsets)
    if groups is None:
        height, width = known[0].tolist()
        out = empty(masks.bounds, (height * width,), kind)
        serve.label_map(masks, values, painting, offsets, known, rest, out)
        return out.reshape(height, width)
    n_pixels = known.astype(np.int64).prod(axis=1)
    out = empty(masks.bounds, (int(n_pixels.sum()),), kind)
    serve.label_map(masks, values, painting, offsets, known, rest, out)
    if not len(known):
        return out.reshape(0, 0, 0)
    if (known == known[0]).all():
        return out.reshape(len(known), *known[0])
    starts = ragged.offsets_from_lengths(n_pixels)
    return [out[starts[g] : starts[g + 1]].reshape(tuple(known[g])) for g in range(len(known))]


def _as_background(background: object) -> int:
    try:
        value = operator.index(background)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"label_map: background must be an integer, got {type(background).__name__}. "
            "Pass the value of pixels in no mask."
        ) from None
    if not -(2**63) <= value < 2**63:
        raise ValueError(
            f"label_map: background must fit int64, got {value}. Choose a smaller value."
        )
    return value


@cache
def _limits(kind: np.dtype[Any]) -> tuple[int, int]:
    limits = np.iinfo(kind)
    return int(limits.min), int(limits.max)


def _fitting_dtype(
    values: Array, background: int, dtype: npt.DTypeLike | None
) -> np.dtype[np.generic]:
    low = min(int(values.min()), background) if len(values) else background
    high = max(int(values.max()), background) if len(values) else background
    candidates = _DTYPES if dtype is None else (np.dtype(dtype),)
    if candidates[0].kind not in "iu" or not candidates[0].isnative:
        raise TypeError(
            f"label_map: dtype must be an integer type in the machine's byte order, got "
            f"{candidates[0]}. Leave it out to get the smallest that fits."
        )
    for kind in candidates:
        lowest, highest = _limits(kind)
        if lowest <= low and high <= highest:
            return kind
    # int64 holds everything, so that one dtype was asked for.
    if not lowest <= background <= highest:
        raise ValueError(
            f"label_map: background must fit {kind}, got {background}. "
            "Choose a wider dtype, or leave it out to get the smallest that fits."
        )
    i = int(np.argmax((values < lowest) | (values > highest)))
    raise ValueError(
        f"label_map: labels must fit {kind}, got {values[i]} at mask {i}. "
        "Choose a wider dtype, or leave it out to get the smallest that fits."
    )


def _check_apart(masks: Masks, offsets: Array, sizes: Array, backend: BackendName | None) -> None:
    serve = backend_for(backend, masks.bounds)
    united = serve.merge(masks, offsets, "union", like(sizes, masks.sizes))
    covered = host(serve.area(united))
    before = ragged.offsets_from_lengths(host(serve.area(masks)))
    shared = before[offsets[1:]] - before[offsets[:-1]] - covered
    if shared.any():
        g = int(np.argmax(shared != 0))
        raise ValueError(
            f"label_map: masks must not overlap when overlap='raise', got {shared[g]} pixels too "
            f"many in image {g}. Choose overlap='last' or 'first'."
        )


def _painting_order(
    masks: Masks,
    offsets: Array,
    order: PaintOrder,
    scores: object | None,
    backend: BackendName | None,
) -> Array:
    n = len(masks)
    if order == "input":
        return np.arange(n, dtype=np.int64)
    if order == "area":
        key = -host(backend_for(backend, masks.bounds).area(masks))
    else:
        if scores is None:
            raise ValueError(
                "label_map: scores must be given for order='score', got none. "
                "Pass one score a mask."
            )
        key = host(adopt("label_map", "scores", scores))
        if key.dtype.kind not in "iufb" and key.size:
            raise TypeError(
                f"label_map: scores must be numbers, got {key.dtype}. Convert them explicitly."
            )
        if key.shape != (n,):
            raise ValueError(
                f"label_map: scores must have shape ({n},), got {key.shape}. Pass one score a mask."
            )
        if not np.isfinite(key).all():
            i = int(np.argmin(np.isfinite(key)))
            raise ValueError(
                f"label_map: scores must be finite, got {key[i]} at mask {i}. "
                "Drop or repair the mask."
            )
    of_group = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.lexsort((key, of_group)).astype(np.int64)


def _reversed_in_groups(painting: Array, offsets: Array) -> Array:
    lengths = np.diff(offsets)
    mirrored = np.repeat(offsets[:-1] + offsets[1:] - 1, lengths) - np.arange(len(painting))
    return painting[mirrored]


@cpu_tensors
def from_label_map(
    label_map: object, *, ignore: object = (0,), backend: BackendName | None = None
) -> LabelledMasks:
    """Give the mask of every label of one or many label maps, in one pass.

    Parameters
    ----------
    label_map : integer array, shape (H, W) or (N, H, W)
        Any integer width, any strides.
    ignore : int or sequence of int
        Labels that are no instance: background and void.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    LabelledMasks
        ``masks`` (K masks), ``labels`` (int64) and ``groups`` (offsets, one group a map).

    Raises
    ------
    TypeError
        If the map is not of integers. An RGB picture has three channels: turn it into numbers
        first (R + 256 G + 65536 B in COCO panoptic).

    Notes
    -----
    O(pixels + runs log runs), whatever the number of labels. Peak extra memory: the result,
    16 bytes a run and 64 bytes a label, and for each thread 24 bytes a run of one map.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area
    >>> found = from_label_map(np.array([[0, 5, 5], [9, 9, 5]]))
    >>> found.labels, area(found.masks), found.groups
    (array([5, 9]), array([3, 2]), array([0, 2]))
    """
    given = adopt("from_label_map", "label_map", label_map)
    kind = dtype_of("from_label_map", "label_map", given)
    if kind.kind not in "biu":
        raise TypeError(
            f"from_label_map: label_map must be integers, got {kind}. "
            "Convert the labels explicitly."
        )
    if given.ndim not in (2, 3):
        raise ValueError(
            "from_label_map: label_map must have shape (H, W) or (N, H, W), got "
            f"{tuple(given.shape)}. Turn colours into numbers first."
        )
    if kind == np.uint64:
        given = view_as(given, np.int64)
        if 0 not in given.shape and given.min() < 0:
            raise ValueError(
                f"from_label_map: label_map must be below 2**63, got {int(given.min()) + 2**64}. "
                "Renumber the labels."
            )
    if kind == np.bool_:
        given = view_as(given, np.uint8)
    if not kind.isnative:
        given = given.astype(kind.newbyteorder("="))
    stack = given[None] if given.ndim == 2 else given
    height, width = stack.shape[1:]
    fits = 1 <= height * width <= MAX_PIXELS and max(height, width) < 2**31
    if len(stack) and not fits:
        raise ValueError(
            f"from_label_map: label_map must have at least 1 and fewer than 2**32 pixels a map, "
            f"got shape {tuple(given.shape)}. Cut it into tiles."
        )
    skipped = host(adopt("from_label_map", "ignore", ignore)).reshape(-1)
    skip = np.unique(as_integers("from_label_map", "ignore", skipped, skipped.shape))
    return LabelledMasks(*backend_for(backend, stack).from_label_map(stack, skip))
