"""Connected components, and what is cleaned up by their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import host
from maskmill.backend.contract import CONNECTIVITIES, BackendName, Connectivity
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array
    from maskmill.backend.contract import Backend

__all__ = ["Components", "components", "fill_holes", "remove_small_regions"]


class Components(NamedTuple):
    """What `components` returns."""

    masks: Masks
    """One mask a component; those of a mask lie together, by first pixel down the columns."""
    groups: Array
    """int64 (N+1,): mask i has the components ``masks[groups[i]:groups[i+1]]``."""


@cpu_tensors
def components(
    masks: Masks, *, connectivity: Connectivity = 8, backend: BackendName | None = None
) -> Components:
    """Split masks into connected components.

    Parameters
    ----------
    masks : Masks, N masks
    connectivity : {8, 4}
        Whether pixels that touch at a corner are connected (8, as in OpenCV) or not (4).
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Components
        ``masks`` of the components, each of the size of its mask, in the order of the masks and
        there of their first pixels down the columns; ``groups``, which tells whose they are. An
        empty mask has no components. ``merge(masks, groups, sizes=...)`` gives the input again.

    Raises
    ------
    ValueError
        If ``connectivity`` is neither 4 nor 8.

    Notes
    -----
    Exact and identical on every backend. O(runs), up to the inverse of Ackermann's function.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> diagonal = encode(np.eye(3, dtype=bool))
    >>> area(components(diagonal).masks)
    array([3])
    >>> found = components(diagonal, connectivity=4)
    >>> area(found.masks), found.groups
    (array([1, 1, 1]), array([0, 3]))
    """
    check_type("components", "masks", masks, Masks)
    _check_connectivity("components", connectivity)
    return Components(*backend_for(backend, masks.bounds).components(masks, connectivity))


@cpu_tensors
def remove_small_regions(
    masks: Masks,
    min_area: int,
    *,
    connectivity: Connectivity = 8,
    backend: BackendName | None = None,
) -> Masks:
    """Remove connected components of few pixels.

    Parameters
    ----------
    masks : Masks, N masks
    min_area : int, pixels
        Components of fewer pixels go. If all are smaller, the largest stays; of several largest
        ones, the one whose first pixel down the columns comes first.
    connectivity : {8, 4}
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    TypeError
        If ``min_area`` is not an integer.
    ValueError
        If it is negative, or ``connectivity`` is neither 4 nor 8.

    Notes
    -----
    Equal to Segment Anything's ``remove_small_regions(mask, min_area, "islands")`` but for which
    of several equally large components stays alone. O(runs log(components)).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> masks = encode(np.array([[1, 1, 0, 1]], bool))
    >>> area(remove_small_regions(masks, 2))
    array([2])
    """
    check_type("remove_small_regions", "masks", masks, Masks)
    least = _as_area("remove_small_regions", "min_area", min_area)
    _check_connectivity("remove_small_regions", connectivity)
    chosen = backend_for(backend, masks.bounds)
    found, groups = chosen.components(masks, connectivity)
    areas, groups = host(chosen.area(found)), host(groups)
    kept = areas >= least
    owner = np.repeat(np.arange(len(masks)), np.diff(groups))
    order = np.lexsort((-areas, owner))  # stable: the first of the largest leads its group
    kept[order[groups[:-1][groups[1:] > groups[:-1]]]] = True
    return _merge_some(chosen, found, groups, kept, masks.sizes)


@cpu_tensors
def fill_holes(
    masks: Masks,
    max_area: int | None = None,
    *,
    enclosed: bool = True,
    connectivity: Connectivity = 8,
    backend: BackendName | None = None,
) -> Masks:
    """Fill holes: connected components of the background.

    Parameters
    ----------
    masks : Masks, N masks
    max_area : int, pixels, optional
        Larger holes stay. Default: all are filled.
    enclosed : bool
        Whether only regions that do not touch the border of the image count as holes. If not,
        ``max_area`` must be given.
    connectivity : {8, 4}
        Of the background: with 8, what is open at a corner is not a hole. The holes of `trace` are
        those of 4.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    TypeError
        If ``max_area`` is not an integer.
    ValueError
        If it is negative, or missing for ``enclosed=False``, or ``connectivity`` is neither 4 nor
        8.

    Notes
    -----
    Segment Anything's ``remove_small_regions(mask, area, "holes")`` also fills regions at the
    border and takes areas below its threshold: ``fill_holes(masks, area - 1, enclosed=False)``.
    O(runs log(components)).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import area, encode
    >>> ring = np.ones((3, 3), bool)
    >>> ring[1, 1] = False
    >>> area(fill_holes(encode(ring)))
    array([9])
    """
    check_type("fill_holes", "masks", masks, Masks)
    most = None if max_area is None else _as_area("fill_holes", "max_area", max_area)
    if most is None and not enclosed:
        raise ValueError(
            "fill_holes: max_area must be given with enclosed=False, got None. "
            "Without it every pixel would be filled."
        )
    _check_connectivity("fill_holes", connectivity)
    chosen = backend_for(backend, masks.bounds)
    found, groups = chosen.components(chosen.complement(masks), connectivity)
    holes = np.ones(len(found), bool)
    if most is not None:
        holes &= host(chosen.area(found)) <= most
    if enclosed:
        boxes = host(chosen.bbox(found))
        holes &= (boxes[:, :2] > 0).all(axis=1)
        holes &= (boxes[:, :2] + boxes[:, 2:] < host(found.sizes)[:, ::-1]).all(axis=1)
    filling = _merge_some(chosen, found, groups, holes, masks.sizes)
    return chosen.combine(masks, filling, "union")


def _merge_some(backend: Backend, found: Masks, groups: Array, kept: Array, sizes: Array) -> Masks:
    """Unite the components that stay, mask by mask."""
    before = ragged.offsets_from_lengths(kept)
    return backend.merge(found[kept], before[host(groups)], "union", sizes)


def _as_area(function: str, name: str, area: object) -> int:
    if isinstance(area, (bool, np.bool_)) or not isinstance(area, (int, np.integer)):
        raise TypeError(
            f"{function}: {name} must be an integer, got {type(area).__name__}. "
            "Give a number of pixels."
        )
    if area < 0:
        raise ValueError(
            f"{function}: {name} must not be negative, got {area}. Give a number of pixels."
        )
    return min(int(area), 2**62)


def _check_connectivity(function: str, connectivity: object) -> None:
    if isinstance(connectivity, bool) or connectivity not in CONNECTIVITIES:
        raise ValueError(
            f"{function}: connectivity must be 4 or 8, got {connectivity!r}. "
            "With 8, pixels that touch at a corner are connected."
        )
