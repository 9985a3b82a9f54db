"""``xp``: the library whose functions the array program calls, NumPy unless a backend says else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

__all__ = ["running_on", "xp"]

_current: ContextVar[Any] = ContextVar("maskmill_namespace", default=np)


@contextmanager
def running_on(namespace: Any) -> Iterator[None]:
    """Let the program call another library for a while, in this context alone."""
    token = _current.set(namespace)
    try:
        yield
    finally:
        _current.reset(token)


class _Namespace:
    def __getattr__(self, name: str) -> Any:
        return getattr(_current.get(), name)


if TYPE_CHECKING:
    import numpy as xp
else:
    xp = _Namespace()
