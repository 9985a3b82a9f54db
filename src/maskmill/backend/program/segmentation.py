"""Segmentation text to columns: the standard library reads the JSON, this file judges it.

A record is refused for the first thing that is wrong: first that it is JSON at all, then what it
says, in the order of the text. Numbers stay text until their place is known, so that a message can
quote them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import Array
from maskmill.backend.contract import COCO_STRING, COUNTS, POLYGONS, Segmentations
from maskmill.errors import StructureError
from maskmill.structure import MAX_COORDINATE

MAX_DEPTH: Final = 64

JSON_TEXT: Final = f"be JSON text nested at most {MAX_DEPTH} levels deep"
SHAPE: Final = "be a list of polygons, an object with size and counts, or null"
POLYGON: Final = "hold one list of coordinates a ring, as in [[x, y, ...], [x, y, ...]]"
COORDINATES: Final = "hold only numbers as coordinates"
RANGE: Final = "hold coordinates within 2**22 pixels"
PAIRS: Final = "hold pairs of coordinates, x and y"
KEYS: Final = "hold the keys size and counts, once each"
SIZE: Final = "hold size as [height, width], whole numbers from 1 to 2**31 - 1"
RUNS: Final = "hold counts as a string or a list of integers"
INT64: Final = "hold counts that fit in 64 bits"


class _Number(str):
    """A number as it is written."""

    __slots__ = ()

    @property
    def whole(self) -> bool:
        return not set(self) & set(".eE")


class _Object(list[tuple[str, object]]):
    """The pairs of a JSON object, in order."""


def parse_segmentations(texts: Sequence[bytes | memoryview]) -> Segmentations:
    kinds, sizes = [], []
    polygons: list[list[list[float]]] = []
    counts: list[list[int]] = []
    strings: list[bytes] = []
    for record, text in enumerate(texts):
        value = _read(record, bytes(text))
        size = [-1, -1]
        if isinstance(value, _Object):
            size, runs = _run_lengths(record, value)
            if isinstance(runs, bytes):
                kinds.append(COCO_STRING)
                strings.append(runs)
            else:
                kinds.append(COUNTS)
                counts.append(runs)
        else:
            kinds.append(POLYGONS)
            polygons.append(_rings(record, value))
        sizes.append(size)
    rings = [ring for mask in polygons for ring in mask]
    return Segmentations(
        kinds=np.array(kinds, np.uint8),
        sizes=np.array(sizes, np.int64).reshape(-1, 2),
        coords=np.array([c for ring in rings for c in ring], np.float64).reshape(-1, 2),
        ring_offsets=_offsets(len(ring) // 2 for ring in rings),
        mask_offsets=_offsets(map(len, polygons)),
        counts=np.array([c for row in counts for c in row], np.int64),
        count_offsets=_offsets(map(len, counts)),
        chars=np.frombuffer(b"".join(strings), np.uint8),
        char_offsets=_offsets(map(len, strings)),
    )


def _offsets(lengths: Iterable[int]) -> Array:
    return ragged.offsets_from_lengths(np.array(list(lengths), np.int64))


def _read(record: int, text: bytes) -> object:
    def refuse(_: str) -> NoReturn:
        raise ValueError  # NaN and Infinity are no JSON

    try:
        value: object = json.loads(
            text.decode(),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=refuse,
            object_pairs_hook=_Object,
        )
        level = [value]
        for _ in range(MAX_DEPTH):
            lists = [parent for parent in level if isinstance(parent, list)]
            level = [
                child[1] if isinstance(parent, _Object) else child
                for parent in lists
                for child in parent
            ]
        if any(isinstance(value, list) for value in level):
            raise ValueError
    except (ValueError, RecursionError):
        raise StructureError(record, JSON_TEXT, _quote(text, 40)) from None
    return value


def _rings(record: int, value: object) -> list[list[float]]:
    """Coordinates of each ring."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise StructureError(record, SHAPE, _name(value))
    for r, ring in enumerate(value):
        if isinstance(ring, _Number) and r == 0:
            raise StructureError(record, POLYGON, "a flat list of numbers; put it into a list")
        if not isinstance(ring, list) or isinstance(ring, _Object):
            raise StructureError(record, POLYGON, f"{_name(ring)} in place of ring {r}")
        for k, number in enumerate(ring):
            if not isinstance(number, _Number):
                got = f"{_name(number)} at coordinate {k} of ring {r}"
                raise StructureError(record, COORDINATES, got)
            if abs(float(number)) > MAX_COORDINATE:
                got = f"{_name(number)} at coordinate {k} of ring {r}"
                raise StructureError(record, RANGE, got)
        if len(ring) % 2:
            raise StructureError(record, PAIRS, f"{len(ring)} coordinates in ring {r}")
    return [[float(number) for number in ring] for ring in value]


def _run_lengths(record: int, pairs: _Object) -> tuple[list[int], list[int] | bytes]:
    """Size and counts."""
    size: list[int] | None = None
    runs: list[int] | bytes | None = None
    for key, value in pairs:
        if key == "size" and size is None:
            size = _size(record, value)
        elif key == "counts" and runs is None:
            runs = _runs(record, value)
        elif key in ("size", "counts"):
            raise StructureError(record, KEYS, f"a second {key}")
        else:
            got = f"the key {_quote(key.encode('utf-8', 'surrogatepass'), 24)}"
            raise StructureError(record, KEYS, got)
    if size is None or runs is None:
        raise StructureError(record, KEYS, "no size" if size is None else "no counts")
    return size, runs


def _size(record: int, value: object) -> list[int]:
    if not isinstance(value, list) or isinstance(value, _Object):
        raise StructureError(record, SIZE, f"{_name(value)} as size")
    for number in value:
        if not (isinstance(number, _Number) and number.whole and 1 <= _integer(number) < 2**31):
            raise StructureError(record, SIZE, f"{_name(number)} in size")
    if len(value) != 2:
        raise StructureError(record, SIZE, f"a size of length {len(value)}")
    return [_integer(number) for number in value]


def _runs(record: int, value: object) -> list[int] | bytes:
    if isinstance(value, _Number) or not isinstance(value, (str, list)):
        raise StructureError(record, RUNS, f"{_name(value)} as counts")
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, _Object):
        raise StructureError(record, RUNS, "an object as counts")
    for k, number in enumerate(value):
        if not (isinstance(number, _Number) and number.whole):
            raise StructureError(record, RUNS, f"{_name(number)} at count {k}")
        if not -(2**63) <= _integer(number) < 2**63:
            raise StructureError(record, INT64, f"{_name(number)} at count {k}")
    return [_integer(number) for number in value]


def _integer(number: _Number) -> int:
    return int(number) if len(number) <= 20 else 2**63  # any number out of range will do


def _name(value: object) -> str:
    """Say what a JSON value is."""
    if isinstance(value, _Number):
        return f"the number {value}" if len(value) <= 24 else f"the number {value[:24]}..."
    if isinstance(value, bool):
        return str(value).lower()
    for kind, name in ((str, "a string"), (_Object, "an object"), (list, "a list")):
        if isinstance(value, kind):
            return name
    return "null"


def _quote(text: bytes, limit: int) -> str:
    """Show the start of a text in printable ASCII."""
    shown = "".join(chr(c) if 32 <= c < 127 else "?" for c in text[:limit])
    return f"'{shown}'..." if len(text) > limit else f"'{shown}'"
