"""The limits that the machine sets, measured beside the engines.

Memory is written by the C library's ``memset``, read by its ``memchr`` (which looks for a byte that
is not there) and copied by its ``memcpy``; what no library function does is in ``limits.c``.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from maskmill import Masks, bbox

_LIBC = ctypes.CDLL(None)
for _name, _second in (
    ("memset", ctypes.c_int),
    ("memchr", ctypes.c_int),
    ("memcpy", ctypes.c_void_p),
):
    _function = getattr(_LIBC, _name)
    _function.argtypes = [ctypes.c_void_p, _second, ctypes.c_size_t]
    _function.restype = ctypes.c_void_p

Run = Callable[[], object]


class NoCompilerError(Exception):
    """No C compiler was found: the limits of ``limits.c`` cannot be measured."""


@dataclass(frozen=True)
class Limit:
    """A limit: its name, and how to reach it on the data of a row."""

    name: str
    of: Callable[[Any], Run]


def write(n_bytes: int) -> Run:
    """Write a warm buffer."""
    buffer = np.ones(max(1, n_bytes), np.uint8)
    return _holding(buffer, partial(_LIBC.memset, buffer.ctypes.data, 1, n_bytes))


def read(array: Any) -> Run:
    """Read an array once."""
    flat = np.ravel(array, order="K").view(np.uint8)
    if not np.shares_memory(flat, array):
        raise ValueError("read: the array must be contiguous in some order")
    if (flat == 0xFE).any():
        flat = np.zeros_like(flat)  # the same number of bytes, and memchr does not stop early
    return _holding(flat, partial(_LIBC.memchr, flat.ctypes.data, 0xFE, flat.nbytes))


def copy(n_bytes: int) -> Run:
    """Copy between two warm buffers."""
    source, target = np.ones(max(1, n_bytes), np.uint8), np.ones(max(1, n_bytes), np.uint8)
    call = partial(_LIBC.memcpy, target.ctypes.data, source.ctypes.data, n_bytes)
    return _holding((source, target), call)


def both(first: Run, second: Run) -> Run:
    """One after the other."""

    def run() -> None:
        first()
        second()

    return run


def box_tests(groups: list[tuple[Masks, Masks]]) -> Run:
    """Test the boxes of all pairs of each group."""
    library = _compiled()
    calls = []
    for a, b in groups:
        boxes = [
            np.ascontiguousarray(bbox(m, format="xyxy", backend="numpy"), np.int32) for m in (a, b)
        ]
        out = np.zeros((len(a), len(b)), np.uint8)
        calls.append(
            _holding(
                (boxes, out),
                partial(
                    library.box_tests,
                    _pointer(boxes[0]), len(a), _pointer(boxes[1]), len(b), _pointer(out),
                ),
            )
        )  # fmt: skip

    def run() -> None:
        for call in calls:
            call()

    return run


def read_pairs(a: Masks, b: Masks) -> Run:
    """Read the runs of both masks of every pair."""
    library = _compiled()
    arguments = [_pointer(a.bounds), _pointer(a.offsets), len(a)]
    arguments += [_pointer(b.bounds), _pointer(b.offsets), len(b)]
    return _holding((a, b), partial(library.read_pairs, *arguments))


def _pointer(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _holding(owner: object, call: Run) -> Run:
    """Keep the memory alive as long as the call."""
    call.owner = owner  # type: ignore[attr-defined]
    return call


@cache
def _compiled() -> Any:
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    if compiler is None:
        raise NoCompilerError("no C compiler on this machine")
    source = Path(__file__).with_suffix(".c")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "limits.so"
        flags = ["-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
        loaded = ctypes.CDLL(str(library))
    for name, n_arguments in (("box_tests", 5), ("read_pairs", 6)):
        function = getattr(loaded, name)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        function.argtypes = {
            5: [pointer, number, pointer, number, pointer],
            6: [pointer, pointer, number, pointer, pointer, number],
        }[n_arguments]
        function.restype = ctypes.c_uint32
    return loaded
