"""What an installation holds: the sources, the types, the extensions, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import PurePosixPath

import pytest

import maskmill
from tests.repository import PACKAGE


@pytest.fixture
def installed() -> Distribution:
    try:
        return distribution("maskmill")
    except PackageNotFoundError:
        if os.environ.get("CI"):
            pytest.fail("maskmill is not installed, only on the path")
        pytest.skip("maskmill is not installed, only on the path")


def test_an_installation_holds_the_sources_the_types_and_the_extensions(
    installed: Distribution,
) -> None:
    listed = {PurePosixPath(str(path)) for path in installed.files or []}
    own = {
        path for path in listed if path.parts[0] == "maskmill" and "__pycache__" not in path.parts
    }
    extensions = [path for path in own if path.suffix == ".so"]
    built = {"_core", "_gpu"} if find_spec("maskmill._gpu") else {"_core"}  # MASKMILL_CUDA=OFF
    assert sorted(path.name.split(".")[0] for path in extensions) == sorted(built)
    sources = {
        PurePosixPath(path.relative_to(PACKAGE.parent).as_posix())
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".pyi") or path.name == "py.typed"
    }
    assert own - set(extensions) == sources
    # Beside the package: metadata, and the script in the folder of scripts.
    others = {path.parts[0] for path in listed if ".." not in path.parts} - {"maskmill"}
    assert all(name.startswith("maskmill-") and name.endswith(".dist-info") for name in others)


def test_there_is_one_version(installed: Distribution) -> None:
    assert installed.version == maskmill.__version__


def test_the_command_prints_the_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "maskmill", "--version"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert maskmill.__version__ in done.stdout
