"""Run lengths in and out: counts and COCO's compressed strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskmill import ragged
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.errors import InvalidMaskError, StructureError
from maskmill.masks import Masks
from maskmill.ops.check import check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["from_coco_strings", "from_counts", "to_coco_strings", "to_counts"]


def to_counts(masks: Masks, *, backend: BackendName | None = None) -> list[Array]:
    """Give the COCO run lengths of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu"}, optional

    Returns
    -------
    list of N uint32 arrays
        Alternately background and foreground, column by column; the first may be 0, no other is.
        An empty mask gives ``[height*width]``.

    Notes
    -----
    O(runs). The arrays are views of one.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> to_counts(encode(np.eye(2, dtype=bool)))
    [array([0, 1, 2, 1], dtype=uint32)]
    """
    check_type("to_counts", "masks", masks, Masks)
    counts, offsets = backend_for(backend).to_counts(masks)
    return [counts[offsets[i] : offsets[i + 1]] for i in range(len(masks))]


def from_counts(
    counts: Sequence[object], sizes: object, *, backend: BackendName | None = None
) -> Masks:
    """Build masks from COCO run lengths.

    Parameters
    ----------
    counts : sequence of N sequences of int
        Alternately background and foreground, column by column. Zero runs are normalised.
    sizes : (height, width), or int array (N, 2)
    backend : {"numpy", "cpu"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    InvalidMaskError
        If a count is negative or a total is not height*width; the message names the mask.

    Notes
    -----
    O(runs). pycocotools reads uninitialised memory where the total is short and hangs on others.

    Examples
    --------
    >>> from maskmill import area
    >>> area(from_counts([[0, 1, 2, 1], [4]], (2, 2)))
    array([2, 0])
    """
    given = [np.asarray(c) for c in counts]
    for i, c in enumerate(given):
        if c.ndim != 1 or (c.dtype.kind not in "iu" and c.size):
            raise InvalidMaskError(
                f"from_counts: counts of mask {i} must be a list of integers, got {c.dtype} of "
                f"shape {c.shape}. COCO strings go to from_coco_strings."
            )
    lengths = np.array([len(c) for c in given], np.int64)
    flat = np.concatenate([np.zeros(0, np.int64), *(c.astype(np.int64) for c in given)])
    checked = ragged.as_sizes("from_counts", sizes, len(given), InvalidMaskError)
    try:
        return backend_for(backend).from_counts(flat, ragged.offsets_from_lengths(lengths), checked)
    except StructureError as error:
        raise InvalidMaskError(
            f"from_counts: counts of mask {error.record} must {error.requirement}, got "
            f"{error.got}. Check that sizes are (height, width), and repair or drop the mask."
        ) from None


def to_coco_strings(masks: Masks, *, backend: BackendName | None = None) -> list[bytes]:
    """Give COCO's compressed counts of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu"}, optional

    Returns
    -------
    list of N bytes
        ASCII; equal to what pycocotools writes.

    Notes
    -----
    O(runs).

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> to_coco_strings(encode(np.eye(2, dtype=bool)))
    [b'0120']
    """
    check_type("to_coco_strings", "masks", masks, Masks)
    chars, offsets = backend_for(backend).to_coco_strings(masks)
    text = chars.tobytes()
    ends = offsets.tolist()
    return [text[ends[i] : ends[i + 1]] for i in range(len(masks))]


def from_coco_strings(
    strings: Sequence[bytes | str], sizes: object, *, backend: BackendName | None = None
) -> Masks:
    """Build masks from COCO's compressed counts.

    Parameters
    ----------
    strings : sequence of N bytes or str
    sizes : (height, width), or int array (N, 2)
    backend : {"numpy", "cpu"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    InvalidMaskError
        If a string has a foreign character, ends inside a number, or its runs are negative or do
        not add up to height*width; the message names the mask.

    Notes
    -----
    O(characters). pycocotools reads beyond a string that ends inside a number.

    Examples
    --------
    >>> from maskmill import area
    >>> area(from_coco_strings([b"0120", "4"], (2, 2)))
    array([2, 0])
    """
    encoded = []
    for i, s in enumerate(strings):
        if not isinstance(s, (bytes, bytearray, str)):
            raise InvalidMaskError(
                f"from_coco_strings: strings of mask {i} must be bytes or str, got "
                f"{type(s).__name__}. Lists of counts go to from_counts."
            )
        # COCO strings are ASCII: what is not becomes bytes above 127, which the decoder rejects.
        encoded.append(s.encode("utf-8", "surrogatepass") if isinstance(s, str) else bytes(s))
    lengths = np.array([len(s) for s in encoded], np.int64)
    chars = np.frombuffer(b"".join(encoded), np.uint8)
    checked = ragged.as_sizes("from_coco_strings", sizes, len(encoded), InvalidMaskError)
    try:
        return backend_for(backend).from_coco_strings(
            chars, ragged.offsets_from_lengths(lengths), checked
        )
    except StructureError as error:
        raise InvalidMaskError(
            f"from_coco_strings: strings of mask {error.record} must {error.requirement}, got "
            f"{error.got}. Check that sizes are (height, width), and repair or drop the mask."
        ) from None
