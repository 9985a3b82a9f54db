"""Counts are differences of bounds; COCO strings are counts in groups of five bits.

A string holds, for each count, its difference to the count two before it (from the fourth count
on), as a signed number: five bits a character, least significant first, bit 5 set where more
follow, plus 48. The last group's bit 4 is the sign.
"""

from __future__ import annotations

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.program.namespace import xp
from maskmill.backend.program.sweep import SHIFT, masks_from_flips, rows_of
from maskmill.errors import StructureError
from maskmill.masks import Masks

LONGEST = 7
"""Most characters of a number: a difference of two counts below 2**32 has 33 bits and a sign."""


def to_counts(masks: Masks) -> tuple[Array, Array]:
    n_pixels = masks.sizes.astype(np.int64).prod(axis=1)
    filled = xp.diff(masks.offsets) > 0
    last = xp.full(len(masks), -1, np.int64)
    last[filled] = masks.bounds[masks.offsets[1:][filled] - 1]
    # The end of the image closes the background, unless the foreground reaches it.
    closes = last != n_pixels
    offsets = ragged.offsets_from_lengths(xp.diff(masks.offsets) + closes)
    ends = xp.empty(offsets[-1], np.int64)
    own = rows_of(masks.offsets)
    ends[xp.arange(len(own)) + (offsets[:-1] - masks.offsets[:-1])[own]] = masks.bounds
    ends[offsets[1:][closes] - 1] = n_pixels[closes]
    counts = xp.diff(ends, prepend=0)
    counts[offsets[:-1]] = ends[offsets[:-1]]
    return counts.astype(np.uint32), offsets


def from_counts(counts: Array, offsets: Array, sizes: Array) -> Masks:
    n_pixels = sizes.astype(np.int64).prod(axis=1)
    row = rows_of(offsets)
    negative = xp.zeros(len(sizes), bool)
    negative[row[counts < 0]] = True
    # A count beyond the image is wrong already; capped, no sum of them wraps around.
    capped = xp.clip(counts, 0, n_pixels[row] + 1)
    before = xp.concatenate([[0], xp.cumsum(capped)])
    wrong = negative | (before[offsets[1:]] - before[offsets[:-1]] != n_pixels)
    if wrong.any():
        i = int(xp.argmax(wrong))
        own = counts[offsets[i] : offsets[i + 1]].tolist()
        if negative[i]:
            raise StructureError(i, "hold no negative count", str(next(c for c in own if c < 0)))
        raise StructureError(i, f"add up to height*width = {n_pixels[i]}", str(sum(own)))
    ends = before[1:] - before[offsets[:-1]][row]
    # An odd number of counts ends with background, whose end is no flip.
    flips = xp.ones(len(counts), bool)
    odd = xp.diff(offsets) % 2 == 1
    flips[offsets[1:][odd] - 1] = False
    return masks_from_flips(((row << SHIFT) + ends)[flips], sizes)


def to_coco_strings(masks: Masks) -> tuple[Array, Array]:
    unsigned, offsets = to_counts(masks)
    counts = unsigned.astype(np.int64)
    index = xp.arange(len(counts)) - offsets[:-1][rows_of(offsets)]
    far = xp.flatnonzero(index > 2)
    number = counts.copy()
    number[far] -= counts[far - 2]
    groups = xp.arange(1, LONGEST + 1)[:, np.newaxis]
    n_chars = 1 + (xp.where(number < 0, ~number, number) >= 1 << (5 * groups - 1)).sum(axis=0)
    ends = ragged.offsets_from_lengths(n_chars)
    place = ragged.spread(xp.zeros(len(number), np.int64), n_chars)
    bits = xp.repeat(number, n_chars) >> (5 * place) & 0x1F
    more = place < xp.repeat(n_chars, n_chars) - 1
    return (bits + xp.where(more, 0x20, 0) + 48).astype(np.uint8), ends[offsets]


def from_coco_strings(chars: Array, offsets: Array, sizes: Array) -> Masks:
    row = rows_of(offsets)
    code = chars.astype(np.int64) - 48
    last = code & 0x20 == 0  # the last character of a number
    bad = _bad_characters(chars, code, last, row, offsets)
    if bad is not None:
        raise _first_error(chars, offsets, sizes, bad)
    ends = xp.flatnonzero(last) + 1
    number_offsets = xp.searchsorted(ends, offsets, side="right")
    starts = xp.concatenate([[0], ends[:-1]])[: len(ends)]
    place = xp.arange(len(chars)) - xp.repeat(starts, ends - starts)
    long = place >= LONGEST
    if long.any():
        i = int(row[xp.argmax(long)])
        bad = StructureError(i, f"hold numbers of at most {LONGEST} characters", "a longer one")
        raise _first_error(chars, offsets, sizes, bad)
    number = xp.zeros(len(ends), np.int64)
    xp.add.at(number, xp.repeat(xp.arange(len(ends)), ends - starts), (code & 0x1F) << (5 * place))
    sign = code[ends - 1] & 0x10 != 0
    number -= xp.where(sign, np.int64(1) << (5 * (ends - starts)), 0)
    return from_counts(_undo_differences(number, number_offsets), number_offsets, sizes)


def _bad_characters(
    chars: Array, code: Array, last: Array, row: Array, offsets: Array
) -> StructureError | None:
    foreign = (code < 0) | (code > 63)
    unfinished = xp.zeros(len(chars), bool)
    unfinished[offsets[1:][xp.diff(offsets) > 0] - 1] = True
    unfinished &= ~last
    if not (foreign | unfinished).any():
        return None
    i = int(row[xp.argmax(foreign | unfinished)])
    own = slice(offsets[i], offsets[i + 1])
    if foreign[own].any():
        at = int(xp.argmax(foreign[own]))
        got = f"byte {chars[own][at]} at position {at}"
        return StructureError(i, "hold only the characters '0' to 'o'", got)
    return StructureError(i, "end with a whole number", "a string that breaks off inside one")


def _first_error(chars: Array, offsets: Array, sizes: Array, bad: StructureError) -> StructureError:
    """Error of the first bad record: one before this may break a rule that is checked later."""
    n = bad.record
    try:
        from_coco_strings(chars[: offsets[n]], offsets[: n + 1], sizes[:n])
    except StructureError as earlier:
        return earlier
    return bad


def _undo_differences(number: Array, offsets: Array) -> Array:
    """Each count is its number plus the count two before it, from the fourth on."""
    row = rows_of(offsets)
    index = xp.arange(len(number)) - offsets[:-1][row]
    chain = xp.where(index == 0, 0, 2 - index % 2)  # the first; the odd ones; the other even ones
    order = xp.lexsort((index, chain, row))
    new = xp.ones(len(order), bool)
    new[1:] = (row[order][1:] != row[order][:-1]) | (chain[order][1:] != chain[order][:-1])
    total = xp.cumsum(number[order])
    before = (total - number[order])[new]
    counts = xp.empty_like(number)
    counts[order] = total - before[xp.cumsum(new) - 1]
    return counts
