"""The CUDA device over a driver of the tests, and kernels over the host executor: no GPU needed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.simt import fake_gpu
from tests.simt.backend import host_module
from tests.simt.build import ROOT, BuildError

pytestmark = pytest.mark.skipif(
    find_spec("maskmill._gpu") is None, reason="built with MASKMILL_CUDA=OFF"
)

HERE = Path(__file__).parent
CASES = [
    line.split("(")[0].removeprefix("def ")
    for line in (HERE / "cuda_cases.py").read_text("utf-8").splitlines()
    if line.startswith("def case_")
]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    try:
        host_module("plain")
    except BuildError as error:
        pytest.skip(f"the host executor cannot be built: {error}")
    return fake_gpu.environment()


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simt.cuda_cases", case],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", ["test_measure.py", "test_strings.py"])
def test_operations_through_the_driver(file: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.simt.fake_gpu", "-p",
         "no:cacheprovider", f"tests/{file}", "-k", "cuda"],
        cwd=ROOT, env={**environment, "MASKMILL_REQUIRE": "cuda"}, capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
