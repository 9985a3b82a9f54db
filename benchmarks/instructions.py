"""Instructions that maskmill runs for small work, counted by callgrind.

Times are noisy where others use the machine; instructions are not, so that a regression is seen on
any machine. ``python -m benchmarks.instructions ROW ...`` is the script under valgrind: for each
row it prepares the quick workload, runs the work twice to warm up, and counts the third run, the
Python part included. Valgrind offers AVX2 and no AVX-512, so wider paths are not counted.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import baselines, machine
from benchmarks.baselines.base import Baseline
from benchmarks.records import QUICK, RESULTS, InstructionResult, write
from benchmarks.rows import all_rows

_REQUESTS = """
#include <valgrind/callgrind.h>
void begin(void) { CALLGRIND_START_INSTRUMENTATION; CALLGRIND_ZERO_STATS; }
void end(const char* name) { CALLGRIND_DUMP_STATS_AT(name); }
"""


def run(*, quick: bool, say: Callable[[str], None] = print) -> Path:
    """Count, and write the result file."""
    provenance = machine.provenance()
    sizes = {name: row.quick for name, row in all_rows().items()}
    reason, counts = "", {}
    if shutil.which("valgrind") is None:
        reason = "no valgrind on this machine"
    else:
        with tempfile.TemporaryDirectory() as folder:
            try:
                counts = _count(list(sizes), Path(folder))
            except subprocess.CalledProcessError as error:
                reason = f"{error}: {error.stderr.decode(errors='replace')[-500:]}"
    for name, count in counts.items():
        say(f"{name:26} {count:14,} instructions")
    folder_of_results = QUICK if quick else RESULTS / provenance.machine.name
    path = folder_of_results / "instructions.json"
    result = InstructionResult("valgrind --tool=callgrind", reason, sizes, counts, provenance)
    write(result, path)
    return path


def _count(names: list[str], folder: Path) -> dict[str, int]:
    requests = folder / "requests.so"
    source = folder / "requests.c"
    source.write_text(_REQUESTS)
    flags = ["-O1", "-shared", "-fPIC"]
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, *flags, str(source), "-o", str(requests)], check=True, capture_output=True
    )
    command = [
        "valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-line=no",
        f"--callgrind-out-file={folder / 'out'}",
        sys.executable, "-m", "benchmarks.instructions", str(requests), *names,
    ]  # fmt: skip
    environment = {**machine.environment(1), "PYTHONHASHSEED": "0"}
    subprocess.run(command, cwd=machine.ROOT, env=environment, check=True, capture_output=True)
    counts = {}
    for path in sorted(folder.glob("out.*"), key=lambda p: int(p.suffix[1:])):
        text = path.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.MULTILINE)
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
        if name is not None and total is not None:
            counts[name[1]] = int(total[1])
    return {name: counts[name] for name in names if name in counts}


def _child(requests: Any, names: list[str]) -> None:
    machine.keep_to(1)
    engine: Baseline = baselines.load("maskmill")
    rows = all_rows()
    for name in names:
        row = rows[name]
        try:
            work = engine.work(row.operation, row.data(row.quick))
            work.run()
            work.run()
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue  # it has no count, which the page says
        requests.begin()
        work.run()
        requests.end(name.encode())


if __name__ == "__main__":
    _child(ctypes.CDLL(sys.argv[1]), sys.argv[2:])
