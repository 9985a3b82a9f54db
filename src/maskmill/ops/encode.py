"""Dense masks to run lengths."""

from __future__ import annotations

from maskmill import ragged
from maskmill.backend.arrays import adopt, dtype_of
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.masks import Masks

__all__ = ["encode"]


@cpu_tensors
def encode(dense: object, *, backend: BackendName | None = None) -> Masks:
    """Turn dense masks into run lengths.

    Parameters
    ----------
    dense : array, shape (H, W) or (N, H, W)
        Booleans or integers of any width, in any memory order and strides; non-zero is foreground.
        Never written to.
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks
        One mask for (H, W), else N; (0, H, W) gives no masks.

    Raises
    ------
    TypeError
        If the dtype is not boolean or integer: threshold floats first (``dense > 0.5``).
    ValueError
        If there are not 2 or 3 dimensions, or H or W is zero, or H*W reaches 2**32.

    Notes
    -----
    pycocotools starts a new run wherever the *value* changes, so that an array of 1 and 2 splits;
    here every non-zero value is foreground. O(N*H*W), no copy of the array.

    Peak extra memory: the result, twice with several threads, and for each thread 48 bytes a bound
    of its largest mask, and at most 64 MB where the pixels of the masks lie between one another.

    Examples
    --------
    >>> import numpy as np
    >>> encode(np.eye(2, dtype=bool)).bounds
    array([0, 1, 3, 4], dtype=uint32)
    """
    given = adopt("encode", "dense", dense)
    kind = dtype_of("encode", "dense", given)
    if kind.kind not in "biu":
        raise TypeError(
            f"encode: dense must be boolean or integer, got {kind}. "
            "Threshold it first, as in dense > 0.5."
        )
    if given.ndim not in (2, 3):
        raise ValueError(
            f"encode: dense must have shape (H, W) or (N, H, W), got {tuple(given.shape)}. "
            "Stack the masks along the first axis."
        )
    stack = given[None] if given.ndim == 2 else given
    if len(stack):
        ragged.check_image_size("encode", *stack.shape[1:])
    if not kind.isnative:
        stack = stack != 0
    return backend_for(backend, stack).encode(stack)
