"""What maskmill needs to know about arrays: their library and device, and the ways between them.

The rest of the package says `Array` and means an array of the library that the caller uses: NumPy,
CuPy or torch. Neither CuPy nor torch is imported unless an array of theirs, or of a library that
has a device and no other way in, is handed over.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from maskmill.loading import loading

__all__ = [
    "Array",
    "LibraryName",
    "Place",
    "adopt",
    "as_integers",
    "dtype_of",
    "empty",
    "host",
    "library_of",
    "like",
    "namespace",
    "on_host",
    "place_of",
    "plain",
    "readable",
    "strides_of",
    "view_as",
]

Array: TypeAlias = npt.NDArray[Any]
"""An array of NumPy, CuPy or torch; typed as NumPy's."""

Batch = TypeVar("Batch", bound=Any)
"""Masks or Polygons."""

LibraryName: TypeAlias = Literal["numpy", "cupy", "torch"]

_CUDA: Final = (2, 13)
"""What DLPack calls memory of a CUDA device, and memory that it shares with the host."""


class Place(NamedTuple):
    """Where arrays are."""

    library: LibraryName
    ordinal: int | None
    """Number of the CUDA device, or None for the CPU."""

    def __str__(self) -> str:
        return f"{self.library} on {'the CPU' if self.ordinal is None else f'cuda:{self.ordinal}'}"


CPU: Final = Place("numpy", None)


def library_of(value: object) -> LibraryName | None:
    """Name the library of an array; None for anything else."""
    if isinstance(value, np.ndarray):
        return "numpy"
    for name, kind in (("torch", "Tensor"), ("cupy", "ndarray")):
        module = sys.modules.get(name)
        if module is not None and isinstance(value, getattr(module, kind, ())):
            return name  # type: ignore[return-value]
    return None


def place_of(*arrays: Array) -> Place:
    """Give the one place of all these arrays; NumPy's and torch's CPU arrays share one."""
    for array in arrays:
        if type(array) is not np.ndarray:
            break
    else:
        return CPU  # nearly all calls, and fast
    found = {_place(array) for array in arrays}
    if len(found) == 1:
        return found.pop()
    if all(place.ordinal is None for place in found):
        return Place("torch", None)
    names = " and ".join(sorted(str(place) for place in found))
    raise TypeError(
        f"maskmill: arrays of a call must be in one place, got {names}. Move them: "
        "tensor.to(device), cupy.asarray(array), or array.get() and tensor.cpu() for the CPU."
    )


def _place(array: Array) -> Place:
    library = library_of(array)
    if library == "cupy":
        return Place("cupy", int(array.device.id))  # type: ignore[attr-defined]
    if library == "torch":
        device: Any = array.device
        if device.type == "cpu":
            return Place("torch", None)
        if device.type != "cuda":
            raise TypeError(
                f"maskmill: tensors must be on the CPU or on a CUDA device, got {device}. "
                "Move them with tensor.cpu()."
            )
        return Place("torch", _ordinal(device))
    return CPU


def _ordinal(device: Any) -> int:
    if device.index is not None:
        return int(device.index)
    return int(sys.modules["torch"].cuda.current_device())


def namespace(array: Array) -> Any:
    """Give NumPy or CuPy: the module whose functions work on this array."""
    return sys.modules["cupy"] if library_of(array) == "cupy" else np


def host(array: Array) -> Array:
    """Give the array as NumPy's: itself or a view if it is on the CPU, else a copy."""
    if type(array) is np.ndarray:
        return array
    library = library_of(array)
    if library == "torch":
        copied: Array = array.detach().cpu().numpy()  # type: ignore[attr-defined]
        return copied
    if library == "cupy":
        got: Array = array.get()  # type: ignore[attr-defined]
        return got
    return np.asarray(array)


def readable(column: Array) -> Array:
    """Give a column of CuPy or torch as NumPy's; anything else as it is, for a check to refuse."""
    return host(column) if library_of(column) in ("cupy", "torch") else column


def plain(column: Array) -> Array:
    """Give a memory map as a plain array over the same memory; anything else as it is."""
    return np.asarray(column) if isinstance(column, np.ndarray) else column


def like(array: Array, model: Array) -> Array:
    """Bring a NumPy array to the library and device of ``model``."""
    place = place_of(model)
    if place.library == "torch":
        torch = sys.modules["torch"]
        tensor: Array = from_numpy(torch, array).to(model.device)
        return tensor
    if place.library == "cupy":
        cupy = sys.modules["cupy"]
        with cupy.cuda.Device(place.ordinal):
            moved: Array = cupy.asarray(array)
        return moved
    return array


def from_numpy(torch: ModuleType, array: Array) -> Any:
    """Wrap a NumPy array as a tensor over the same memory; what torch cannot wrap is copied."""
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    return torch.from_numpy(array)


def dtype_of(function: str, name: str, array: Array) -> np.dtype[Any]:
    """Give the dtype of an array in NumPy's terms."""
    if type(array) is np.ndarray or library_of(array) != "torch":
        return array.dtype
    kind = str(array.dtype).removeprefix("torch.")
    try:
        return np.dtype(kind)
    except TypeError:
        raise TypeError(
            f"{function}: {name} must have a dtype that NumPy knows, got {kind}. "
            "Convert it explicitly."
        ) from None


def empty(model: Array, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Allocate an array in the library and on the device of ``model``."""
    if type(model) is np.ndarray:
        return np.empty(shape, dtype)
    place = place_of(model)
    kind = np.dtype(dtype)
    if place.library == "torch":
        torch = sys.modules["torch"]
        tensor: Array = torch.empty(shape, dtype=getattr(torch, kind.name), device=model.device)
        return tensor
    if place.library == "cupy":
        cupy = sys.modules["cupy"]
        with cupy.cuda.Device(place.ordinal):
            made: Array = cupy.empty(shape, kind)
        return made
    return np.empty(shape, dtype)


def adopt(function: str, name: str, value: object) -> Array:
    """Bring any array, list or number to an array of NumPy, CuPy or torch, where it lies.

    Arrays of other libraries on a CUDA device come in as CuPy's, or torch's where that is missing.
    """
    if type(value) is np.ndarray:
        return value
    if library_of(value) in ("cupy", "torch"):
        return value  # type: ignore[return-value]
    if not _on_cuda(value):
        return np.asarray(value)
    for library in ("cupy", "torch"):
        try:
            with loading:
                module = __import__(library)
        except ImportError:
            continue
        if hasattr(value, "__dlpack__"):
            array: Array = module.from_dlpack(value)
        else:
            array = module.asarray(value)
        return array
    raise TypeError(
        f"{function}: {name} must be an array of a library that is installed, got "
        f"{type(value).__name__} on a CUDA device. Install CuPy: pip install maskmill[cuda12]."
    )


def _on_cuda(value: object) -> bool:
    device = getattr(value, "__dlpack_device__", None)
    if device is not None:
        return int(device()[0]) in _CUDA
    return hasattr(value, "__cuda_array_interface__")


def strides_of(array: Array) -> tuple[int, ...]:
    """Give strides in bytes."""
    if library_of(array) == "torch":
        tensor: Any = array
        return tuple(step * tensor.element_size() for step in tensor.stride())
    return array.strides


def on_host(batch: Batch) -> Batch:
    """Give a batch with NumPy's columns, so that code may look into it."""
    columns = {name: host(getattr(batch, name)) for name in batch.__slots__}
    copied: Batch = type(batch).from_trusted(**columns)
    return copied


def view_as(array: Array, dtype: npt.DTypeLike) -> Array:
    """Read the bytes of an array as another dtype."""
    if library_of(array) == "torch":
        return array.view(getattr(sys.modules["torch"], np.dtype(dtype).name))
    return array.view(dtype)


def as_integers(function: str, name: str, values: object, shape: tuple[int, ...]) -> Array:
    """Bring integers to a contiguous int64 array of NumPy of this shape, or say what is wrong."""
    given = host(adopt(function, name, values))
    if given.dtype.kind not in "iub" and given.size:
        raise TypeError(
            f"{function}: {name} must be integers, got {given.dtype}. Convert them explicitly."
        )
    if given.dtype == np.uint64 and given.size and given.max() > np.iinfo(np.int64).max:
        raise ValueError(
            f"{function}: {name} must be below 2**63, got {given.max()}. Renumber the values."
        )
    if given.shape != shape:
        raise ValueError(
            f"{function}: {name} must have shape {shape}, got {given.shape}. Give one value a row."
        )
    return np.ascontiguousarray(given, dtype=np.int64)
