"""Check that a test fails when a kernel loses a barrier, an atomic, a release or half a mask.

``python -m tests.simt.mutate -- tests -k simt`` makes every mutant of the
kernels in ``csrc/kernels``, builds it for the race detector and plainly, and runs pytest with what
follows ``--``. A mutant that no test notices survives. It is an error unless `REDUNDANT` tells why
nothing can notice it. ``--sample 5 --seed 3`` takes five of them by lot.

The tests find the builds by the variable ``MASKMILL_SIMT_BUILD`` (see `tests.simt.build`).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.simt import build
from tests.simt.mutants import Mutant, mutants_of

MODES: tuple[build.Mode, ...] = ("races", "plain")

# (file, function, fault, which of them in the function) -> why no execution can show it.
REDUNDANT: dict[tuple[str, str, str, int], str] = {}


class Workbench:
    """A copy of the sources whose kernels are exchanged, with a build folder for each mode."""

    def __init__(self, kernels: Path, target: str, folder: Path) -> None:
        self.target = target
        self.folder = folder
        self.source = folder / "source"
        self.kernels = self.source / kernels.relative_to(build.ROOT)
        for name in ("CMakeLists.txt", "cmake", "csrc", "tests/simt"):
            top = build.ROOT / name
            for path in [top, *top.rglob("*")] if top.exists() else []:
                if path.is_file() and "__pycache__" not in path.parts:
                    _refresh(path, self.source / path.relative_to(build.ROOT))

    def verdict(self, mutant: Mutant, pytest_arguments: list[str], limit: float) -> str:
        """How the mutant was noticed, or "survives"."""
        file = self.kernels / mutant.file
        original = file.read_text("utf-8")
        file.write_text(mutant.source, "utf-8")
        try:
            for mode in MODES:
                if failed := self.run_tests(mode, pytest_arguments, limit):
                    return f"{mode}: {failed}"
        except build.BuildError as error:
            return f"does not compile: {_last_error(str(error))}"
        finally:
            file.write_text(original, "utf-8")
        return "survives"

    def run_tests(self, mode: build.Mode, pytest_arguments: list[str], limit: float) -> str:
        """Why the tests of this mode fail, or "" if they pass."""
        build.build(mode, self.target, self.source, self.folder / f"simt-{mode}")
        environment = {
            **os.environ,
            "MASKMILL_SIMT_BUILD": str(self.folder),
            "MASKMILL_SIMT_MODE": mode,
            "MASKMILL_REQUIRE": "simt",
            "HYPOTHESIS_PROFILE": "sanitizer",
        }
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, *pytest_arguments],
                cwd=build.ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            return "no end"
        if done.returncode == 0:
            return ""
        if done.returncode in (2, 3, 4, 5):
            sys.exit(f"pytest ran no tests:\n{done.stdout}{done.stderr}")
        return _reason(done.stdout)


def _refresh(original: Path, copy: Path) -> None:
    """Copy a file unless the copy is alike, so that the next build is short."""
    content = original.read_bytes()
    if not copy.exists() or copy.read_bytes() != content:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)


def _reason(output: str) -> str:
    errors = [line[1:].strip() for line in output.splitlines() if line.startswith("E ")]
    return errors[0][:90] if errors else output.strip().splitlines()[-1][:90]


def _last_error(output: str) -> str:
    errors = [line for line in output.splitlines() if "error:" in line]
    return (errors[0] if errors else output.strip().splitlines()[-1])[:120]


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simt.mutate", description="Mutation check of kernels."
    )
    kernels = build.ROOT / "csrc" / "kernels"
    parser.add_argument("--kernels", type=Path, default=kernels, help="folder of the sources")
    parser.add_argument("--files", default="*.cuh", help="which of them, as a glob pattern")
    parser.add_argument("--target", default="simt_device", help="what to build")
    parser.add_argument("--sample", type=int, help="how many mutants to take by lot")
    parser.add_argument("--seed", type=int, default=0, help="of the lot")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run of pytest")
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    return parser.parse_args(given)


def main(given: list[str]) -> int:
    options = arguments(given)
    kernels = options.kernels.resolve()
    chosen = [m for path in sorted(kernels.glob(options.files)) for m in mutants_of(path)]
    if options.sample is not None and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    if options.list:
        for mutant in chosen:
            print(mutant)
        return 0
    bench = Workbench(kernels, options.target, build.ROOT / "build" / "mutants")
    for mode in MODES:
        if failed := bench.run_tests(mode, options.pytest, options.limit):
            sys.exit(f"the tests fail without a mutant, in mode {mode}: {failed}")
    wrong = [m for m in chosen if not judge(bench, m, options.pytest, options.limit)]
    print(f"{len(chosen)} mutants, {len(wrong)} to look at")
    return 1 if wrong else 0


def judge(bench: Workbench, mutant: Mutant, pytest_arguments: list[str], limit: float) -> bool:
    """Print the line of a mutant; whether it is as it should be."""
    verdict = bench.verdict(mutant, pytest_arguments, limit)
    noticed = verdict.startswith(MODES)
    reason = REDUNDANT.get(mutant.site)
    if reason is not None:
        verdict += f" (listed as redundant: {reason})"
    print(f"{mutant!s:64} {verdict}", flush=True)
    return noticed if reason is None else verdict.startswith("survives")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
