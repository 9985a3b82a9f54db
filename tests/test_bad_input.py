"""Bad input through the public functions: one table, each case with its exception and message.

Among them is every case on which pycocotools 2.0.11 hangs, crashes, reads foreign memory or answers
with garbage; what it does stands in the comments. Each operation's own tests go further.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maskmill import (
    InvalidMaskError,
    InvalidPolygonError,
    Masks,
    Polygons,
    area,
    bbox,
    boundary,
    components,
    crop,
    decode,
    dice,
    difference,
    dilate,
    encode,
    erode,
    fill_holes,
    flip,
    from_coco_strings,
    from_counts,
    from_label_map,
    intersection_area,
    iou,
    label_map,
    merge,
    pad,
    rasterize,
    remove_small_regions,
    resize,
    rotate90,
    to_coco_strings,
    to_counts,
    trace,
    translate,
    union,
)
from maskmill.backend.contract import BackendName

# A call with a backend, the exception and how its message goes.
Case = tuple[str, Callable[[BackendName], object], type[Exception], str]

SQUARE = [[1, 1, 3, 1, 3, 3, 1, 3]]
NAN_RING = np.array([[0, 0], [math.nan, 1], [1, 1]])


def masks(*counts: list[int], size: tuple[int, int] = (2, 2)) -> Masks:
    return from_counts(counts, size, backend="numpy")


def columns(bounds: list[int], offsets: list[int], size: tuple[int, int] = (2, 2)) -> Masks:
    sizes = np.tile(np.array([size], np.int32), (len(offsets) - 1, 1))
    return Masks(np.array(bounds, np.uint32), np.array(offsets), sizes)


def ring(coords: object) -> Polygons:
    vertices = np.array(coords, np.float64)
    one = np.array([0, 1])
    return Polygons(vertices, np.array([0, len(vertices)]), one, one, np.array([[4, 4]], np.int32))


FULL, EMPTY = [0, 4], [4]
MIXED = Masks.concatenate([masks(EMPTY), masks([6], size=(2, 3))])

STRINGS: list[Case] = [
    # reads beyond the string
    ("string of a continuation", lambda b: from_coco_strings(["P"], (2, 2), backend=b),
     InvalidMaskError, "from_coco_strings: strings of mask 0 must end with a whole number"),
    ("string that ends in a continuation", lambda b: from_coco_strings(["00P"], (2, 2), backend=b),
     InvalidMaskError, "from_coco_strings: strings of mask 0 must end with a whole number"),
    ("string of continuations", lambda b: from_coco_strings(["4", "oooooooo"], (2, 2), backend=b),
     InvalidMaskError, "from_coco_strings: strings of mask 1 must end with a whole number"),
    ("string of a number too long",
     lambda b: from_coco_strings(["o" * 13 + "0"], (2, 2), backend=b),
     InvalidMaskError, "from_coco_strings: strings of mask 0 must hold numbers of at most"),
    # takes any byte
    ("string of foreign characters", lambda b: from_coco_strings(["0é"], (2, 2), backend=b),
     InvalidMaskError, "must hold only the characters '0' to 'o', got byte 195 at position 1"),
    # crashes in merge
    ("empty string", lambda b: from_coco_strings([b""], (2, 2), backend=b),
     InvalidMaskError, "strings of mask 0 must add up to height*width = 4, got 0"),
    # a ValueError without numbers
    ("string that is too long", lambda b: from_coco_strings(["5"], (2, 2), backend=b),
     InvalidMaskError, "strings of mask 0 must add up to height*width = 4, got 5"),
    ("negative run in a string", lambda b: from_coco_strings(["N4"], (2, 2), backend=b),
     InvalidMaskError, "strings of mask 0 must hold no negative count, got -2"),
    ("string that is none", lambda b: from_coco_strings([4], (2, 2), backend=b),  # type: ignore[list-item]
     InvalidMaskError, "strings of mask 0 must be bytes or str, got int"),
]  # fmt: skip

COUNTS: list[Case] = [
    # decodes to memory that was never written; hangs in iou and merge
    ("counts that are too short", lambda b: from_counts([EMPTY, [1, 2]], (2, 2), backend=b),
     InvalidMaskError, "from_counts: counts of mask 1 must add up to height*width = 4, got 3"),
    # hangs in iou and merge; writes beyond its memory in merge
    ("counts that are too long", lambda b: from_counts([[1, 2, 8]], (2, 2), backend=b),
     InvalidMaskError, "counts of mask 0 must add up to height*width = 4, got 11"),
    ("more counts than pixels", lambda b: from_counts([[1] * 9], (2, 2), backend=b),
     InvalidMaskError, "counts of mask 0 must add up to height*width = 4, got 9"),
    ("no counts", lambda b: from_counts([[]], (2, 2), backend=b),
     InvalidMaskError, "counts of mask 0 must add up to height*width = 4, got 0"),
    # wraps around
    ("negative count", lambda b: from_counts([[1, -2, 5]], (2, 2), backend=b),
     InvalidMaskError, "counts of mask 0 must hold no negative count, got -2"),
    ("counts whose sum wraps in 64 bits",
     lambda b: from_counts([[2**63 - 1, 2**63 - 1, 6]], (2, 2), backend=b),
     InvalidMaskError, "must add up to height*width = 4, got 18446744073709551620"),
    ("counts that are floats", lambda b: from_counts([[1.5, 2.5]], (2, 2), backend=b),
     InvalidMaskError, "counts of mask 0 must be a list of integers"),
]  # fmt: skip

SIZES: list[Case] = [
    # divides by zero in toBbox
    ("height 0", lambda b: from_counts([[0]], (0, 5), backend=b),
     InvalidMaskError, "sizes of mask 0 must be at least 1x1 and below 2**32 pixels, got height 0"),
    ("negative width", lambda b: from_counts([[0]], (5, -1), backend=b),
     InvalidMaskError, "sizes of mask 0 must be at least 1x1 .* and width -1"),
    # wraps around
    ("2**32 pixels", lambda b: from_counts([[2**32]], (2**16, 2**16), backend=b),
     InvalidMaskError, "must be at least 1x1 and below 2**32 pixels, got height 65536"),
    ("fraction of a pixel", lambda b: Masks.from_coco([SQUARE], (4.5, 4), backend=b),
     TypeError, "Masks.from_coco: sizes must be integers, got float64"),
    ("sizes that are not a pair a mask", lambda b: from_counts([EMPTY], (2, 2, 2), backend=b),
     ValueError, r"sizes must have shape \(2,\) or \(1, 2\), got \(3,\)"),
    ("no sizes for polygons", lambda b: Masks.from_coco([SQUARE], backend=b),
     ValueError, "sizes must be given for polygons, got none for segmentation 0"),
    # takes the one of the record, without a word
    ("run lengths of another size",
     lambda b: Masks.from_coco([{"size": [2, 2], "counts": [4]}], (4, 4), backend=b),
     InvalidMaskError, r"0 must have the size that sizes gives, \(4, 4\), got \(2, 2\)"),
]  # fmt: skip

POLYGONS: list[Case] = [
    # hang, and take all memory
    ("vertex that is not a number",
     lambda b: Masks.from_coco([SQUARE, [[0, 0, math.nan, 1, 1, 1]]], (4, 4), backend=b),
     InvalidMaskError, "segmentation 1 must hold only numbers as coordinates, got nan"),
    ("vertex at infinity",
     lambda b: Masks.from_coco([[[0, 0, 1, 1, 1, -math.inf]]], (4, 4), backend=b),
     InvalidMaskError, "got -inf at coordinate 5 of ring 0"),
    ("vertex far away", lambda b: Masks.from_coco([[[0, 0, 1e8, 1, 1, 1]]], (4, 4), backend=b),
     InvalidMaskError, r"must hold coordinates within 2\*\*22 pixels, got the number 100000000"),
    ("vertex that is not a number, in columns", lambda b: rasterize(ring(NAN_RING), backend=b),
     InvalidPolygonError, r"coords of mask 0 must be finite .*, got \(nan, 1.0\) at vertex 1"),
    # drops the last number
    ("odd number of coordinates",
     lambda b: Masks.from_coco([[[1, 1, 3, 1, 3]]], (4, 4), backend=b),
     InvalidMaskError, "must hold pairs of coordinates, x and y, got 5 coordinates in ring 0"),
    # a TypeError about something else
    ("flat polygon", lambda b: Masks.from_coco([SQUARE[0]], (4, 4), backend=b),
     InvalidMaskError, "must hold one list of coordinates a ring, .* got a flat list of numbers"),
    ("flat box", lambda b: Masks.from_coco([[1, 1, 2, 2]], (4, 4), backend=b),
     InvalidMaskError, "must hold one list of coordinates a ring, .* got a flat list of numbers"),
    ("run lengths without a size", lambda b: Masks.from_coco([{"counts": [4]}], (2, 2), backend=b),
     InvalidMaskError, "segmentation 0 must hold the keys size and counts, once each, got no size"),
    ("bare string", lambda b: Masks.from_coco(["4"], (2, 2), backend=b),
     InvalidMaskError, "must be a list of polygons, an object with size and counts, or null"),
    ("one segmentation in place of a list",
     lambda b: Masks.from_coco({"size": [2, 2], "counts": [4]}, backend=b),
     TypeError, "segmentations must be a list, one segmentation a mask, got dict"),
]  # fmt: skip

DENSE: list[Case] = [
    # gives None
    ("1-D array", lambda b: encode(np.zeros(4, bool), backend=b),
     ValueError, r"encode: dense must have shape \(H, W\) or \(N, H, W\), got \(4,\)"),
    ("4-D array", lambda b: encode(np.zeros((1, 1, 2, 2), bool), backend=b),
     ValueError, r"encode: dense must have shape .*, got \(1, 1, 2, 2\)"),
    ("array of floats", lambda b: encode(np.zeros((2, 2)), backend=b),
     TypeError, "encode: dense must be boolean or integer, got float64. Threshold it first"),
    ("array without pixels", lambda b: encode(np.zeros((2, 0), bool), backend=b),
     ValueError, "must be at least 1x1 and below 2.*pixels, got height 2 and width 0"),
    # shifts the pixels
    ("out for masks of several sizes",
     lambda b: decode(MIXED, out=np.zeros((2, 2, 2), np.uint8), backend=b),
     ValueError, "decode: masks must have one size when out is given, got several"),
    ("out of another shape",
     lambda b: decode(masks(FULL), out=np.zeros((2, 2, 2), np.uint8), backend=b),
     ValueError, r"decode: out must have shape \(1, 2, 2\), got \(2, 2, 2\)"),
    ("out that overlaps itself",
     lambda b: decode(masks(FULL), out=np.lib.stride_tricks.as_strided(
         np.zeros(2, np.uint8), (1, 2, 2), (0, 0, 1)), backend=b),
     ValueError, "decode: out must not overlap itself"),
    ("out that is read-only",
     lambda b: decode(masks(FULL), out=np.broadcast_to(np.uint8(0), (1, 2, 2)), backend=b),
     ValueError, "decode: out must be writeable"),
    ("colours in place of labels", lambda b: from_label_map(np.zeros((2, 2), float), backend=b),
     TypeError, "from_label_map: label_map must be integers, got float64"),
]  # fmt: skip

WIDE = Masks(np.zeros(0, np.uint32), np.zeros(2, np.int64), np.array([[1, 2**22 + 1]], np.int32))

TRACES: list[Case] = [
    ("polygons in place of masks to trace", lambda b: trace(ring([[0, 0]]), backend=b),  # type: ignore[arg-type]
     TypeError, "trace: masks must be Masks, got Polygons"),
    ("tolerance that is text", lambda b: trace(masks(FULL), tolerance="1", backend=b),  # type: ignore[arg-type]
     TypeError, "trace: tolerance must be a number, got str"),
    ("tolerance below 0", lambda b: trace(masks(FULL), tolerance=-0.5, backend=b),
     ValueError, "trace: tolerance must be finite and not negative, got -0.5"),
    ("tolerance that is not a number", lambda b: trace(masks(FULL), tolerance=math.nan, backend=b),
     ValueError, "trace: tolerance must be finite and not negative, got nan"),
    ("mask too wide for polygons", lambda b: trace(WIDE, backend=b),
     ValueError, "trace: masks must be at most 4194304 pixels wide and high, got height 1 and"),
]  # fmt: skip

REGIONS: list[Case] = [
    ("connectivity of six", lambda b: components(masks(FULL), connectivity=6, backend=b),  # type: ignore[arg-type]
     ValueError, "components: connectivity must be 4 or 8, got 6"),
    ("text in place of masks", lambda b: components("4", backend=b),  # type: ignore[arg-type]
     TypeError, "components: masks must be Masks, got str"),
    ("area that is a fraction", lambda b: remove_small_regions(masks(FULL), 0.5, backend=b),  # type: ignore[arg-type]
     TypeError, "remove_small_regions: min_area must be an integer, got float"),
    ("area below 0", lambda b: remove_small_regions(masks(FULL), -1, backend=b),
     ValueError, "remove_small_regions: min_area must not be negative, got -1"),
    ("all background as a hole", lambda b: fill_holes(masks(FULL), enclosed=False, backend=b),
     ValueError, "fill_holes: max_area must be given with enclosed=False, got None"),
    ("hole of an area below 0", lambda b: fill_holes(masks(FULL), -3, backend=b),
     ValueError, "fill_holes: max_area must not be negative, got -3"),
]  # fmt: skip

MOVES: list[Case] = [
    ("box that is empty", lambda b: crop(masks(FULL), (1, 0, 1, 2), backend=b),
     ValueError, "crop: sizes of mask 0 must be at least 1x1 .* got height 2 and width 0"),
    ("box of fractions", lambda b: crop(masks(FULL), (0.5, 0, 1, 1), backend=b),
     TypeError, "crop: boxes_xyxy must be integers, got float64"),
    ("box of three numbers", lambda b: crop(masks(FULL), (0, 0, 1), backend=b),
     ValueError, r"crop: boxes_xyxy must have shape \(4,\) or \(1, 4\), got \(3,\)"),
    ("box beyond all masks", lambda b: crop(masks(FULL), (0, 0, 2**31, 1), backend=b),
     ValueError, r"crop: boxes_xyxy must be within 2\*\*31, got \[0, 0, 2147483648, 1\]"),
    ("padding below 0", lambda b: pad(masks(FULL), (0, -1, 0, 0), backend=b),
     ValueError, r"pad: padding must not be negative, got \[0, -1, 0, 0\] for mask 0"),
    ("padding to 2**32 pixels", lambda b: pad(masks(FULL), (2**16, 2**16, 0, 0), backend=b),
     ValueError, "pad: sizes of mask 0 must be at least 1x1 and below 2**32 pixels, got height"),
    ("shift of text", lambda b: translate(masks(FULL), "ab", backend=b),
     TypeError, "translate: shifts must be integers, got <U2"),
    ("flip of another axis", lambda b: flip(masks(FULL), "x", backend=b),  # type: ignore[arg-type]
     ValueError, "flip: axis must be one of 'horizontal', 'vertical', got 'x'"),
    ("half of a quarter", lambda b: rotate90(masks(FULL), 0.5, backend=b),  # type: ignore[arg-type]
     TypeError, "rotate90: k must be an integer, got float"),
    ("resize to nothing", lambda b: resize(masks(FULL), (0, 1), backend=b),
     ValueError, "resize: sizes of mask 0 must be at least 1x1 .* got height 0 and width 1"),
    ("arrays in place of masks", lambda b: resize(np.ones((2, 2)), (1, 1), backend=b),  # type: ignore[arg-type]
     TypeError, "resize: masks must be Masks, got ndarray"),
    ("radius below 0", lambda b: erode(masks(FULL, FULL), [1, -2], backend=b),
     ValueError, "erode: radius must not be negative, got -2 for mask 1"),
    ("radius that is a fraction", lambda b: dilate(masks(FULL), 1.0, backend=b),
     TypeError, "dilate: radius must be integers, got float64"),
    ("widths of other masks", lambda b: boundary(masks(FULL), [1, 2], backend=b),
     ValueError, r"boundary: width must have shape \(\) or \(1,\), got \(2,\)"),
]  # fmt: skip

PAIRS: list[Case] = [
    # -1 where boxes overlap, else 0
    ("iou of two sizes", lambda b: iou(masks(FULL), masks([6], size=(2, 3)), backend=b),
     ValueError, r"iou: b must have one size inside a group, got \(2, 3\) at mask 0"),
    ("dice of two sizes", lambda b: dice(masks(FULL), masks([6], size=(2, 3)), backend=b),
     ValueError, "dice: b must have one size inside a group"),
    # asserts, or takes it
    ("crowd of another length",
     lambda b: iou(masks(FULL), masks(FULL, EMPTY), crowd=[0], backend=b),
     ValueError, r"iou: crowd must have one value a mask of b \(2\), got shape \(1,\)"),
    # a mask of 0x0 pixels
    ("merge of two sizes", lambda b: merge(MIXED, backend=b),
     ValueError, r"merge: masks must have one size inside a group, got \(2, 3\) at mask 1"),
    ("merge of nothing", lambda b: merge(Masks.empty(), backend=b),
     ValueError, "merge: sizes must be given when a group has no masks, got none for group 0"),
    ("union of two sizes", lambda b: union(masks(FULL), masks([6], size=(2, 3)), backend=b),
     ValueError, r"union: b must have the sizes of a, got \(2, 3\) for \(2, 2\) at pair 0"),
    ("pairs that do not pair",
     lambda b: difference(masks(FULL, FULL), masks(FULL, FULL, FULL), backend=b),
     ValueError, r"difference: b must have as many masks as a \(2\), .* got 3"),
    ("groups beyond the masks", lambda b: merge(masks(FULL, FULL), [0, 3], backend=b),
     ValueError, r"merge: groups must run from 0 to the number of values \(2\), got 0 to 3"),
    ("groups that decrease", lambda b: merge(masks(FULL, FULL), [0, 2, 1, 2], backend=b),
     ValueError, "merge: groups must not decrease, got 2 followed by 1 at row 1"),
    ("groups of one side",
     lambda b: intersection_area(masks(FULL), masks(FULL), groups_a=[0, 1], backend=b),  # type: ignore[call-overload]
     ValueError, "intersection_area: groups_a and groups_b must be given together"),
    ("dicts in place of masks",
     lambda b: iou([{"size": [2, 2], "counts": b"4"}], masks(FULL), backend=b),  # type: ignore[call-overload]
     TypeError, "iou: a must be Masks, got list"),
    ("dict in place of masks",
     lambda b: area({"size": [2, 2], "counts": b"4"}, backend=b),  # type: ignore[arg-type]
     TypeError, "area: masks must be Masks, got dict"),
]  # fmt: skip

LABELS: list[Case] = [
    # others wrap it to 44
    ("label that does not fit",
     lambda b: label_map(masks(FULL), [300], dtype=np.uint8, backend=b),
     ValueError, "label_map: labels must fit uint8, got 300"),
    ("labels that are floats", lambda b: label_map(masks(FULL), [1.5], backend=b),
     TypeError, "label_map: labels must be integers, got float64"),
    ("another number of labels", lambda b: label_map(masks(FULL), [1, 2], backend=b),
     ValueError, r"label_map: labels must have shape \(1,\), got \(2,\)"),
    ("score that is not a number",
     lambda b: label_map(masks(FULL), [1], order="score", scores=[math.nan], backend=b),
     ValueError, "label_map: scores must be finite, got nan at mask 0"),
    ("overlap that is not wanted",
     lambda b: label_map(masks(FULL, [1, 3]), [1, 2], overlap="raise", backend=b),
     ValueError, "label_map: masks must not overlap when overlap='raise', got 3 pixels"),
]  # fmt: skip

COLUMNS: list[Case] = [
    ("bounds that decrease", lambda b: area(columns([3, 1], [0, 2]), backend=b),
     InvalidMaskError, "Masks: bounds of mask 0 must increase strictly, got 3 followed by 1"),
    ("bound without a partner", lambda b: area(columns([1, 2, 3], [0, 2, 3]), backend=b),
     InvalidMaskError, "Masks: bounds of mask 1 must come in pairs"),
    ("bounds beyond the mask", lambda b: decode(columns([3, 5], [0, 2]), backend=b),
     InvalidMaskError, r"Masks: bounds of mask 0 must stay within height\*width = 4, got 5"),
    ("offsets beyond the bounds", lambda b: decode(columns([3, 4], [0, 9]), backend=b),
     InvalidMaskError, r"Masks: offsets must run from 0 to the number of values \(2\)"),
    ("bounds of another dtype",
     lambda b: area(Masks(np.array([3, 4]), np.array([0, 2]), np.array([[2, 2]], np.int32)),
                    backend=b),
     TypeError, "Masks: bounds must be an array of uint32, got int64"),
    ("backend that is none", lambda b: area(masks(FULL), backend="gpu"),  # type: ignore[arg-type]
     ValueError, "backend must be one of numpy, cpu, cuda, cupy, got 'gpu'"),
]  # fmt: skip

REFUSED = [
    *STRINGS,
    *COUNTS,
    *SIZES,
    *POLYGONS,
    *DENSE,
    *PAIRS,
    *LABELS,
    *COLUMNS,
    *TRACES,
    *REGIONS,
    *MOVES,
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("call", "error", "message"), [pytest.param(*c[1:], id=c[0]) for c in REFUSED]
)
def test_bad_input_is_refused(
    call: Callable[[BackendName], object],
    error: type[Exception],
    message: str,
    backend: BackendName,
) -> None:
    pattern = message.replace("height*width", r"height\*width").replace("2**32", r"2\*\*32")
    with pytest.raises(error, match=pattern) as caught:
        call(backend)
    assert type(caught.value) is error
    assert " must " in str(caught.value)
    assert ", got " in str(caught.value)
    assert not str(caught.value).rstrip(".").endswith(", got"), "the message ends with a remedy"


def big(size: tuple[int, int], *counts: int) -> Masks:
    return from_counts([counts], size, backend="numpy")


WHOLE = big((2**16, 2**16 - 1), 0, 2**32 - 2**16)

# What is unusual and right: a call and its answer.
ANSWERED: list[tuple[str, Callable[[BackendName], Any], object]] = [
    # writes beyond its memory
    ("one run of 2**30 pixels to a string",
     lambda b: to_coco_strings(big((2**15, 2**15), 0, 2**30), backend=b), [b"0PPPPPP1"]),
    ("one run of 2**30 pixels from a string",
     lambda b: area(from_coco_strings(["0PPPPPP1"], (2**15, 2**15), backend=b)).tolist(), [2**30]),
    # wraps around from 2**32 on, and the sum of two such masks before that
    ("area near 2**32", lambda b: area(WHOLE, backend=b).tolist(), [2**32 - 2**16]),
    ("iou near 2**32", lambda b: iou(WHOLE, WHOLE, backend=b).tolist(), [[1.0]]),
    # a shape out of memory that was never written
    ("decode of no masks", lambda b: np.shape(decode(Masks.empty(), backend=b)), (0, 0, 0)),
    # a list, not a matrix
    ("iou with no masks",
     lambda b: np.shape(iou(Masks.empty(), masks(FULL, FULL), backend=b)), (0, 2)),
    # 4294967292 and so on
    ("box of foreground runs of length zero",
     lambda b: bbox(from_counts([[2, 0, 2]], (2, 2), backend=b), backend=b).tolist(),
     [[0, 0, 0, 0]]),
    # writes beyond its memory in merge
    ("more runs of length zero than pixels",
     lambda b: from_counts([[1] + [0] * 40 + [3]], (2, 2), backend=b) == masks([1, 3]), True),
    # overflows from 256 masks on
    ("areas of 300 masks",
     lambda b: area(masks(*[FULL] * 300), backend=b).tolist(), [4] * 300),
    # splits into runs of 1 and 2
    ("every value but zero is foreground",
     lambda b: to_counts(encode(np.array([[1, 2], [2, 2]]), backend=b), backend=b)[0].tolist(),
     [0, 4]),
    # refuses what is not in Fortran order
    ("any strides",
     lambda b: area(encode(np.ones((6, 6), np.int64)[::2, ::-3], backend=b)).tolist(), [6]),
    # shifts pixels from one mask into the next
    ("masks of several sizes",
     lambda b: [len(m[0]) for m in decode(MIXED, backend=b)], [2, 3]),
    # a box, a TypeError, or an empty list
    ("polygon of two vertices", lambda b: area(Masks.from_coco([[[0, 0, 4, 4]]], (4, 4), backend=b),
     ).tolist(), [0]),
    ("polygon in tuples", lambda b: area(Masks.from_coco([((1, 1, 3, 1, 3, 3, 1, 3),)], (4, 4),
     backend=b)).tolist(), [4]),
    ("no polygons", lambda b: area(Masks.from_coco([[]], (4, 4), backend=b)).tolist(), [0]),
    ("vertices repeated", lambda b: area(Masks.from_coco([[[1, 1] * 3 + [3, 1, 3, 3, 1, 3, 1, 1]]],
     (4, 4), backend=b)).tolist(), [4]),
    ("vertices outside", lambda b: area(Masks.from_coco([[[-9, -9, 1e6, -9, 1e6, 1e6, -9, 1e6]]],
     (4, 4), backend=b)).tolist(), [16]),
    ("whole sizes as floats",
     lambda b: area(Masks.from_coco([SQUARE], (4.0, 4.0), backend=b)).tolist(), [4]),
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("call", "answer"), [pytest.param(*c[1:], id=c[0]) for c in ANSWERED])
def test_unusual_input_is_answered(
    call: Callable[[BackendName], Any], answer: object, backend: BackendName
) -> None:
    assert call(backend) == answer
