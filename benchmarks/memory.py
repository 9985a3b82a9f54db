"""Peak memory of one engine in one row: ``python -m benchmarks.memory ROW ENGINE SIZE``.

A fresh process prepares the data, asks the kernel to forget the peak so far, runs the work once and
reads the peak. Native memory is counted, which tracemalloc would not see.
"""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from pathlib import Path

import msgspec

from benchmarks import baselines
from benchmarks.machine import ROOT, environment, keep_to
from benchmarks.records import Memory
from benchmarks.rows import all_rows


def measure(row: str, engine: str, size: float, threads: int) -> Memory | None:
    """Measure in a child process; None where the system does not tell."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    arguments = [row, engine, str(size), str(threads)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *arguments],
        cwd=ROOT,
        env=environment(threads),
        capture_output=True,
        check=True,
    )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Memory)


def _resident(field: str) -> int:
    found = re.search(
        rf"^{field}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    if found is None:
        raise OSError(f"/proc/self/status has no {field}")
    return 1024 * int(found[1])


def _child(row_name: str, engine: str, size: float, threads: int) -> Memory:
    keep_to(threads)
    row = all_rows()[row_name]
    work = baselines.load(engine).work(row.operation, row.data(size))
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _resident("VmRSS")
    result = work.run()
    peak = _resident("VmHWM")
    del result
    return Memory(before=before, peak=peak)


if __name__ == "__main__":
    found = _child(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    print(msgspec.json.encode(found).decode())
