"""Peak memory beside the input is what the docstrings state, measured in a process of its own."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import maskmill
from maskmill import Masks, Polygons

STATUS = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")
SLACK = 8 << 20
"""Huge pages, Python's objects and the stacks of threads."""

Case = tuple[Callable[[], object], float]
"""A call, and the bytes that its docstring allows on one thread; with more threads twice that."""


def cases() -> dict[str, Case]:
    n, height, width = 20_000, 480, 640
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = 50 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    centres = np.random.default_rng(0).uniform(60, 400, (n, 1, 2))
    coords = np.ascontiguousarray((centres + circle).reshape(-1, 2))
    one_each = np.arange(n + 1)
    sizes = np.full((n, 2), (height, width), np.int32)
    polygons = Polygons(coords, 24 * one_each, one_each, one_each, sizes)
    masks = maskmill.rasterize(polygons)
    a, b = masks[: n // 2], masks[n // 2 :]
    by_ten, by_hundred = np.arange(0, n + 1, 10), np.arange(0, n // 2 + 1, 100)
    counts = maskmill.to_counts(masks)
    strings = maskmill.to_coco_strings(masks)
    n_chars = sum(map(len, strings))
    noise = np.random.default_rng(1).random((16, 1024, 1024)) < 0.5
    of_noise = maskmill.encode(noise)
    between = np.ascontiguousarray(noise.transpose(1, 2, 0)).transpose(2, 0, 1)
    per_mask = len(of_noise.bounds) / len(of_noise)
    stack = np.zeros((200, height, width), np.uint8)
    maps = maskmill.label_map(masks[:100], np.arange(1, 101))
    assert isinstance(maps, np.ndarray)
    found = maskmill.from_label_map(np.stack([maps] * 50))
    n_runs, n_labels = len(found.masks.bounds) / 2, len(found.labels)
    n_maps = 100
    return {
        "rasterize": (lambda: maskmill.rasterize(polygons), masks.nbytes),
        "encode": (lambda: maskmill.encode(noise), of_noise.nbytes + 48 * per_mask),
        "encode masks last": (
            lambda: maskmill.encode(between),
            of_noise.nbytes + 48 * per_mask + 2**26,
        ),
        "encode nothing": (lambda: maskmill.encode(stack), 0),
        "decode": (lambda: maskmill.decode(of_noise), noise.nbytes + 24 * per_mask),
        "decode in place": (lambda: maskmill.decode(masks[:200], out=stack), 0),
        "area": (lambda: maskmill.area(masks), 8 * n),
        "bbox": (lambda: maskmill.bbox(masks), 32 * n),
        "union": (lambda: maskmill.union(a, b), masks.nbytes),
        "intersection": (lambda: maskmill.intersection(a, b), masks.nbytes),
        "complement": (lambda: maskmill.complement(masks), masks.nbytes + 8 * n),
        "merge": (lambda: maskmill.merge(masks, by_ten), masks.nbytes),
        "merge all": (lambda: maskmill.merge(masks), 3 * masks.bounds.nbytes),
        "iou": (
            lambda: maskmill.iou(a, b, groups_a=by_hundred, groups_b=by_hundred),
            8 * 100 * (n // 2),
        ),
        "iou of all": (lambda: maskmill.iou(a[:2000], b[:2000]), 8 * 2000 * 2000),
        "label_map": (
            lambda: maskmill.label_map(masks[:n_maps], range(n_maps), groups=range(n_maps + 1)),
            n_maps * height * width,
        ),
        "from_label_map": (
            lambda: maskmill.from_label_map(np.stack([maps] * 50)),
            50 * maps.nbytes + found.masks.nbytes + 40 * n_runs + 64 * n_labels,
        ),
        "to_counts": (lambda: maskmill.to_counts(masks), masks.nbytes + 8 * n + 200 * n),
        "from_counts": (
            lambda: maskmill.from_counts(counts, (height, width)),
            16 * sum(map(len, counts)) + masks.nbytes,
        ),
        "to_coco_strings": (lambda: maskmill.to_coco_strings(masks), 3 * n_chars + 33 * n),
        "from_coco_strings": (
            lambda: maskmill.from_coco_strings(strings, (height, width)),
            n_chars + masks.nbytes,
        ),
        "concatenate": (lambda: Masks.concatenate([a, b]), masks.nbytes),
        "slice": (lambda: masks[1:], 8 * n),
    }


def resident(field: str) -> int:
    found = re.search(rf"^{field}:\s*(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])


def measure() -> dict[str, tuple[int, float]]:
    """Peak and allowed bytes of each call, after one that warms up."""
    trim = ctypes.CDLL(None).malloc_trim
    results = {}
    for name, (run, allowed) in cases().items():
        run()
        gc.collect()
        trim(0)
        FORGET.write_text("5")  # the peak starts anew
        before = resident("VmRSS")
        result = run()
        results[name] = (resident("VmHWM") - before, allowed)
        del result
    return results


@cache
def measured(threads: int) -> dict[str, tuple[int, float]]:
    # Every block goes back to the system when it is freed, and is seen when it is taken again.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    code = f"import json, maskmill, tests.test_memory as t\nwith maskmill.threads({threads}):\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "    print(json.dumps(t.measure()))"],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, tuple[int, float]] = json.loads(done.stdout)
    return found


NAMES = [
    "rasterize", "encode", "encode masks last", "encode nothing", "decode", "decode in place",
    "area", "bbox", "union", "intersection", "complement", "merge", "merge all", "iou",
    "iou of all", "label_map", "from_label_map", "to_counts", "from_counts", "to_coco_strings",
    "from_coco_strings", "concatenate", "slice",
]  # fmt: skip


@pytest.mark.skipif(
    not FORGET.exists() or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="only Linux with the GNU C library tells what is in use",
)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_no_more_memory_than_stated(name: str, threads: int) -> None:
    extra, allowed = measured(threads)[name]
    assert extra <= threads * allowed + SLACK


def test_the_docstrings_state_it() -> None:
    functions = [
        maskmill.rasterize, maskmill.encode, maskmill.decode, maskmill.area, maskmill.bbox,
        maskmill.union, maskmill.complement, maskmill.merge, maskmill.intersection_area,
        maskmill.label_map, maskmill.from_label_map, maskmill.to_counts, maskmill.from_counts,
        maskmill.to_coco_strings, maskmill.from_coco_strings,
    ]  # fmt: skip
    assert all("eak extra memory:" in " ".join((f.__doc__ or "").split()) for f in functions)
