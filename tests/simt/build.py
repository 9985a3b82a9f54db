"""Build what runs kernels on the CPU: ``python -m tests.simt.build plain sanitize races``.

Needs a C++ compiler, cmake, ninja and pybind11; no CUDA. Every mode has its folder
``build/simt-MODE``, where a second build is short.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal, get_args

ROOT = Path(__file__).resolve().parents[2]

Mode = Literal["plain", "portable", "sanitize", "races"]
MODES: tuple[Mode, ...] = get_args(Mode)

OPTIONS: dict[Mode, tuple[str, ...]] = {
    "plain": (),
    # What processors without a context switch of their own run.
    "portable": ("-DMASKMILL_SIMT_UCONTEXT=ON",),
    "sanitize": ("-DMASKMILL_SANITIZE=ON",),
    "races": ("-DMASKMILL_SIMT_RACES=ON",),
}

TARGETS = ("maskmill_simt_faults", "simt_device")


class BuildError(Exception):
    """A build that could not be made, with the tool's own words."""


def tool(name: str) -> str:
    """A program beside this Python or on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise BuildError(f"{name} is not installed")
    return found


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _configure(folder: Path, source: Path, mode: Mode) -> None:
    launcher = shutil.which("ccache")
    _run(
        tool("cmake"),
        *("-S", str(source), "-B", str(folder), "-G", "Ninja"),
        f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}",
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dpybind11_DIR={_run(sys.executable, '-m', 'pybind11', '--cmakedir').strip()}",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DMASKMILL_SIMT=ON",
        "-DMASKMILL_WERROR=ON",
        *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"] if launcher else []),
        *OPTIONS[mode],
    )


def build(mode: Mode, target: str, source: Path = ROOT, folder: Path | None = None) -> Path:
    """Build a target of ``tests/simt`` and return the library that it makes."""
    folder = folder or ROOT / "build" / f"simt-{mode}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it
        if not (folder / "build.ninja").exists():
            _configure(folder, source, mode)
        _run(tool("cmake"), "--build", str(folder), "--target", target)
    return _made(folder, target)


def _made(folder: Path, target: str) -> Path:
    made = sorted((folder / "tests" / "simt").glob(f"*{target}*.so"))
    if len(made) != 1:
        raise BuildError(f"target {target} made {[path.name for path in made]}")
    return made[0]


@cache
def library(mode: Mode, target: str = "maskmill_simt_faults") -> Path:
    """Build a target once a process; under ``MASKMILL_SIMT_BUILD``, take what is built there."""
    if folder := os.environ.get("MASKMILL_SIMT_BUILD"):
        return _made(Path(folder) / f"simt-{mode}", target)
    return build(mode, target)


def usual_mode() -> Mode:
    """The mode ``MASKMILL_SIMT_MODE``, or plain: of tests that need none in particular."""
    mode = os.environ.get("MASKMILL_SIMT_MODE", "plain")
    return next(known for known in MODES if known == mode)


def sanitizer_environment() -> dict[str, str]:
    """Variables under which a Python that was built without sanitizers loads the mode sanitize."""
    compiler = os.environ.get("CXX", "c++")
    names = ("libasan.so", "libubsan.so")
    found = (_run(compiler, f"-print-file-name={name}").strip() for name in names)
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MODES:
        if chosen not in MODES:
            sys.exit(f"{chosen} is none of {', '.join(MODES)}")
        print(*(library(chosen, target) for target in TARGETS), sep="\n")
