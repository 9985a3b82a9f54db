"""The backend ``cuda``: our kernels on NVIDIA GPUs, in the caller's memory and on its stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from maskmill import _gpu
from maskmill.backend.arrays import Array, host, library_of, place_of
from maskmill.backend.gpu import Gpu
from maskmill.backend.kernels import load_kernels
from maskmill.backend.libraries import DeviceLibrary, allocating_library


def load() -> Gpu:
    """Open the driver, or raise BackendUnavailableError with the reason."""
    _gpu.probe()
    return Gpu("cuda", _gpu, open_call)


class CudaCall:
    """One call on one GPU; CPU arrays are copied there, and results back to their library."""

    def __init__(self, library: DeviceLibrary, ordinal: int, on_cpu: bool) -> None:
        self._library = library
        self._on_cpu = on_cpu
        self._kept: list[Array] = []  # copies live until the kernels that read them are started
        self._written: list[tuple[Array, Array]] = []
        self.device = _gpu.CudaDevice(ordinal, library.stream(), library.allocate)

    def read(self, array: Array) -> Any:
        """Give the array, or a copy on the device."""
        if not _is_host(array):
            return array
        copied = self._library.upload(array)
        self._kept.append(copied)
        return copied

    def write(self, array: Array) -> Any:
        """Give the array, or one on the device that is copied back at the end."""
        if not _is_host(array):
            return array
        target = self._library.upload(array)
        self._written.append((array, target))
        return target

    def give(self, memory: Any, dtype: npt.DTypeLike, *shape: int) -> Array:
        """Give memory from `DeviceLibrary.allocate` as an array."""
        n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if not n_bytes:
            array = self._library.as_type(memory[:0], dtype).reshape(shape)
        else:
            array = self._library.as_type(memory[:n_bytes], dtype).reshape(shape)
        return host(array) if self._on_cpu else array

    def copy_to_host(self, array: Array) -> npt.NDArray[Any]:
        """Give a NumPy array."""
        return host(array)

    def finish(self) -> None:
        """Copy back what was written for the CPU."""
        for array, target in self._written:
            self._library.copy_into(array, target)


def _is_host(array: Array) -> bool:
    return library_of(array) == "numpy"


@contextmanager
def open_call(*arrays: Array) -> Iterator[CudaCall]:
    """Open a call in the place of these arrays; the caller's device is current again at its end."""
    place = place_of(*arrays)
    library = allocating_library(place)
    with library.on(place.ordinal) as ordinal:
        load_kernels(ordinal)
        call = CudaCall(library, ordinal, place.ordinal is None)
        yield call
        call.finish()
