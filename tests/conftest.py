"""Fixtures: the backends under test and the real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import maskmill
from maskmill.backend.contract import BACKEND_NAMES, BackendName
from tests.simt.backend import use_host_executor

ROOT = Path(__file__).resolve().parent.parent
IN_CI = bool(os.environ.get("CI"))

settings.register_profile(
    "default",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.register_profile("sanitizer", parent=settings.get_profile("default"), max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

REQUIRED = {"numpy", "cpu"} | set(filter(None, os.environ.get("MASKMILL_REQUIRE", "").split(",")))


# Test files whose operations have kernels.
WITH_KERNELS = (
    "test_combine.py",
    "test_decode.py",
    "test_encode.py",
    "test_from_label_map.py",
    "test_iou.py",
    "test_label_map.py",
    "test_measure.py",
    "test_rasterize.py",
    "test_strings.py",
)


def pytest_report_header() -> list[str]:
    """Name what does not run here: tests of it are not even listed."""
    return [
        f"backend {name}: {state}"
        for name, state in maskmill.backends().items()
        if state != "available"
    ]


# One that needs a device and finds none would fill the report with its absence.
NEED_A_DEVICE = {"cuda", "cupy"}
TESTED = [
    name
    for name in BACKEND_NAMES
    if name not in NEED_A_DEVICE - REQUIRED or maskmill.backends()[name] == "available"
]


@pytest.fixture(params=[*TESTED, "simt"])
def backend(request: pytest.FixtureRequest) -> BackendName:
    """Every backend that runs here; a required one that does not is a failure."""
    name: BackendName = request.param
    if request.param == "simt":
        if request.path.name not in WITH_KERNELS:
            pytest.skip("no kernels yet")
        state = use_host_executor()
    else:
        state = maskmill.backends()[name]
    if state != "available":
        if name in REQUIRED:
            pytest.fail(f"backend {name} is required and cannot run: {state}")
        pytest.skip(f"backend {name} cannot run: {state}")
    return name


def data_path(*parts: str) -> Path:
    """Path of real data: `MASKMILL_DATA`, or ``../shared/data`` beside the project."""
    root = Path(os.environ.get("MASKMILL_DATA", ROOT.parent / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        message = f"no real data at {path}; set MASKMILL_DATA to the folder that holds it"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return path
