"""The steps of ``python -m benchmarks gpu``: what is known to work is what is timed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from benchmarks.machine import ROOT

SANITIZED = [
    "test_measure.py",
    "test_strings.py",
    "test_encode.py",
    "test_decode.py",
    "test_combine.py",
]
"""Short tests of every kind of kernel: scans, atomics, shared memory."""


class StepFailedError(Exception):
    """A step did not succeed; what it printed is above."""


def build(say: Callable[[str], None]) -> None:
    """Install the package with its kernels compiled ahead of time."""
    say("build")
    _run([sys.executable, "-m", "pip", "install", "-C", "cmake.define.MASKMILL_CUDA=ON", "."])


def test(say: Callable[[str], None]) -> None:
    """Run the whole suite; a GPU that cannot be used is a failure."""
    say("tests, with the backend cuda required")
    _run([sys.executable, "-m", "pytest", "-q", "tests"], MASKMILL_REQUIRE="numpy,cpu,cuda")


def sanitize(say: Callable[[str], None]) -> None:
    """Look for memory errors and races on the device itself."""
    tool = shutil.which("compute-sanitizer")
    if tool is None:
        raise StepFailedError("compute-sanitizer is not on the path: install the CUDA toolkit")
    for check in ("memcheck", "racecheck", "initcheck", "synccheck"):
        say(f"compute-sanitizer, {check}")
        command = [tool, "--tool", check, "--error-exitcode", "1"]
        files = [f"tests/{name}" for name in SANITIZED]
        # Memory of its own for every allocation: a pool would hide what leaves it.
        _run(
            [*command, sys.executable, "-m", "pytest", "-q", "-k", "cuda", *files],
            PYTORCH_NO_CUDA_MEMORY_CACHING="1",
            HYPOTHESIS_PROFILE="sanitizer",
        )


def _run(command: list[str], **variables: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False)
    if done.returncode:
        raise StepFailedError(f"{' '.join(command)} failed with {done.returncode}")
