"""The machine, the versions and the commit that numbers belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import maskmill
from benchmarks.records import Machine, Provenance

ROOT = Path(__file__).resolve().parent.parent
_VERSIONS = (
    "numpy",
    "pycocotools",
    "hotcoco",
    "ultrafast-pycocotools",
    "faster-coco-eval",
    "RLEMaskLib",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "rasterio",
    "supervision",
    "torchvision",
    "msgspec",
    "pytest-benchmark",
)


def this_machine() -> Machine:
    """Describe the machine."""
    cpu = _cpu()
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    slug = re.sub(r"[^a-z0-9]+", "-", f"{cpu} {cores} cores".lower()).strip("-")
    system = f"{platform.system()} {platform.machine()}"
    return Machine(name=slug, cpu=cpu, cores=cores, memory_bytes=memory, system=system)


def provenance() -> Provenance:
    """Describe what is about to be measured; set ``load_after`` when it is done."""
    versions = {"python": platform.python_version(), "maskmill": maskmill.__version__}
    for name in _VERSIONS:
        try:
            versions[name.lower()] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    load = os.getloadavg()[0]
    return Provenance(
        machine=this_machine(),
        versions=versions,
        commit=_git("rev-parse", "HEAD"),
        changed=bool(_git("status", "--porcelain", "--", "src", "csrc", "CMakeLists.txt")),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        load_before=load,
        load_after=load,
    )


def environment(threads: int) -> dict[str, str]:
    """Give the environment of a process whose libraries keep to a number of threads."""
    names = ("RAYON", "OMP", "OPENBLAS", "MKL", "NUMEXPR")
    limits = {f"{name}_NUM_THREADS": str(threads) for name in names}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    # A test run that is spread over processes would switch the timing off in ours.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return {**inherited, **limits, "PYTHONPATH": path}


def keep_to(threads: int) -> None:
    """Let this process use as many processors as threads, so that no library can use more."""
    if hasattr(os, "sched_setaffinity"):
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, usable[-threads:])


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    name = found[1].strip() if found else platform.machine()
    flags = set(text.split())
    simd = [flag for flag in ("avx2", "avx512f") if flag in flags]
    return f"{name} ({', '.join(simd)})" if simd else name


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"git {' '.join(arguments)}: {done.stderr.strip()}", file=sys.stderr)
        return "unknown"
    return done.stdout.strip()
