"""Gets compiled kernels onto a device: those of the installation, of the disk, or of NVRTC.

An installation holds code for some architectures and the sources for all others, which NVIDIA's
run-time compiler turns into code once; a folder keeps that from one process to the next.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from maskmill import _gpu
from maskmill.errors import BackendUnavailableError

_MARK: Final = b"maskmill kernels 1\n"
_DIGEST_BYTES: Final = 32


def load_kernels(ordinal: int) -> None:
    """Load the kernels of a device, unless that is done."""
    if _gpu.is_loaded(ordinal):
        return
    refused = _gpu.load_compiled(ordinal)
    if refused:
        _gpu.load(ordinal, _compiled(_gpu.architecture(ordinal), refused))


def _compiled(architecture: int, why: str) -> bytes:
    """Code for an architecture by the first NVRTC that makes some."""
    reasons = []
    for library in nvrtc_libraries(_gpu.driver_version() // 1000):
        try:
            version = _gpu.compiler_version(library)
            name = f"{_gpu.kernel_hash()[:16]}-sm_{architecture}-nvrtc_{version}.kernels"
            path = cache_folder() / name
            code = read_cached(path)
            if code is None:
                code = _gpu.compile(library, architecture)
                write_cached(path, code)
            return code
        except BackendUnavailableError as error:
            reasons.append(str(error))
    raise BackendUnavailableError(
        f"{why}, and none could be compiled ({'; '.join(reasons)}). Install the package "
        "nvidia-cuda-nvrtc-cu12 or nvidia-cuda-nvrtc, as the driver's CUDA is 12 or later"
    )


def nvrtc_libraries(newest: int) -> list[str]:
    """Names and paths under which NVRTC may be found, best first.

    A driver loads code of its own major version of CUDA and of earlier ones, so those come first.
    """
    spec = find_spec("nvidia")
    folders = [Path(p) for p in spec.submodule_search_locations or ()] if spec else []
    patterns = (
        ("cu[0-9]*/bin/**/nvrtc64_*_0.dll", "cuda_nvrtc/bin/nvrtc64_*_0.dll")
        if sys.platform == "win32"
        else ("cu[0-9]*/lib/libnvrtc.so.*", "cuda_nvrtc/lib/libnvrtc.so.*")
    )
    packaged = [
        str(path)
        for folder in folders
        for pattern in patterns
        for path in sorted(folder.glob(pattern))
        if _major(path.name)
    ]
    system = (
        ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"]
        if sys.platform == "win32"
        else ["libnvrtc.so.13", "libnvrtc.so.12"]
    )
    return sorted(
        packaged + system,
        key=lambda name: (_major(name) > newest, -_major(name)),
    )


def _major(library: str) -> int:
    """CUDA's major version in the name of a library; 0 for its companions."""
    found = re.search(r"libnvrtc\.so\.(\d+)$|nvrtc64_(\d+)\d_0\.dll$", library)
    return int(found.group(1) or found.group(2)) if found else 0


def cache_folder() -> Path:
    """Where compiled kernels are kept: MASKMILL_CACHE_DIR, or the platform's place for caches."""
    own = os.environ.get("MASKMILL_CACHE_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "maskmill"


def read_cached(path: Path) -> bytes | None:
    """Code of a file that `write_cached` wrote; None if there is none or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(_MARK) + _DIGEST_BYTES
    code = content[start:]
    sound = content[:start] == _MARK + hashlib.sha256(code).digest()
    return code if sound and code else None


def write_cached(path: Path, code: bytes) -> None:
    """Keep code on disk; other processes see all of it or nothing. A full disk is no error."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = None
        try:
            with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
                temporary = Path(file.name)
                file.write(_MARK + hashlib.sha256(code).digest() + code)
            temporary.replace(path)
        except OSError:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            raise
