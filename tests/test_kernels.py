"""Compiled kernels: in the module, on disk, from the compiler."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.repository import ROOT

_gpu = pytest.importorskip("maskmill._gpu", reason="built with MASKMILL_CUDA=OFF")
from maskmill.backend import kernels  # noqa: E402


def test_the_module_holds_the_kernels_of_these_sources() -> None:
    folder = ROOT / "csrc"
    paths = sorted(path for name in ("core", "kernels") for path in (folder / name).iterdir())
    joined = "".join(
        f"{path.relative_to(folder).as_posix()}\0{path.read_text('utf-8')}\0" for path in paths
    )
    assert _gpu.kernel_hash() == hashlib.sha256(joined.encode()).hexdigest()


def test_every_kernel_that_a_driver_names_exists() -> None:
    folder = ROOT / "csrc" / "kernels"
    named = {
        name
        for path in folder.glob("*.h")
        for name in re.findall(r'kKernel = "(\w+)"', path.read_text())
    }
    defined = {
        name
        for path in folder.glob("*.cuh")
        for name in re.findall(r"^MASKMILL_KERNEL[^{;]*?\b(maskmill_\w+)\(", path.read_text(), re.M)
    }
    assert named
    assert named == defined


def test_a_cached_kernel_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.kernels"
    assert kernels.read_cached(path) is None
    kernels.write_cached(path, b"code")
    assert kernels.read_cached(path) == b"code"
    assert [p.name for p in path.parent.iterdir()] == ["x.kernels"]


@pytest.mark.parametrize("place", [0, 10, 30, -1])
def test_a_damaged_cache_entry_is_none(tmp_path: Path, place: int) -> None:
    path = tmp_path / "x.kernels"
    kernels.write_cached(path, b"some code")
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[place] ^= 1
    path.write_bytes(damaged)
    assert kernels.read_cached(path) is None
    path.write_bytes(whole[: place % len(whole)])
    assert kernels.read_cached(path) is None
    kernels.write_cached(path, b"some code")
    assert kernels.read_cached(path) == b"some code"


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kernels.write_cached(tmp_path / "file" / "x.kernels", b"code")
    (tmp_path / "taken").mkdir()
    kernels.write_cached(tmp_path / "taken", b"code")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKMILL_CACHE_DIR", "/there")
    assert kernels.cache_folder() == Path("/there")
    monkeypatch.delenv("MASKMILL_CACHE_DIR")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert kernels.cache_folder() == Path("/cache/maskmill")


def test_compilers_that_the_driver_understands_come_first(tmp_path: Path) -> None:
    def majors(newest: int) -> list[str]:
        return [Path(name).name for name in kernels.nvrtc_libraries(newest)]

    assert majors(12).index("libnvrtc.so.12") < majors(12).index("libnvrtc.so.13")
    assert majors(13).index("libnvrtc.so.13") < majors(13).index("libnvrtc.so.12")
