"""The backend ``simt``: the GPU drivers and kernels, unchanged, on the host executor."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import Array
from maskmill.backend.contract import Backend
from maskmill.backend.dispatch import STAND_INS
from maskmill.backend.gpu import Gpu
from tests.simt.build import BuildError, Mode, library, usual_mode


class HostArray:
    """A NumPy array in the memory of the executor, strides and all."""

    def __init__(self, simt: Any, array: Array) -> None:
        self.host = array
        start = 0
        if array.size:
            low, high = np.lib.array_utils.byte_bounds(array)
            start = array.__array_interface__["data"][0] - low
            self.memory = simt.Memory(high - low)
            self.view = np.ndarray(array.shape, array.dtype, self.memory, start, array.strides)
            self.view[...] = array
        else:
            self.memory = simt.Memory(0)
            self.view = array
        contiguous = array.flags.c_contiguous
        self.__cuda_array_interface__ = {
            "shape": array.shape,
            "typestr": array.dtype.str,
            "data": (self.memory.address + start, False),
            "strides": None if contiguous else array.strides,
            "version": 3,
        }

    def download(self) -> None:
        self.host[...] = self.view


class HostMemory:
    """Memory that a driver asks for."""

    def __init__(self, simt: Any, n_bytes: int) -> None:
        self.memory = simt.Memory(n_bytes)
        self.__cuda_array_interface__ = {
            "shape": (n_bytes,),
            "typestr": "|u1",
            "data": (self.memory.address, False),
            "version": 3,
        }


class HostCall:
    """A call on the host executor: NumPy arrays are copied in and out."""

    def __init__(self, simt: Any) -> None:
        self._simt = simt
        self.device = simt.HostDevice(lambda n_bytes: HostMemory(simt, n_bytes))
        self.written: list[HostArray] = []

    def read(self, array: Array) -> HostArray:
        # Values that straddle their own size are for NumPy only; no device has them.
        return HostArray(self._simt, np.require(array, requirements="A"))

    def write(self, array: Array) -> HostArray:
        self.written.append(HostArray(self._simt, array))
        return self.written[-1]

    def give(self, memory: HostMemory, dtype: npt.DTypeLike, *shape: int) -> Array:
        size = int(np.prod(shape, dtype=np.int64))
        if size == 0:
            return np.empty(shape, dtype)
        return np.frombuffer(memory.memory, dtype, size).reshape(shape).copy()

    def copy_to_host(self, array: Array) -> Array:
        return array.copy()


def host_backend(simt: ModuleType) -> Backend:
    """Make the backend over a build of the module ``simt_device``."""

    @contextmanager
    def open_call(*_: Array) -> Iterator[HostCall]:
        call = HostCall(simt)
        yield call
        for array in call.written:
            array.download()

    return cast("Backend", Gpu(cast("Any", "simt"), simt, open_call))


@cache
def host_module(mode: Mode) -> ModuleType:
    """Build and load the module ``simt_device`` in a mode."""
    path = library(mode, "simt_device")
    spec = importlib.util.spec_from_file_location("simt_device", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def use_host_executor() -> str:
    """Let ``backend="simt"`` run here: "available", or the reason why it cannot.

    ``MASKMILL_SIMT_MODE`` chooses the build, ``MASKMILL_SIMT_SEED`` the order of threads and
    blocks.
    """
    try:
        module = host_module(usual_mode())
    except BuildError as error:
        return f"the host executor cannot be built: {error}"
    seed = int(os.environ.get("MASKMILL_SIMT_SEED", "1"))
    order = ("random", "forward", "reverse")[seed % 3 if seed < 4 else 0]
    module.configure(seed=seed, order=order, resident=1 + seed % 3, poison=(0xCD, 0x31)[seed % 2])
    STAND_INS["simt"] = lambda: host_backend(module)
    return "available"
