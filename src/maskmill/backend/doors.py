"""Lets functions that know NumPy and CuPy take torch's tensors: views in, views out.

A tensor on the CPU and a NumPy array can share memory, so a call on tensors is the call on their
views, and its results are given back as tensors. The same holds for a tensor on a CUDA device and
CuPy, through DLPack; operations do not need that, only batches that are sliced, joined or compared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from maskmill.backend.arrays import from_numpy
from maskmill.loading import loading

__all__ = ["cpu_tensors", "tensors"]

P = ParamSpec("P")
R = TypeVar("R")


def cpu_tensors(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take CPU tensors; those of a device come through as they are."""
    return _through(function, devices=False)


def tensors(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take tensors; it gets those of a CUDA device as CuPy's."""
    return _through(function, devices=True)


def _through(function: Callable[P, R], *, devices: bool) -> Callable[P, R]:
    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        torch = sys.modules.get("torch")
        if torch is None:
            return function(*args, **kwargs)
        door = _Door(torch, function.__qualname__, devices)
        taken = [door.enter(value) for value in args]
        named = {name: door.enter(value) for name, value in kwargs.items()}
        if not door.entered:
            return function(*args, **kwargs)
        result: R = door.leave(function(*taken, **named))
        return result

    return call


class _Door:
    """What went into one call, to give it back as it was."""

    def __init__(self, torch: Any, function: str, devices: bool) -> None:
        self._torch = torch
        self._tensor = getattr(torch, "Tensor", ())
        self._function = function
        self._devices = devices
        self.entered: dict[int, tuple[Any, Any]] = {}  # by the id of the view: view and tensor

    def enter(self, value: Any) -> Any:
        """Give a value with views in place of its tensors."""
        if isinstance(value, self._tensor):
            return value if self._devices else self._view(value)  # an index, say, decides nothing
        if hasattr(value, "from_trusted"):
            columns = {name: getattr(value, name) for name in value.__slots__}
            taken = {
                name: self._view(column) if isinstance(column, self._tensor) else column
                for name, column in columns.items()
            }
            if all(taken[name] is column for name, column in columns.items()):
                return value
            return self._remember(type(value).from_trusted(**taken), value)
        if type(value) in (list, tuple) and any(
            isinstance(item, self._tensor) or hasattr(item, "from_trusted") for item in value
        ):
            return type(value)(self.enter(item) for item in value)
        return value

    def _view(self, tensor: Any) -> Any:
        kind = tensor.device.type
        if kind == "cpu":
            try:
                return self._remember(tensor.detach().numpy(), tensor)
            except TypeError:  # a dtype that NumPy lacks: the function refuses it by its name
                return tensor
        if kind != "cuda" or not self._devices:
            return tensor
        try:
            with loading:
                import cupy
        except ImportError as error:
            raise TypeError(
                f"{self._function}: tensors on {tensor.device} must be views of CuPy arrays here, "
                f"got {error}. Install CuPy (pip install maskmill[cuda12]), or move the batch "
                "with tensor.cpu()."
            ) from error
        return self._remember(cupy.from_dlpack(tensor.detach()), tensor)

    def _remember(self, view: Any, original: Any) -> Any:
        self.entered[id(view)] = view, original
        return view

    def leave(self, value: Any) -> Any:
        """Give a value with tensors in place of its arrays."""
        if id(value) in self.entered:
            return self.entered[id(value)][1]
        if isinstance(value, np.ndarray):
            return from_numpy(self._torch, value)
        cupy = sys.modules.get("cupy")
        if self._devices and cupy is not None and isinstance(value, cupy.ndarray):
            return self._torch.from_dlpack(value)
        if hasattr(value, "from_trusted"):
            columns = {name: self.leave(getattr(value, name)) for name in value.__slots__}
            return type(value).from_trusted(**columns)
        if hasattr(value, "with_values"):  # matrices of pairs
            return value.with_values(self.leave(value.values))
        if hasattr(value, "_fields"):
            return type(value)(*(self.leave(item) for item in value))
        if type(value) in (list, tuple):
            return type(value)(self.leave(item) for item in value)
        return value
