"""The kernels compile for every architecture with NVRTC, and the hot ones keep to the registers."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.repository import ROOT
from tests.resources import RECORD, build_script, resources

BUILD = build_script()


@pytest.fixture(scope="module")
def report() -> dict[str, dict[str, dict[str, int]]]:
    """Resources of each kernel by architecture."""
    libraries = BUILD.nvrtc_libraries()
    if not libraries:
        message = "NVRTC is not installed: pip install nvidia-cuda-nvrtc-cu12"
        if "nvrtc" in os.environ.get("MASKMILL_REQUIRE", "").split(","):
            pytest.fail(message)
        pytest.skip(message)
    texts = BUILD.sources(ROOT)
    compiler, known = BUILD.nvrtc_compiler(libraries[0], texts)
    assert set(BUILD.ARCHITECTURES) <= known
    return {f"sm_{number}": resources(compiler(number)) for number in BUILD.ARCHITECTURES}


def test_every_kernel_compiles_for_every_architecture(report: Any) -> None:
    text = "".join(BUILD.sources(ROOT).values())
    named = {part.split('"')[1] for part in text.split("kKernel = ")[1:]}
    assert named
    for architecture, kernels in report.items():
        counts_bits = architecture in ("sm_80", "sm_86", "sm_89", "sm_90")  # its tensor cores do
        absent = set() if counts_bits else {"maskmill_overlap_mma"}
        assert set(kernels) == named - absent, architecture


# Bytes of local memory a thread that the compiler spills today, of its own accord; no more.
ALLOWED = {
    "maskmill_pair_walk": 8,
    "maskmill_rasterize_center": 16,
    "maskmill_rasterize_coco": 32,
}


def test_no_kernel_spills_more_than_is_known(report: Any) -> None:
    spilled = [
        f"{kernel} on {architecture}: {found['local_bytes']} bytes"
        for architecture, kernels in report.items()
        for kernel, found in kernels.items()
        if found["local_bytes"] > ALLOWED.get(kernel, 0)
    ]
    assert spilled == []


def test_static_shared_memory_fits_every_device(report: Any) -> None:
    most = max(found["shared_bytes"] for kernels in report.values() for found in kernels.values())
    assert most <= 48 * 1024


def test_the_record_is_that_of_these_kernels(report: Any) -> None:
    recorded = json.loads(RECORD.read_text())
    assert set(recorded["kernels"]) == set(report)
    for architecture, kernels in report.items():
        assert set(recorded["kernels"][architecture]) == set(kernels), (
            f"{architecture}: record again with python -m tests.resources"
        )
