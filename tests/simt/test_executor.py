"""The executor itself: it finds every fault, and finds none where there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import REQUIRED
from tests.simt import build
from tests.simt.faults import ORDERS, Faults, KernelError

# What the executor says of each, in every mode.
FOUND = {
    "shared_write": "writes beyond the shared array values",
    "global_write": "bytes were written after an allocation of 256",
    "global_write_before": "bytes were written before an allocation of 256",
    "divergent_barrier": "divergent barrier",
    "divergent_warp": "lanes that have returned or do not exist",
    "different_operations": "warp divergence",
    "not_in_mask": "calls with mask 0000ffff, which it is not in",
    "inactive_lane": "shuffles from lane 20, which is not in mask 0000ffff",
    "barrier_in_branch": "livelock",
    "deadlock": "deadlock: 64 threads wait",
    "copy_in_flight": "returns with async copies in flight",
    "misaligned_copy": "an async copy of 16 bytes must be aligned",
    "too_much_shared": "50176 bytes of static shared memory at more",
    "spin": "livelock",
    "spin_without_pause": "livelock",
    "exception": "throws an exception",
    "grid_too_high": "a grid of 1 x 65536 x 1 blocks",
    "grid_too_deep": "a grid of 1 x 1 x 65536 blocks",
    "grid_too_wide": "a grid of 2147483648 x 1 x 1 blocks",
    "grid_beyond_the_executor": "more than this executor's 2^24",
    "grid_without_blocks": "a grid of 0 x 1 x 1 blocks",
    "block_too_large": "a block of 1056 x 1 x 1 threads",
    "block_of_half_a_warp": "no whole number of warps",
    "dynamic_too_large": "233472 bytes of dynamic shared memory",
}
# What the race detector says, by the access that came second.
RACES = {
    "missing_syncwarp": "of shared values",
    "shuffle_is_no_fence": "read after write of byte",
    "missing_syncthreads": "of shared values",
    "missing_second_barrier": "of shared values",
    "missing_release": "byte 128 of an allocation of 256",
    "release_too_early": "read after write of byte",
    "plain_add": "byte 128 of an allocation of 256",
    "missing_wait": "read after write of byte",
    "wait_is_no_barrier": "of shared values",
}
# What AddressSanitizer and UndefinedBehaviorSanitizer say.
SANITIZED = {
    "shared_write": "index 32 out of bounds",
    "shared_read": "index 32 out of bounds",
    "global_write": "use-after-poison",
    "global_write_before": "use-after-poison",
    "misaligned_access": "misaligned address",
    "signed_overflow": "signed integer overflow",
}
# Results show these, if the kernel is run with two bytes of poison.
POISONED = {"uninitialised", "missing_wait"}

Load = Callable[[build.Mode], Faults]


def path_of(mode: build.Mode) -> Path:
    try:
        return build.library(mode)
    except build.BuildError as error:
        if "simt" in REQUIRED:
            pytest.fail(f"simt is required and cannot be built: {error}")
        pytest.skip(f"simt cannot be built: {error}")


@pytest.fixture
def load() -> Load:
    """Give a library of the faults in this mode, configured as usual."""

    def load_mode(mode: build.Mode) -> Faults:
        faults = Faults(path_of(mode))
        faults.configure()
        return faults

    return load_mode


@pytest.fixture
def plain(load: Load) -> Faults:
    return load("plain")


def results(faults: Faults, name: str, poison: int) -> list[int]:
    faults.configure(poison=poison)
    return faults.run(name)


def test_every_fault_is_found_by_something(plain: Faults) -> None:
    faults = {name for name in plain.names() if not name.endswith(".good")}
    assert faults == {*FOUND, *RACES, *SANITIZED, *POISONED}


@pytest.mark.parametrize("mode", ["plain", "portable", "races"])
def test_a_fault_ends_the_launch_with_words_and_the_next_launch_runs(
    mode: build.Mode, load: Load
) -> None:
    faults = load(mode)
    for name, words in FOUND.items():
        for order in ORDERS[-1:] if mode == "portable" else ORDERS:
            faults.configure(order=order)
            with pytest.raises(KernelError) as error:
                faults.run(name)
            assert f"kernel {name}: " in str(error.value)
            assert words in str(error.value)
            faults.run("missing_syncthreads.good")


@pytest.mark.parametrize("mode", ["plain", "portable", "races"])
def test_a_kernel_without_fault_passes_in_every_order(mode: build.Mode, load: Load) -> None:
    faults = load(mode)
    for name in faults.names():
        if name.endswith(".good"):
            for seed, order in enumerate((*ORDERS, "random")):
                for resident in (2, 3):
                    faults.configure(seed=seed, order=order, resident=resident)
                    faults.run(name)


@pytest.mark.parametrize("name", RACES)
def test_races_name_the_memory_and_both_lines(name: str, load: Load) -> None:
    faults = load("races")
    for seed in range(5):
        faults.configure(seed=seed)
        with pytest.raises(KernelError) as error:
            faults.run(name)
        message = str(error.value)
        assert f"kernel {name}: data races" in message
        assert RACES[name] in message
        assert message.count("faults.cpp:") >= 2


@pytest.mark.parametrize("name", sorted(POISONED))
def test_two_bytes_of_poison_show_what_is_uninitialised(name: str, plain: Faults) -> None:
    assert results(plain, name, 0xCD) != results(plain, name, 0x31)
    good = results(plain, f"{name}.good", 0xCD)
    # Global words that a kernel leaves alone stay poison.
    assert good[:32] == results(plain, f"{name}.good", 0x31)[:32]


@pytest.mark.parametrize("name", SANITIZED)
def test_sanitizers_end_the_process_and_name_the_line(name: str) -> None:
    def run(case: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(Path(__file__).with_name("faults.py")), str(library), case],
            env=build.sanitizer_environment(),
            capture_output=True,
            text=True,
        )

    library = path_of("sanitize")
    failed = run(name)
    assert failed.returncode != 0
    assert SANITIZED[name] in failed.stderr
    assert "faults.cpp:" in failed.stderr
    assert run(f"{name}.good").returncode == 0


def test_several_threads_of_python_follow_one_another(plain: Faults) -> None:
    expected = [i ^ 32 for i in range(64)]
    with ThreadPoolExecutor(4) as pool:
        ran = list(pool.map(plain.run, ["missing_syncthreads.good"] * 40))
    assert ran == [expected] * 40


def test_a_thread_that_switches_is_counted(plain: Faults) -> None:
    # 64 threads that pass 7 stretches between barriers and their end.
    assert plain.switches(3) == 3 * 64 * 7
