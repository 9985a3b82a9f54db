"""Boundaries of masks, and erosion and dilation by squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["boundary", "dilate", "erode"]


@cpu_tensors
def boundary(masks: Masks, width: object, *, backend: BackendName | None = None) -> Masks:
    """Foreground pixels near the boundary of each mask: those that erosion removes.

    Parameters
    ----------
    masks : Masks, N masks
    width : int, or int array (N,), pixels
        Foreground within this chessboard distance of background is kept; outside of the image is
        background. 0 gives empty masks.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the same sizes

    Raises
    ------
    TypeError
        If ``width`` is not an integer.
    ValueError
        If it is negative; the message names the mask.

    Notes
    -----
    ``difference(masks, erode(masks, width))``. Equal to ``mask_to_boundary`` of Cheng et al.,
    "Boundary IoU", CVPR 2021, whose width is ``max(1, round(0.02 * diagonal of the image))``.
    O((runs + columns) log(width)).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import decode, encode
    >>> decode(boundary(encode(np.ones((3, 4), bool)), 1))[0]
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]], dtype=uint8)
    """
    check_type("boundary", "masks", masks, Masks)
    radii = _as_radii("boundary", "width", width, len(masks))
    chosen = backend_for(backend, masks.bounds)
    return chosen.combine(masks, chosen.erode(masks, radii), "difference")


@cpu_tensors
def erode(masks: Masks, radius: object, *, backend: BackendName | None = None) -> Masks:
    """Remove foreground near background.

    Parameters
    ----------
    masks : Masks, N masks
    radius : int, or int array (N,), pixels
        A pixel stays if the square of ``2 * radius + 1`` pixels around it is foreground. Outside
        of the image is background. 0 changes nothing.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the same sizes

    Raises
    ------
    TypeError
        If ``radius`` is not an integer.
    ValueError
        If it is negative; the message names the mask.

    Notes
    -----
    Equal to OpenCV's ``erode`` with a 3x3 square, repeated ``radius`` times, with a constant border
    of 0 (its default border erodes nothing). Exact and identical on every backend.
    O((runs + columns) log(radius)).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> area(erode(encode(np.ones((5, 7), bool)), [1]))
    array([15])
    """
    check_type("erode", "masks", masks, Masks)
    return backend_for(backend, masks.bounds).erode(
        masks, _as_radii("erode", "radius", radius, len(masks))
    )


@cpu_tensors
def dilate(masks: Masks, radius: object, *, backend: BackendName | None = None) -> Masks:
    """Add background near foreground.

    Parameters
    ----------
    masks : Masks, N masks
    radius : int, or int array (N,), pixels
        A pixel is set if any in the square of ``2 * radius + 1`` pixels around it is. 0 changes
        nothing.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks of the same sizes

    Raises
    ------
    TypeError
        If ``radius`` is not an integer.
    ValueError
        If it is negative; the message names the mask.

    Notes
    -----
    Equal to OpenCV's ``dilate`` with a 3x3 square, repeated ``radius`` times. Exact and identical
    on every backend. O((runs + columns) log(radius)).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> dot = np.zeros((5, 7), bool)
    >>> dot[0, 3] = True
    >>> area(dilate(encode(dot), 1))
    array([6])
    """
    check_type("dilate", "masks", masks, Masks)
    return backend_for(backend, masks.bounds).dilate(
        masks, _as_radii("dilate", "radius", radius, len(masks))
    )


def _as_radii(function: str, name: str, values: object, n: int) -> Array:
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: {name} must be integers, got {given.dtype}. Give whole pixels."
        )
    if given.ndim == 0:
        given = np.broadcast_to(given, (n,))
    if given.shape != (n,):
        raise ValueError(
            f"{function}: {name} must have shape () or ({n},), got {given.shape}. "
            "Give one number, or one a mask."
        )
    negative = given < 0
    if negative.any():
        i = int(np.argmax(negative))
        raise ValueError(
            f"{function}: {name} must not be negative, got {given[i]} for mask {i}. "
            "Give whole pixels."
        )
    return np.ascontiguousarray(np.minimum(given, 2**32), dtype=np.int64)
