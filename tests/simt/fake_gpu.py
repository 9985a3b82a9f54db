"""A GPU without one: our CUDA code over a driver of the tests, CuPy over NumPy's memory.

The driver (``fake_cuda.cpp``) is found as libcuda.so.1 in a folder of ``LD_LIBRARY_PATH``; kernels
that it launches run on the host executor. Also a plugin: ``pytest -p tests.simt.fake_gpu`` runs
tests that take a backend with ``cuda``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.simt.backend import host_module
from tests.simt.build import ROOT

LAUNCH = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_char_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
    ctypes.c_size_t,
)  # fmt: skip


@cache
def build_driver() -> Path:
    """Folder that holds the driver as libcuda.so.1."""
    folder = ROOT / "build" / "fake-cuda"
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("fake_cuda.cpp")
    library = folder / "libcuda.so.1"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        made = folder / f"{os.getpid()}.so"
        compiler = os.environ.get("CXX", "c++")
        subprocess.run(
            [compiler, "-std=c++20", "-shared", "-fPIC", str(source), "-o", str(made)], check=True
        )
        made.replace(library)
    return folder


def environment() -> dict[str, str]:
    """Variables of a process that finds the driver."""
    paths = [str(build_driver()), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, paths))}


def driver() -> Any:
    """The driver of this process, for its journal and its faults."""
    library = ctypes.CDLL("libcuda.so.1")
    library.fake_journal.restype = ctypes.c_char_p
    return library


def journal() -> list[str]:
    """Calls of the driver since the last time."""
    library = driver()
    lines: list[str] = library.fake_journal().decode().splitlines()
    library.fake_clear()
    return lines


class DeviceArray:
    """CuPy's array, of a number of a device."""

    def __init__(self, values: np.ndarray[Any, Any], ordinal: int) -> None:
        self.values = values
        self.device = SimpleNamespace(id=ordinal)
        self.dtype, self.shape, self.ndim = values.dtype, values.shape, values.ndim
        self.strides, self.nbytes = values.strides, values.nbytes

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.values.ctypes.data, False),
            "strides": None if self.values.flags.c_contiguous else self.strides,
            "version": 3,
        }

    def __array__(self, *_: object) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> DeviceArray:
        return DeviceArray(self.values[index], self.device.id)

    def view(self, dtype: Any) -> DeviceArray:
        return DeviceArray(self.values.view(dtype), self.device.id)

    def reshape(self, *shape: Any) -> DeviceArray:
        return DeviceArray(self.values.reshape(*shape), self.device.id)

    def get(self) -> np.ndarray[Any, Any]:
        return self.values.copy()


class FakeCupy(ModuleType):
    """CuPy's functions that a call needs; `stream` is the handle of the current stream."""

    ndarray = DeviceArray

    def __init__(self) -> None:
        super().__init__("cupy")
        self.__spec__ = ModuleSpec("cupy", None)
        self.current = 0
        self.handle = 0
        self.cuda = SimpleNamespace(
            Device=self._device,
            get_current_stream=lambda: SimpleNamespace(ptr=self.handle),
            # So that the backend `cupy` does not run on it.
            runtime=SimpleNamespace(getDeviceCount=lambda: 0, CUDARuntimeError=RuntimeError),
        )

    @contextlib.contextmanager
    def _on(self, ordinal: int) -> Any:
        before, self.current = self.current, ordinal
        try:
            yield
        finally:
            self.current = before

    def _device(self, ordinal: int | None) -> Any:
        fake = self

        class Device:
            id = fake.current if ordinal is None else ordinal

            def __enter__(self) -> None:
                self._scope = fake._on(self.id)
                self._scope.__enter__()

            def __exit__(self, *_: object) -> None:
                self._scope.__exit__(None, None, None)

        return Device()

    def empty(self, n: Any, dtype: Any) -> DeviceArray:
        return DeviceArray(np.full(n, 0xCD, dtype), self.current)

    def asarray(self, values: Any) -> DeviceArray:
        if isinstance(values, DeviceArray):
            return values
        return DeviceArray(np.array(values), self.current)


def launch(kernel: bytes, n_blocks: int, n_threads: int, _: Any, data: int, n_bytes: int) -> int:
    """Run a kernel on the host executor; 700 (illegal address) if it fails."""
    try:
        host_module("plain").launch(
            kernel.decode(), n_blocks, n_threads, ctypes.string_at(data, n_bytes)
        )
    except Exception as error:  # nothing may pass through the driver
        print(error, file=sys.stderr)
        return 700
    return 0


_launcher = LAUNCH(launch)


def install() -> FakeCupy:
    """Put CuPy and the launcher into this process, which finds the driver."""
    from maskmill import _gpu

    fake = FakeCupy()
    sys.modules["cupy"] = fake
    host_module("plain").configure(seed=1, order="random", resident=2, poison=0xCD)
    driver().fake_launcher(_launcher)
    _gpu.probe()
    for ordinal in (0, 1):
        if not _gpu.is_loaded(ordinal):
            _gpu.load(ordinal, b"\x7fELF no kernels: the launcher has them")
    journal()
    return fake


def pytest_configure() -> None:
    """Serve as a plugin."""
    install()
