"""Numbers of single masks: area and bounding box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskmill.backend.contract import BOX_FORMATS, BackendName, BoxFormat
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_choice, check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["area", "bbox"]


@cpu_tensors
def area(masks: Masks, *, backend: BackendName | None = None) -> Array:
    """Number of foreground pixels of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    int64 array, shape (N,), pixels
        An empty mask has area 0; no masks give shape (0,).

    Notes
    -----
    Exact and identical on every backend. O(runs). Peak extra memory: the result.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> area(encode(np.eye(3, dtype=bool)))
    array([3])
    """
    check_type("area", "masks", masks, Masks)
    return backend_for(backend, masks.bounds).area(masks)


@cpu_tensors
def bbox(masks: Masks, *, format: BoxFormat = "xywh", backend: BackendName | None = None) -> Array:
    """Tight bounding box of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    format : {"xywh", "xyxy"}
        ``"xywh"`` is x, y, width, height as in COCO; ``"xyxy"`` is left, top, right, bottom with
        the right and bottom edges exclusive (right = x + width).
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    int64 array, shape (N, 4), pixels
        An empty mask gives four zeros, as in pycocotools; no masks give shape (0, 4).

    Notes
    -----
    Exact and identical on every backend. O(runs). Equal to pycocotools ``toBbox``, which returns
    the same numbers as float64. Peak extra memory: the result.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> dense = np.zeros((4, 5), bool)
    >>> dense[1:3, 2:5] = True
    >>> bbox(encode(dense))
    array([[2, 1, 3, 2]])
    >>> bbox(encode(dense), format="xyxy")
    array([[2, 1, 5, 3]])
    """
    check_type("bbox", "masks", masks, Masks)
    check_choice("bbox", "format", format, BOX_FORMATS)
    boxes = backend_for(backend, masks.bounds).bbox(masks)
    if format == "xyxy":
        boxes[:, 2:] += boxes[:, :2]
    return boxes
