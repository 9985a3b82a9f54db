"""Run lengths and COCO strings that break a rule, each with its size and the end of its message."""

from __future__ import annotations

import numpy as np

TOTAL = r"add up to height\*width = 4"

BAD_COUNTS = [
    ([], (2, 2), f"must {TOTAL}, got 0"),
    ([3], (2, 2), f"must {TOTAL}, got 3"),
    ([1, 1, 1], (2, 2), f"must {TOTAL}, got 3"),
    ([1, 4], (2, 2), f"must {TOTAL}, got 5"),
    ([2**63 - 1] * 5, (2, 2), f"must {TOTAL}, got {5 * (2**63 - 1)}"),
    ([2**63 - 1, 2**63 - 1, 6], (2, 2), f"must {TOTAL}, got {2**64 + 4}"),
    ([2**32, 4], (2, 2), f"must {TOTAL}, got {2**32 + 4}"),
    ([5, -1], (2, 2), "must hold no negative count, got -1"),
    ([2**40, -7, -8], (2, 2), "must hold no negative count, got -7"),
    ([-(2**63), 4], (2, 2), f"must hold no negative count, got {-(2**63)}"),
    (np.array([2**64 - 1, 5], np.uint64), (2, 2), f"must be below 2\\*\\*63, got {2**64 - 1}"),
    ([2**64, 4], (2, 2), r"must be a list of integers below 2\*\*63, got object of shape \(2,\)"),
    ([1.0, 3.0], (2, 2), "must be a list of integers .* got float64"),
    ([[4]], (2, 2), r"must be a list of integers .* got int64 of shape \(1, 1\)"),
    ([[1], [2, 1]], (2, 2), "must be a list of integers .* got object"),
    (b"4", (2, 2), r"must be a list of integers .* got \|S1 of shape \(\)"),
    (None, (2, 2), r"must be a list of integers .* got object of shape \(\)"),
]

BAD_STRINGS = [
    (b"", (2, 2), f"must {TOTAL}, got 0"),
    (b"3", (2, 2), f"must {TOTAL}, got 3"),
    (b"14", (2, 2), f"must {TOTAL}, got 5"),
    (b"P", (2, 2), "must end with a whole number, got a string that breaks off inside one"),
    (b"00P", (2, 2), "must end with a whole number, got a string that breaks off inside one"),
    (b"4P", (2, 2), "must end with a whole number, got a string that breaks off inside one"),
    (b"oooooooo", (2, 2), "must end with a whole number, got a string that breaks off inside one"),
    (b"ooooooo0", (2, 2), "must hold numbers of at most 7 characters, got a longer one"),
    (b"4" + b"P" * 7 + b"0", (2, 2), "must hold numbers of at most 7 characters"),
    (b"P" * 100 + b"0", (2, 2), "must hold numbers of at most 7 characters"),
    (b"PPPPPP0", (2, 2), f"must {TOTAL}, got 0"),
    (b"oooooo?", (2, 2), f"must {TOTAL}, got 17179869183"),
    (b"PPPPPPO", (2, 2), "must hold no negative count, got -1073741824"),
    (b"O5", (2, 2), "must hold no negative count, got -1"),
    (b"0111N", (2, 2), "must hold no negative count, got -1"),
    (b"12/", (2, 2), "must hold only the characters '0' to 'o', got byte 47 at position 2"),
    (b"4p", (2, 2), "must hold only the characters '0' to 'o', got byte 112 at position 1"),
    (b"\x00", (2, 2), "must hold only the characters '0' to 'o', got byte 0 at position 0"),
    (b"\xff4", (2, 2), "must hold only the characters '0' to 'o', got byte 255 at position 0"),
    (b"4 ", (2, 2), "must hold only the characters '0' to 'o', got byte 32 at position 1"),
    ("4é", (2, 2), "must hold only the characters '0' to 'o', got byte 195 at position 1"),
    ("\ud8004", (2, 2), "must hold only the characters '0' to 'o', got byte 237 at position 0"),
    (b"P~", (2, 2), "must hold only the characters '0' to 'o', got byte 126 at position 1"),
    ([4], (2, 2), "must be bytes or str, got list"),
    (None, (2, 2), "must be bytes or str, got NoneType"),
]

BAD_SIZES = [
    ((0, 2), "must be at least 1x1 .* height 0 and width 2"),
    ((2, 0), "must be at least 1x1 .* height 2 and width 0"),
    ((-2, 2), "must be at least 1x1 .* height -2 and width 2"),
    ((2**16, 2**16), r"must be .* below 2\*\*32 pixels, got height 65536 and width 65536"),
    ((2**31, 1), r"must be .* below 2\*\*32 pixels, got height 2147483648 and width 1"),
    ((2**40, 2**40), r"must be .* below 2\*\*32 pixels"),
]
