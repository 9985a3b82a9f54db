"""How many threads the native backend may use.

The count is a property of the calling context, not of the process: ``with maskmill.threads(n)``
holds for the calls inside it and for nothing else. No thread is started before a call needs it.
"""

from __future__ import annotations

import multiprocessing
import operator
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

__all__ = ["thread_count", "threads"]

MAX_THREADS: Final = 1024
"""More than that is a mistake: each thread has a stack."""

_scope: ContextVar[int | None] = ContextVar("maskmill_threads", default=None)


@cache
def _default() -> int:
    # A worker process shares the machine with its siblings: one thread each.
    if multiprocessing.parent_process() is not None:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MAX_THREADS)
    return min(os.cpu_count() or 1, MAX_THREADS)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_default.cache_clear)


def thread_count() -> int:
    """Number of threads that a call made here would use.

    Returns
    -------
    int
        The innermost `threads` scope; outside any scope the CPUs that this process could use when
        it first asked, and 1 inside a worker process of `multiprocessing` (a DataLoader's, say).

    Examples
    --------
    >>> with threads(3):
    ...     thread_count()
    3
    """
    scope = _scope.get()
    return _default() if scope is None else scope


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use ``n`` threads for every native call in the ``with`` block.

    Parameters
    ----------
    n : int, from 1 to 1024
        A call starts no more threads than it has pieces of work.

    Raises
    ------
    TypeError
        If ``n`` is not an integer.
    ValueError
        If ``n`` is out of range.

    Notes
    -----
    Results do not depend on the number of threads.

    Examples
    --------
    >>> with threads(1):
    ...     thread_count()
    1
    """
    try:
        count = operator.index(n)
    except TypeError:
        raise TypeError(
            f"threads: n must be an integer, got {type(n).__name__}. "
            "Pass the number of threads to use."
        ) from None
    if not 1 <= count <= MAX_THREADS:
        raise ValueError(
            f"threads: n must be from 1 to {MAX_THREADS}, got {count}. "
            "Pass the number of threads to use."
        )
    token = _scope.set(count)
    try:
        yield
    finally:
        _scope.reset(token)
