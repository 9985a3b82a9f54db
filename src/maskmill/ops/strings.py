"""Run lengths in and out: counts and COCO's compressed strings."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, Any

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import adopt, host
from maskmill.backend.contract import BackendName
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.errors import InvalidMaskError, StructureError
from maskmill.masks import Masks
from maskmill.ops.check import check_type

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["from_coco_strings", "from_counts", "to_coco_strings", "to_counts"]


@cpu_tensors
def to_counts(masks: Masks, *, backend: BackendName | None = None) -> list[Array]:
    """Give the COCO run lengths of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    list of N uint32 arrays
        Alternately background and foreground, column by column; the first may be 0, no other is.
        An empty mask gives ``[height*width]``.

    Notes
    -----
    O(runs). The arrays are views of one. Peak extra memory: the result, twice with several
    threads.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> to_counts(encode(np.eye(2, dtype=bool)))
    [array([0, 1, 2, 1], dtype=uint32)]
    """
    check_type("to_counts", "masks", masks, Masks)
    counts, offsets = backend_for(backend, masks.bounds).to_counts(masks)
    ends = host(offsets)
    return [counts[ends[i] : ends[i + 1]] for i in range(len(masks))]


@cpu_tensors
def from_counts(
    counts: Sequence[object], sizes: object, *, backend: BackendName | None = None
) -> Masks:
    """Build masks from COCO run lengths.

    Parameters
    ----------
    counts : sequence of N sequences of int
        Alternately background and foreground, column by column. Zero runs are normalised.
    sizes : (height, width), or int array (N, 2)
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    InvalidMaskError
        If a count is no integer, negative or beyond int64, or a total is not height*width; the
        message names the mask.

    Notes
    -----
    O(runs). pycocotools reads uninitialised memory where the total is short and hangs on others.
    Peak extra memory: 16 bytes a count and the result, twice with several threads.

    Examples
    --------
    >>> from maskmill import area
    >>> area(from_counts([[0, 1, 2, 1], [4]], (2, 2)))
    array([2, 0])
    """
    given = [_as_counts(i, c) for i, c in enumerate(counts)]
    flat = np.concatenate(given) if given else np.zeros(0, np.int64)
    checked = ragged.as_sizes("from_counts", sizes, len(given), InvalidMaskError)
    try:
        return backend_for(backend).from_counts(flat, _offsets_of(given), checked)
    except StructureError as error:
        raise InvalidMaskError(
            f"from_counts: counts of mask {error.record} must {error.requirement}, got "
            f"{error.got}. Check that sizes are (height, width), and repair or drop the mask."
        ) from None


def _offsets_of(rows: Sequence[Sized]) -> Array:
    return ragged.offsets_from_lengths(np.fromiter(map(len, rows), np.int64, len(rows)))


def _as_counts(i: int, counts: object) -> Array:
    try:
        given = host(adopt("from_counts", f"counts of mask {i}", counts))
    except ValueError:  # lists of several lengths
        given = np.empty((0, 0), object)
    if given.ndim != 1 or (given.dtype.kind not in "iu" and given.size):
        raise InvalidMaskError(
            f"from_counts: counts of mask {i} must be a list of integers below 2**63, got "
            f"{given.dtype} of shape {given.shape}. COCO strings go to from_coco_strings."
        )
    if given.dtype == np.uint64 and given.size and given.max() > np.iinfo(np.int64).max:
        raise InvalidMaskError(
            f"from_counts: counts of mask {i} must be below 2**63, got {given.max()}. "
            "Check that the counts are run lengths, and repair or drop the mask."
        )
    return given.astype(np.int64, copy=False)


@cpu_tensors
def to_coco_strings(masks: Masks, *, backend: BackendName | None = None) -> list[bytes]:
    """Give COCO's compressed counts of each mask.

    Parameters
    ----------
    masks : Masks, N masks
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    list of N bytes
        ASCII; equal to what pycocotools writes.

    Notes
    -----
    O(runs). Peak extra memory: the text three times, and 33 bytes a string.

    Examples
    --------
    >>> import numpy as np
    >>> from maskmill import encode
    >>> to_coco_strings(encode(np.eye(2, dtype=bool)))
    [b'0120']
    """
    check_type("to_coco_strings", "masks", masks, Masks)
    chars, offsets = backend_for(backend, masks.bounds).to_coco_strings(masks)
    text = host(chars).tobytes()
    ends = offsets.tolist()
    return [text[ends[i] : ends[i + 1]] for i in range(len(masks))]


@cpu_tensors
def from_coco_strings(
    strings: Sequence[bytes | str], sizes: object, *, backend: BackendName | None = None
) -> Masks:
    """Build masks from COCO's compressed counts.

    Parameters
    ----------
    strings : sequence of N bytes or str
    sizes : (height, width), or int array (N, 2)
    backend : {"numpy", "cpu", "cuda", "cupy"}, optional

    Returns
    -------
    Masks, N masks

    Raises
    ------
    TypeError
        If ``strings`` is itself one string.
    InvalidMaskError
        If a string has a foreign character, ends inside a number, or its runs are negative or do
        not add up to height*width; the message names the mask.

    Notes
    -----
    O(characters). pycocotools reads beyond a string that ends inside a number. Peak extra memory:
    the text, and the result, twice with several threads.

    Examples
    --------
    >>> from maskmill import area
    >>> area(from_coco_strings([b"0120", "4"], (2, 2)))
    array([2, 0])
    """
    if isinstance(strings, (bytes, bytearray, str)):
        raise TypeError(
            f"from_coco_strings: strings must be a sequence of them, got one "
            f"{type(strings).__name__}. Wrap it in a list."
        )
    text, encoded = _as_text(strings)
    chars = np.frombuffer(text, np.uint8)
    checked = ragged.as_sizes("from_coco_strings", sizes, len(encoded), InvalidMaskError)
    try:
        return backend_for(backend).from_coco_strings(chars, _offsets_of(encoded), checked)
    except StructureError as error:
        raise InvalidMaskError(
            f"from_coco_strings: strings of mask {error.record} must {error.requirement}, got "
            f"{error.got}. Check that sizes are (height, width), and repair or drop the mask."
        ) from None


def _as_text(strings: Sequence[object]) -> tuple[bytes, Sequence[Sized]]:
    """Join strings into one; give it, and rows that are as long as each string is in it."""
    given: list[Any] = list(strings)
    kinds = set(map(type, given))
    if kinds == {bytes}:  # without a loop in Python
        return b"".join(given), given
    if kinds == {str} and (text := "".join(given)).isascii():
        return text.encode("ascii"), given
    encoded = []
    for i, s in enumerate(given):
        if not isinstance(s, (bytes, bytearray, str)):
            raise InvalidMaskError(
                f"from_coco_strings: strings of mask {i} must be bytes or str, got "
                f"{type(s).__name__}. Lists of counts go to from_counts."
            )
        # COCO strings are ASCII: what is not becomes bytes above 127, which the decoder rejects.
        encoded.append(s.encode("utf-8", "surrogatepass") if isinstance(s, str) else bytes(s))
    return b"".join(encoded), encoded
