"""The libraries that give device memory: how each allocates, names its stream, and moves arrays.

One class a library; each keeps its device current only inside `on`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import Array, LibraryName, Place, from_numpy, host
from maskmill.errors import BackendUnavailableError
from maskmill.loading import loading

__all__ = ["DeviceLibrary", "allocating_library", "device_library"]


class DeviceLibrary(Protocol):
    """What a call needs of the library whose memory it takes."""

    def on(self, ordinal: int | None) -> Any:
        """Make a device (or keep the current one) current for a while; gives its number."""

    def stream(self) -> int:
        """Handle of the caller's stream on the current device."""

    def allocate(self, n_bytes: int) -> Array:
        """Bytes on the current device, in the order of the current stream."""

    def as_type(self, memory: Array, dtype: npt.DTypeLike) -> Array:
        """Bytes as values of another type."""

    def upload(self, array: Array) -> Array:
        """A copy of a NumPy array on the current device."""

    def copy_into(self, to: Array, array: Array) -> None:
        """Copy to a NumPy array; waits."""


class Cupy:
    """CuPy: its memory pool and its current stream."""

    def __init__(self) -> None:
        with loading:
            import cupy

        self._cupy: Any = cupy

    @contextmanager
    def on(self, ordinal: int | None) -> Iterator[int]:
        device = self._cupy.cuda.Device(ordinal)
        with device:
            yield int(device.id)

    def stream(self) -> int:
        return int(self._cupy.cuda.get_current_stream().ptr)

    def allocate(self, n_bytes: int) -> Array:
        memory: Array = self._cupy.empty(n_bytes, np.uint8)
        return memory

    def as_type(self, memory: Array, dtype: npt.DTypeLike) -> Array:
        return memory.view(dtype)

    def upload(self, array: Array) -> Array:
        copied: Array = self._cupy.asarray(array)
        return copied

    def copy_into(self, to: Array, array: Array) -> None:
        to[...] = host(array)


class Torch:
    """torch: its caching allocator and its current stream."""

    def __init__(self) -> None:
        with loading:
            import torch

        self._torch: Any = torch

    @contextmanager
    def on(self, ordinal: int | None) -> Iterator[int]:
        cuda = self._torch.cuda
        own = cuda.current_device() if ordinal is None else ordinal
        with cuda.device(own):
            yield int(own)

    def stream(self) -> int:
        return int(self._torch.cuda.current_stream().cuda_stream)

    def allocate(self, n_bytes: int) -> Array:
        memory: Array = self._torch.empty(n_bytes, dtype=self._torch.uint8, device="cuda")
        return memory

    def as_type(self, memory: Array, dtype: npt.DTypeLike) -> Array:
        return memory.view(getattr(self._torch, np.dtype(dtype).name))

    def upload(self, array: Array) -> Array:
        copied: Array = from_numpy(self._torch, array).to("cuda")
        return copied

    def copy_into(self, to: Array, array: Array) -> None:
        to[...] = host(array)


_LIBRARIES: Final[dict[str, Callable[[], DeviceLibrary]]] = {"cupy": Cupy, "torch": Torch}


def device_library(name: LibraryName) -> DeviceLibrary:
    """Give the library of device arrays by its name."""
    return _LIBRARIES[name]()


def allocating_library(place: Place) -> DeviceLibrary:
    """Give the library whose memory serves a place: for the CPU, one that is there."""
    if place.ordinal is not None:
        return device_library(place.library)
    reasons = []
    for name in _LIBRARIES:
        try:
            return _LIBRARIES[name]()
        except ImportError as error:
            reasons.append(str(error))
    raise BackendUnavailableError(
        "CPU arrays need CuPy or torch to get to a GPU "
        f"({'; '.join(reasons)}): pip install maskmill[cuda12]"
    )
