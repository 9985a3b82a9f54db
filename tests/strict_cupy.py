"""CuPy's rules over NumPy's memory: the functions and methods that CuPy has, with its arguments.

What CuPy refuses fails here: an array of NumPy or a list where an array belongs, a function, method
or argument that it lacks, a scatter of int64. ``python -m tests.strict_cupy`` writes the table of
what it has, ``cupy_functions.json``, where CuPy is installed; that needs no GPU.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

TABLE = Path(__file__).with_name("cupy_functions.json")


def table_of_cupy(cupy: Any) -> dict[str, Any]:
    """Arguments of CuPy's functions; "ufunc" for those that work value by value."""
    functions = {}
    for name in sorted(set(dir(cupy)) & set(dir(np))):
        value = getattr(cupy, name)
        if isinstance(value, cupy.ufunc):
            functions[name] = "ufunc"
        elif inspect.isroutine(value) and not name.startswith("_"):
            try:
                parameters = inspect.signature(value).parameters.values()
            except ValueError:
                continue
            plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
            plain = [p if p.default is p.empty else p.replace(default=None) for p in plain]
            functions[name] = str(inspect.Signature(plain))
    methods = [name for name in dir(cupy.ndarray) if not name.startswith("__")]
    return {"version": cupy.__version__, "functions": functions, "methods": methods}


def known() -> dict[str, Any]:
    """The table in the repository."""
    found: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return found


def _inside(value: Any) -> Any:
    """What NumPy gets for an argument."""
    if isinstance(value, StrictArray):
        return value.inside
    if isinstance(value, (list, tuple)):
        return type(value)(_inside(item) for item in value)
    if isinstance(value, np.ndarray):
        raise TypeError("CuPy takes no array of NumPy")
    return value


def _outside(value: Any) -> Any:
    """What CuPy gives for a result: never a scalar."""
    if isinstance(value, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(value))
    if isinstance(value, tuple):
        return tuple(_outside(item) for item in value)
    return value


class StrictArray:
    """`cupy.ndarray`; nothing turns it into an array of NumPy unasked."""

    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, inside: np.ndarray[Any, Any]) -> None:
        self.inside = inside
        self.device = SimpleNamespace(id=0)

    def __array__(self, *_: object) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        return _outside(getattr(ufunc, method)(*map(_inside, inputs)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in known()["methods"]:
            raise AttributeError(f"cupy.ndarray has no {name}")
        value = getattr(self.inside, name)
        if not callable(value):
            return _outside(value)
        if name == "tolist":
            return value
        return lambda *args, **kwargs: _outside(value(*_inside(args), **kwargs))

    def get(self) -> np.ndarray[Any, Any]:
        return self.inside.copy()

    def __getitem__(self, index: Any) -> Any:
        return _outside(self.inside[_inside(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, list):
            raise TypeError("CuPy takes no list here")
        self.inside[_inside(index)] = _inside(value)

    def __len__(self) -> int:
        return len(self.inside)

    def __iter__(self) -> Any:
        return (_outside(item) for item in self.inside)

    def __bool__(self) -> bool:
        return bool(self.inside)

    def __int__(self) -> int:
        return int(self.inside)

    def __float__(self) -> float:
        return float(self.inside)

    def __index__(self) -> int:
        return int(self.inside.__index__())

    def __format__(self, spec: str) -> str:
        return format(self.inside, spec)


def _operator(name: str) -> Any:
    def apply(self: StrictArray, *others: Any) -> Any:
        if any(isinstance(other, list) for other in others):
            raise TypeError("CuPy takes no list here")
        method = getattr(self.inside, name)
        result = method(*map(_inside, others))
        if name.startswith("__i") and name != "__invert__":
            return self
        return _outside(result)

    return apply


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and",
              "or", "xor"):  # fmt: skip
    for _prefix in ("", "r", "i"):
        setattr(StrictArray, f"__{_prefix}{_name}__", _operator(f"__{_prefix}{_name}__"))
for _name in ("neg", "invert", "abs", "lt", "le", "gt", "ge", "eq", "ne"):
    setattr(StrictArray, f"__{_name}__", _operator(f"__{_name}__"))


class StrictUfunc:
    """A ufunc without the ways of reducing that CuPy lacks or that know no int64."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        if not any(isinstance(arg, StrictArray) for arg in args):
            raise TypeError("CuPy wants an array of its own")
        return _outside(self._function(*map(_inside, args)))


_TAKES_SEQUENCES = {"concatenate", "stack"}
_CREATES = {"arange", "asarray", "array", "empty", "full", "ones", "zeros", "broadcast_to"}


class StrictCupy:
    """The module."""

    ndarray = StrictArray

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.cuda = SimpleNamespace(Device=lambda _: contextlib.nullcontext())

    def __getattr__(self, name: str) -> Any:
        signature = known()["functions"].get(name)
        if signature is None:
            raise AttributeError(f"cupy has no {name}")
        self.called.add(name)
        function = getattr(np, name)
        if signature == "ufunc":
            return StrictUfunc(function)
        scope: dict[str, Any] = {}
        exec(f"def declared{signature}: pass", scope)
        declared = inspect.signature(scope["declared"])

        def call(*args: Any, **kwargs: Any) -> Any:
            declared.bind(*args, **kwargs)
            if name not in _CREATES:
                lists = [a for a in args if isinstance(a, (list, tuple))]
                if lists and name not in _TAKES_SEQUENCES and name != "tile":
                    raise TypeError(f"cupy.{name} takes no list")
                for sequence in lists if name in _TAKES_SEQUENCES else ():
                    if not all(isinstance(item, StrictArray) for item in sequence):
                        raise TypeError(f"cupy.{name} takes arrays of its own alone")
            if name == "asarray":
                return _outside(np.asarray(getattr(args[0], "inside", args[0]), *args[1:]))
            given = [_inside(arg) for arg in args]
            if name == "repeat" and isinstance(args[0], list):
                raise TypeError("cupy.repeat takes no list")
            if name == "lexsort" and not isinstance(args[0], StrictArray):
                raise TypeError("cupy.lexsort wants one array")
            return _outside(function(*given, **{k: _inside(v) for k, v in kwargs.items()}))

        return call


if __name__ == "__main__":
    import cupy as installed

    TABLE.write_text(json.dumps(table_of_cupy(installed), indent=0, sort_keys=True) + "\n")
