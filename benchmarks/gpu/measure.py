"""Times on the device, by CUDA events, and through the bus, by the clock."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import torch

from benchmarks.gpu.records import Card
from benchmarks.records import Timing

WARM_UPS = 3
ROUNDS = 20


def this_card() -> Card:
    """Describe the current device and measure what it copies."""
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    source = torch.empty(2**30, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    time = on_device([source], target.copy_).median
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0]
    return Card(
        name=properties.name,
        architecture=f"sm_{properties.major}{properties.minor}",
        multiprocessors=properties.multi_processor_count,
        l2_bytes=properties.L2_cache_size,
        memory_bytes=properties.total_memory,
        copy_bytes_per_second=2 * source.numel() / time,
        driver=driver,
    )


def on_device(inputs: Sequence[Any], run: Callable[[Any], object]) -> Timing:
    """Time calls whose inputs are on the device already.

    The inputs take turns, so that with enough of them none is in the cache of the device.
    """
    for turn in range(WARM_UPS):
        run(inputs[turn % len(inputs)])
    times = []
    for turn in range(ROUNDS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        begin.record()
        result = run(inputs[turn % len(inputs)])
        end.record()
        end.synchronize()
        del result
        times.append(begin.elapsed_time(end) / 1000)
    return _timing(times)


def by_the_clock(inputs: Sequence[Any], run: Callable[[Any], object]) -> Timing:
    """Time calls that begin and end on the host."""
    for turn in range(WARM_UPS):
        run(inputs[turn % len(inputs)])
    times = []
    for turn in range(ROUNDS):
        torch.cuda.synchronize()
        begin = perf_counter()
        run(inputs[turn % len(inputs)])
        torch.cuda.synchronize()
        times.append(perf_counter() - begin)
    return _timing(times)


def _timing(times: list[float]) -> Timing:
    first, median, third = statistics.quantiles(times, n=4)
    return Timing(median, first, third, min(times), len(times), 1)
