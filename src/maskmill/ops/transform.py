"""Geometric transforms on runs: as on dense arrays, without making them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import host, like
from maskmill.backend.contract import FLIP_AXES, BackendName, FlipAxis
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import as_rows, check_choice, check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["crop", "flip", "pad", "resize", "rotate90", "translate"]


@cpu_tensors
def crop(masks: Masks, boxes_xyxy: object, *, backend: BackendName | None = None) -> Masks:
    """Cut boxes out of masks.

    Parameters
    ----------
    masks : Masks, N masks
    boxes_xyxy : int array (4,) or (N, 4), pixels
        left, top, right, bottom; right and bottom are exclusive. A box may reach outside its
        mask: what lies there is background.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the sizes of the boxes
        Equal to ``dense[top:bottom, left:right]`` where that is inside.

    Raises
    ------
    TypeError
        If the boxes are not integers.
    ValueError
        If a box is empty or has 2**32 pixels or more; the message names the mask.

    Notes
    -----
    Exact and identical on every backend. O(runs of the masks and of the result).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import decode, encode
    >>> decode(crop(encode(np.eye(3, dtype=bool)), (1, 0, 3, 2)))[0]
    array([[0, 0],
           [1, 0]], dtype=uint8)
    """
    check_type("crop", "masks", masks, Masks)
    left, top, right, bottom = as_rows("crop", "boxes_xyxy", boxes_xyxy, len(masks), 4).T
    return _window("crop", masks, left, top, right - left, bottom - top, backend)


@cpu_tensors
def pad(masks: Masks, padding: object, *, backend: BackendName | None = None) -> Masks:
    """Add background around masks.

    Parameters
    ----------
    masks : Masks, N masks
    padding : int array (4,) or (N, 4), pixels
        left, top, right, bottom: how many columns and rows to add, none below 0.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N larger masks

    Raises
    ------
    TypeError
        If the padding is not of integers.
    ValueError
        If it is negative, or a result has 2**32 pixels or more; the message names the mask.

    Notes
    -----
    O(runs of the masks and of the result). `crop` with a box that reaches outside does the same.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> pad(encode(np.ones((1, 2), bool)), (1, 0, 0, 2)).sizes
    array([[3, 3]], dtype=int32)
    """
    check_type("pad", "masks", masks, Masks)
    added = as_rows("pad", "padding", padding, len(masks), 4)
    negative = (added < 0).any(axis=1)
    if negative.any():
        i = int(np.argmax(negative))
        raise ValueError(
            f"pad: padding must not be negative, got {added[i].tolist()} for mask {i}. "
            "Use crop to cut off."
        )
    left, top, right, bottom = added.T
    height, width = host(masks.sizes).astype(np.int64).T
    return _window("pad", masks, -left, -top, width + left + right, height + top + bottom, backend)


@cpu_tensors
def translate(masks: Masks, shifts: object, *, backend: BackendName | None = None) -> Masks:
    """Move the foreground inside masks; what leaves them is lost.

    Parameters
    ----------
    masks : Masks, N masks
    shifts : int array (2,) or (N, 2), pixels
        Right and down.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the same sizes
        Pixel (y, x) is that of (y - down, x - right), or background.

    Raises
    ------
    TypeError
        If the shifts are not integers.
    ValueError
        If they have the wrong shape, or are 2**31 or more.

    Notes
    -----
    O(runs of the masks and of the result).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import bbox, encode
    >>> bbox(translate(encode(np.eye(3, dtype=bool)), (1, 0)))
    array([[1, 0, 2, 2]])
    """
    check_type("translate", "masks", masks, Masks)
    right, down = as_rows("translate", "shifts", shifts, len(masks), 2).T
    height, width = host(masks.sizes).astype(np.int64).T
    return _window("translate", masks, -right, -down, width, height, backend)


@cpu_tensors
def flip(masks: Masks, axis: FlipAxis, *, backend: BackendName | None = None) -> Masks:
    """Mirror masks.

    Parameters
    ----------
    masks : Masks, N masks
    axis : {"horizontal", "vertical"}
        ``"horizontal"`` exchanges left and right, ``dense[:, ::-1]``; ``"vertical"`` exchanges top
        and bottom, ``dense[::-1]``.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the same sizes

    Raises
    ------
    ValueError
        If ``axis`` is neither.

    Notes
    -----
    O(runs of the masks and of the result). Flipping twice gives the input.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import decode, encode
    >>> decode(flip(encode(np.array([[1, 0, 0]], bool)), "horizontal"))[0]
    array([[0, 0, 1]], dtype=uint8)
    """
    check_type("flip", "masks", masks, Masks)
    check_choice("flip", "axis", axis, FLIP_AXES)
    height, width = host(masks.sizes).astype(np.int64).T
    rows = _turned(height) if axis == "vertical" else _shifted(0 * height)
    columns = _turned(width) if axis == "horizontal" else _shifted(0 * width)
    return backend_for(backend, masks.bounds).gather(masks, rows, columns, masks.sizes)


@cpu_tensors
def rotate90(masks: Masks, k: int = 1, *, backend: BackendName | None = None) -> Masks:
    """Rotate masks by quarters of a turn.

    Parameters
    ----------
    masks : Masks, N masks
    k : int
        How many quarters counterclockwise, as in ``np.rot90``; negative ones clockwise.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks
        Height and width exchanged for odd ``k``.

    Raises
    ------
    TypeError
        If ``k`` is not an integer.

    Notes
    -----
    O(runs of the masks and of the result).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import decode, encode
    >>> decode(rotate90(encode(np.array([[1, 0, 0]], bool))))[0]
    array([[0],
           [0],
           [1]], dtype=uint8)
    """
    check_type("rotate90", "masks", masks, Masks)
    if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
        raise TypeError(
            f"rotate90: k must be an integer, got {type(k).__name__}. Give quarters of a turn."
        )
    chosen = backend_for(backend, masks.bounds)
    quarters = int(k) % 4
    if quarters % 2 == 1:
        masks = chosen.transpose(masks)
    if quarters == 0:
        return masks
    height, width = host(masks.sizes).astype(np.int64).T
    rows = _turned(height) if quarters in (1, 2) else _shifted(0 * height)
    columns = _turned(width) if quarters in (2, 3) else _shifted(0 * width)
    return chosen.gather(masks, rows, columns, masks.sizes)


@cpu_tensors
def resize(masks: Masks, sizes: object, *, backend: BackendName | None = None) -> Masks:
    """Resize masks to other sizes, by the nearest pixel.

    Parameters
    ----------
    masks : Masks, N masks
    sizes : (height, width), or int array (N, 2)
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of these sizes

    Raises
    ------
    TypeError
        If sizes are not integers.
    ValueError
        If a size is below 1x1 or has 2**32 pixels or more; the message names the mask.

    Notes
    -----
    Each output pixel takes the source pixel in which its centre lies: index
    ``floor((i + 1/2) * source / output)`` along each axis, in whole numbers without rounding. This
    is the rule of Pillow's ``NEAREST`` and torch's ``nearest-exact``, which round where a centre
    lies between two pixels and may take either; OpenCV's ``INTER_NEAREST`` takes
    ``floor(i * source / output)``. O(runs of the masks and of the result).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import decode, encode
    >>> decode(resize(encode(np.array([[1, 0]], bool)), (1, 5)))[0]
    array([[1, 1, 0, 0, 0]], dtype=uint8)
    """
    check_type("resize", "masks", masks, Masks)
    wanted = ragged.as_sizes("resize", sizes, len(masks))
    source, target = (given.T.astype(np.int64, order="C") for given in (host(masks.sizes), wanted))
    rows, columns = np.stack([2 * source, source, 2 * target], axis=2)
    return backend_for(backend, masks.bounds).gather(
        masks, rows, columns, like(wanted, masks.sizes)
    )


def _window(
    function: str,
    masks: Masks,
    left: Array,
    top: Array,
    width: Array,
    height: Array,
    backend: BackendName | None,
) -> Masks:
    sizes = ragged.as_sizes(function, np.stack([height, width], axis=1), len(masks))
    return backend_for(backend, masks.bounds).gather(
        masks, _shifted(top), _shifted(left), like(sizes, masks.sizes)
    )


def _shifted(by: Array) -> Array:
    """Axis map: index i takes i + by."""
    one = np.ones_like(by)
    return np.stack([one, by, one], axis=1)


def _turned(extent: Array) -> Array:
    """Axis map: the last comes first."""
    one = np.ones_like(extent)
    return np.stack([-one, extent - 1, one], axis=1)
