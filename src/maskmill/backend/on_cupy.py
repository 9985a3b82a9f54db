"""The backend ``cupy``: the array program on a GPU, for installations without our own kernels."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

from maskmill.backend.arrays import Array, LibraryName, host, library_of, place_of
from maskmill.backend.contract import Backend, BackendName
from maskmill.backend.cupy_namespace import CupyNamespace
from maskmill.backend.program import Program
from maskmill.backend.program.namespace import running_on
from maskmill.errors import BackendUnavailableError
from maskmill.loading import loading


def load() -> Backend:
    """Find CuPy and a device, or raise BackendUnavailableError with the reason."""
    if find_spec("cupy") is None:
        raise BackendUnavailableError(
            "cupy is not installed: pip install maskmill[cuda12] or maskmill[cuda13]"
        )
    with loading:
        import cupy
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise BackendUnavailableError(f"cupy finds no device: {error}") from error
    if not n_devices:
        raise BackendUnavailableError("cupy finds no device: there is none")
    backend: Any = OnCupy(cupy)
    return backend  # type: ignore[no-any-return]


class OnCupy:
    """`Program` over CuPy's arrays: what comes in becomes CuPy's, results go where it came from."""

    name: Final[BackendName] = "cupy"

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._namespace = CupyNamespace(cupy)
        self._program = Program()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(self._program, operation)
        if operation == "parse_segmentations":  # text of the host in, columns of the host out
            return function

        def call(*args: Any) -> Any:
            arrays = [column for value in args for column in _columns(value).values()]
            place = place_of(*(array for array in arrays if library_of(array) != "numpy"))
            with self._cupy.cuda.Device(place.ordinal):
                entered = [self._enter(value) for value in args]
                with running_on(self._namespace):
                    result = self._leave(function(*entered), place.library)
                if operation in ("decode", "label_map") and library_of(args[-1]) == "numpy":
                    args[-1][...] = host(entered[-1])
            return result

        return call

    def _enter(self, value: Any) -> Any:
        library = library_of(value)
        if library == "torch":
            return self._cupy.from_dlpack(value)
        if library is not None:
            return self._cupy.asarray(value)
        if hasattr(value, "from_trusted"):
            columns = {name: self._enter(column) for name, column in _columns(value).items()}
            return type(value).from_trusted(**columns)
        return value

    def _leave(self, value: Any, library: LibraryName) -> Any:
        if library_of(value) is not None:
            if library == "torch":
                return sys.modules["torch"].from_dlpack(value)
            return host(value) if library == "numpy" else value
        if hasattr(value, "from_trusted"):
            columns = {n: self._leave(column, library) for n, column in _columns(value).items()}
            return type(value).from_trusted(**columns)
        if type(value) is tuple:
            return tuple(self._leave(item, library) for item in value)
        return value


def _columns(value: Any) -> dict[str, Array]:
    """Give the columns of a batch, or the one array, by name."""
    if hasattr(value, "from_trusted"):
        return {name: getattr(value, name) for name in value.__slots__}
    return {"": value} if library_of(value) is not None else {}
