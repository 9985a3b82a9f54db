"""Threads: equal results on any number of them, no lock held, forks and errors that behave."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import maskmill
from maskmill import (
    InvalidMaskError,
    Masks,
    Polygons,
    _core,
    area,
    bbox,
    boundary,
    complement,
    components,
    crop,
    decode,
    dice,
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
    symmetric_difference,
    to_coco_strings,
    to_counts,
    trace,
    translate,
    union,
)
from tests.test_stubs import OPERATIONS as OPERATIONS_OF_CORE

COUNTS = (1, 2, 7)


def blobs(n: int, size: int, seed: int = 0) -> Masks:
    """Masks of wavy stripes: many runs, overlapping one another."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    kinds = [np.sin(x / a + y / b + c) > d for a, b, c, d in rng.uniform(0.3, 4, (min(n, 16), 4))]
    masks = encode(np.array(kinds), backend="numpy")
    return masks[np.arange(n) % len(masks)]


def stars(n: int, size: int, seed: int = 0) -> Polygons:
    """Polygons of 24 vertices, some of them outside their image."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = rng.uniform(0.05, 0.6, (n, 24)) * size
    centre = rng.uniform(0, size, (n, 1, 2))
    coords = centre + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    rows = np.arange(n + 1)
    sizes = np.tile(np.array([[size, size]], np.int32), (n, 1))
    return Polygons(coords.reshape(-1, 2), rows * 24, rows, rows, sizes)


def columns(value: Any) -> list[bytes]:
    """All bytes of a result."""
    if isinstance(value, Masks):
        return [value.bounds.tobytes(), value.offsets.tobytes(), value.sizes.tobytes()]
    if isinstance(value, Polygons):
        own = (value.coords, value.ring_offsets, value.part_offsets, value.mask_offsets)
        return [column.tobytes() for column in (*own, value.sizes)]
    if isinstance(value, maskmill.PairMatrices):
        return [value.values.tobytes(), value.shapes.tobytes()]
    if isinstance(value, (list, tuple)):
        return [piece for part in value for piece in columns(part)]
    return [value if isinstance(value, bytes) else np.asarray(value).tobytes()]


def groups_of(n: int) -> list[int]:
    """Groups of growing sizes, empty ones among them."""
    cuts = np.unique((np.linspace(0, 1, 9) ** 2 * n).astype(int)).tolist()
    return [0, *cuts, n]


OPERATIONS: dict[str, Callable[[Masks, Polygons], object]] = {
    "area": lambda m, p: area(m),
    "bbox": lambda m, p: bbox(m),
    "boundary": lambda m, p: boundary(m, 2),
    "complement": lambda m, p: complement(m),
    "components": lambda m, p: components(m),
    "components by edges": lambda m, p: components(m, connectivity=4),
    "crop": lambda m, p: crop(m, (-2, 1, 9, 8)),
    "decode": lambda m, p: decode(m),
    "dice": lambda m, p: dice(m[:60], m),
    "dilate": lambda m, p: dilate(m, 2),
    "encode": lambda m, p: encode(decode(m)),
    "erode": lambda m, p: erode(m, 1),
    "fill_holes": lambda m, p: fill_holes(m),
    "flip": lambda m, p: flip(m, "horizontal"),
    "from_coco": lambda m, p: Masks.from_coco([*m.to_coco()[:50], *p[:50].to_coco()], m.sizes[0]),
    "from_coco_strings": lambda m, p: from_coco_strings(to_coco_strings(m), m.sizes),
    "from_counts": lambda m, p: from_counts(to_counts(m), m.sizes),
    "from_label_map": lambda m, p: from_label_map(
        decode(m) * np.arange(1, len(m) + 1)[:, None, None]
    ),
    "intersection_area": lambda m, p: intersection_area(m[:60], m),
    "iou": lambda m, p: iou(m[:60], m),
    "iou in groups": lambda m, p: iou(
        m, m[::-1], groups_a=groups_of(len(m)), groups_b=groups_of(len(m))
    ),
    "label_map": lambda m, p: label_map(m, np.arange(len(m))),
    "label_map in groups": lambda m, p: label_map(
        m, np.arange(len(m)), groups=groups_of(len(m)), sizes=m.sizes[0], order="area"
    ),
    "merge": lambda m, p: merge(m),
    "merge in groups": lambda m, p: merge(
        m, groups_of(len(m)), op="symmetric_difference", sizes=m.sizes[0]
    ),
    "pad": lambda m, p: pad(m, (1, 2, 3, 4)),
    "rasterize": lambda m, p: rasterize(p),
    "rasterize by centres": lambda m, p: rasterize(p, rule="center"),
    "remove_small_regions": lambda m, p: remove_small_regions(m, 9),
    "resize": lambda m, p: resize(m, (40, 30)),
    "rotate90": lambda m, p: rotate90(m),
    "symmetric_difference": lambda m, p: symmetric_difference(m, m[::-1]),
    "to_coco_strings": lambda m, p: to_coco_strings(m),
    "to_counts": lambda m, p: to_counts(m),
    "trace": lambda m, p: trace(m),
    "trace with a tolerance": lambda m, p: trace(m, tolerance=1.0),
    "translate": lambda m, p: translate(m, (2, -1)),
    "union": lambda m, p: union(m, m[:1]),
}
BATCHES = {
    "no mask": (Masks.empty(), Polygons.empty()),
    "one small mask": (blobs(1, 5), stars(1, 5)),
    "many small masks": (blobs(3000, 9), stars(3000, 9)),
    "one large mask": (blobs(1, 1500), stars(1, 1500)),
    "large masks": (blobs(40, 500), stars(40, 500)),
}
NEED_A_MASK = {"from_coco", "label_map", "label_map in groups", "merge", "merge in groups", "union"}


CALLS = [
    (name, batch)
    for name in OPERATIONS
    for batch in BATCHES
    if not (name in NEED_A_MASK and batch == "no mask")
]


@pytest.mark.parametrize(("name", "batch"), CALLS)
def test_results_do_not_depend_on_the_number_of_threads(name: str, batch: str) -> None:
    masks, polygons = BATCHES[batch]
    results = []
    for n in COUNTS:
        with maskmill.threads(n):
            results.append(columns(OPERATIONS[name](masks, polygons)))
    assert results[1] == results[0]
    assert results[2] == results[0]


def recorded(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """Arguments with which the operations call each function of the extension."""
    calls: dict[str, tuple[Any, ...]] = {}

    def recorder(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def record(*arguments: Any) -> Any:
            calls[name] = arguments
            return function(*arguments)

        return record

    with monkeypatch.context() as patch:
        for name in NATIVE:
            patch.setattr(_core, name, recorder(name, getattr(_core, name)))
        for operation in OPERATIONS.values():
            operation(*BATCHES["large masks"])
    return calls


NATIVE = sorted(OPERATIONS_OF_CORE)


def test_every_native_function_lets_other_python_threads_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = recorded(monkeypatch)
    assert sorted(calls) == NATIVE
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e6)  # seconds: the interpreter takes its lock away from nobody
    try:
        held = [name for name, arguments in calls.items() if not lets_run(name, arguments)]
    finally:
        sys.setswitchinterval(before)
    assert held == []


def lets_run(name: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether another thread ran within a number of calls, between which none can."""
    function = getattr(_core, name)
    go, seen = threading.Event(), threading.Event()

    def watch() -> None:
        go.wait()  # then for the lock of the interpreter
        seen.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    go.set()
    calls = 0
    while calls < 20_000 and not seen.is_set():
        function(*arguments)
        calls += 1
    found = seen.is_set()
    watcher.join()
    return found


LONG_CALLS = ("encode", "iou", "label_map", "rasterize", "to_coco_strings", "union")


def test_calls_from_several_python_threads_at_once() -> None:
    jobs = [(name, batch) for name in LONG_CALLS for batch in ("many small masks", "large masks")]
    expected = {job: columns(OPERATIONS[job[0]](*BATCHES[job[1]])) for job in jobs}

    def call(job: tuple[str, str]) -> bool:
        with maskmill.threads(3):
            return columns(OPERATIONS[job[0]](*BATCHES[job[1]])) == expected[job]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(call, jobs * 3, timeout=300))


# The scope.


def test_scopes_nest_and_end() -> None:
    outside = maskmill.thread_count()
    with maskmill.threads(5):
        assert maskmill.thread_count() == 5
        with maskmill.threads(2):
            assert maskmill.thread_count() == 2
        assert maskmill.thread_count() == 5
    assert maskmill.thread_count() == outside


def test_a_scope_ends_with_an_exception() -> None:
    outside = maskmill.thread_count()
    with pytest.raises(KeyError), maskmill.threads(3):
        raise KeyError
    assert maskmill.thread_count() == outside


def test_a_scope_holds_for_its_own_thread() -> None:
    outside = maskmill.thread_count()
    with maskmill.threads(outside + 3), ThreadPoolExecutor(1) as pool:
        assert pool.submit(maskmill.thread_count).result(60) == outside


@pytest.mark.parametrize("n", [0, -1, 1025, 2**40])
def test_the_number_of_threads_is_in_range(n: int) -> None:
    with (
        pytest.raises(ValueError, match=rf"threads: n must be from 1 to 1024, got {n}\."),
        maskmill.threads(n),
    ):
        pass


@pytest.mark.parametrize("n", [2.0, "2", None])
def test_the_number_of_threads_is_an_integer(n: Any) -> None:
    with pytest.raises(TypeError, match="threads: n must be an integer"), maskmill.threads(n):
        pass


def test_many_more_threads_than_processors() -> None:
    masks, _ = BATCHES["large masks"]
    expected = columns(to_coco_strings(masks))
    with maskmill.threads(1024):
        assert columns(to_coco_strings(masks)) == expected


REFUSED = """
import resource
import numpy as np
import maskmill

dense = np.zeros((64, 512, 512), bool)
dense[:, :256] = True
with maskmill.threads(1):
    expected = maskmill.encode(dense)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 40_000_000, -1))  # room for few stacks of 8 MB
with maskmill.threads(64):
    assert maskmill.encode(dense) == expected
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory as Linux does")
@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""), reason="reserves terabytes")
def test_a_system_that_gives_no_more_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REFUSED], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "done\n", done.stderr


# Processes: a DataLoader's workers.


def work(seed: int) -> tuple[int, list[bytes]]:
    """What a worker does: a call with threads of its own, too."""
    masks = blobs(12, 200, seed)
    alone = columns(iou(masks, masks))
    with maskmill.threads(3):
        assert columns(iou(masks, masks)) == alone
        assert len(encode(decode(masks))) == len(masks)
    return maskmill.thread_count(), alone


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.timeout(240)
def test_worker_processes_after_a_threaded_call(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    with maskmill.threads(4):
        expected = [columns(iou(m, m)) for m in (blobs(12, 200, seed) for seed in range(4))]
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        found = list(pool.map(work, range(4), timeout=180))
    assert [result for _, result in found] == expected
    assert {count for count, _ in found} == {1}, "workers share the machine: one thread each"


FORK_WHILE_A_MODULE_LOADS = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
import maskmill
at_module = threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "maskmill.backend.native":
            at_module.set()
            time.sleep(0.3)

sys.meta_path.insert(0, Slow())
other = threading.Thread(target=maskmill.backends)
other.start()
assert at_module.wait(30)
child = os.fork()
if child == 0:
    os._exit(0 if maskmill.backends()["cpu"] == "available" else 1)
other.join()
assert os.waitpid(child, 0)[1] == 0
print("done")
"""


def test_a_fork_while_another_thread_loads_a_module() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    command = [sys.executable, "-c", FORK_WHILE_A_MODULE_LOADS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.timeout(240)
def test_a_fork_while_another_thread_is_inside_a_call() -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system cannot fork")
    masks, polygons = BATCHES["large masks"]
    stop = threading.Event()

    def keep_busy() -> None:
        with maskmill.threads(3):
            while not stop.is_set():
                OPERATIONS["iou"](masks, polygons)

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        for seed in range(5):
            context = multiprocessing.get_context("fork")
            child = context.Process(target=work, args=(seed,))
            child.start()
            child.join(60)
            if child.is_alive():
                child.kill()
                pytest.fail("the forked child hangs")
            assert child.exitcode == 0
    finally:
        stop.set()
        busy.join(60)


# Errors out of worker threads.


def test_the_first_bad_record_is_named_whatever_thread_finds_it() -> None:
    good = to_coco_strings(blobs(1, 9))[0]
    strings = [good] * 30_000
    strings[11_111] = b"!"
    strings[22_222] = b"P"
    strings[29_999] = b""
    messages = set()
    for n in (*COUNTS, 16):
        for _ in range(5):
            with maskmill.threads(n), pytest.raises(InvalidMaskError) as caught:
                from_coco_strings(strings, (9, 9))
            messages.add(str(caught.value))
    assert len(messages) == 1
    assert "mask 11111 must hold only the characters" in messages.pop()


def test_the_pool_works_on_after_an_error() -> None:
    counts = [[81]] * 30_000
    with maskmill.threads(4):
        for i in (0, 15_000, 29_999):
            bad = counts.copy()
            bad[i] = [80]
            with pytest.raises(InvalidMaskError, match=f"mask {i} must add up"):
                from_counts(bad, (9, 9))
            assert area(from_counts(counts, (9, 9))).sum() == 0
