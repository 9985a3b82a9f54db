"""Run lengths to dense masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import dtype_of, empty, host, library_of, strides_of
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks
from maskmill.ops.check import check_type, have_one_size

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["decode"]

_UINT8: Final = np.dtype(np.uint8)
_DTYPES: Final = (_UINT8, np.dtype(np.bool_))


@cpu_tensors
def decode(
    masks: Masks,
    *,
    out: Array | None = None,
    dtype: npt.DTypeLike | None = None,
    backend: BackendName | None = None,
) -> Array | list[Array]:
    """Turn run lengths into dense masks.

    Parameters
    ----------
    masks : Masks, N masks
    out : uint8 or bool array, shape (N, H, W), optional
        Where to write, on the device of the masks, in any memory order and strides; all of it is
        overwritten. The masks must have one size.
    dtype : uint8 or bool, optional
        Of a new array; uint8 by default. With ``out``, it must agree.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    array, shape (N, H, W), of 0 and 1
        ``out``, if given. Masks of different sizes give a list of N arrays (H_i, W_i). No masks
        give shape (0, 0, 0).

    Raises
    ------
    TypeError
        If the dtype is neither uint8 nor bool.
    ValueError
        If ``out`` has the wrong shape or is read-only, or masks differ in size and ``out`` is
        given.

    Notes
    -----
    O(N*H*W), bound by memory; a reused ``out`` saves the page faults of a new array.
    Peak extra memory: the new array, and for each thread 24 bytes a bound of its largest mask.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> decode(encode(np.eye(2, dtype=bool)))
    array([[[1, 0],
            [0, 1]]], dtype=uint8)
    """
    check_type("decode", "masks", masks, Masks)
    if out is not None and library_of(out) is None:
        raise TypeError(
            f"decode: out must be an array of uint8 or bool, got {type(out).__name__}. "
            "Leave out=None to get a new array."
        )
    if dtype is not None:
        kind = np.dtype(dtype)
    else:
        kind = _UINT8 if out is None else dtype_of("decode", "out", out)
    if kind not in _DTYPES:
        raise TypeError(
            f"decode: dtype must be uint8 or bool, got {kind}. Cast the result with astype."
        )
    if out is not None:
        _check_out(masks, out, kind)
        backend_for(backend, masks.bounds, out).decode(masks, out)
        return out
    serve = backend_for(backend, masks.bounds)
    if not len(masks):
        return empty(masks.bounds, (0, 0, 0), kind)
    sizes = host(masks.sizes)
    if have_one_size(masks):
        dense = empty(masks.bounds, (len(masks), *sizes[0].tolist()), kind)
        serve.decode(masks, dense)
        return dense
    distinct, which = np.unique(sizes, axis=0, return_inverse=True)
    images: list[Array] = [np.empty(0, kind)] * len(masks)
    for k, size in enumerate(distinct.tolist()):
        rows = np.flatnonzero(which.reshape(-1) == k)
        dense = empty(masks.bounds, (len(rows), *size), kind)
        serve.decode(masks[rows], dense)
        for row, image in zip(rows.tolist(), dense, strict=True):
            images[row] = image
    return images


def _check_out(masks: Masks, out: Array, kind: np.dtype[np.generic]) -> None:
    if (own := dtype_of("decode", "out", out)) != kind:
        raise TypeError(
            f"decode: out must be an array of {kind}, got {own}. "
            "Leave dtype out, or make them agree."
        )
    if not have_one_size(masks):
        raise ValueError(
            "decode: masks must have one size when out is given, got several. "
            "Leave out=None to get a list, or decode size by size."
        )
    shape = tuple(out.shape)
    expected = (len(masks), *masks.sizes[0].tolist()) if len(masks) else (0, *shape[1:])
    if out.ndim != 3 or shape != expected:
        raise ValueError(
            f"decode: out must have shape {expected}, got {shape}. Allocate (N, height, width)."
        )
    if isinstance(out, np.ndarray) and not out.flags.writeable:
        raise ValueError("decode: out must be writeable, got a read-only array. Pass a copy.")
    strides = strides_of(out)
    if 0 not in shape and any(s == 0 and n > 1 for s, n in zip(strides, shape, strict=True)):
        raise ValueError(
            f"decode: out must not overlap itself, got strides {strides}. "
            "Pass an array that was allocated, not broadcast."
        )
