"""How many threads the native backend may use.

The count is a property of the calling context, not of the process: ``with maskmill.threads(n)``
holds for the calls inside it and for nothing else. No thread is started before a call needs it.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

__all__ = ["thread_count", "threads"]

_scope: ContextVar[int | None] = ContextVar("maskmill_threads", default=None)


@cache
def _default() -> int:
    # A worker process shares the machine with its siblings: one thread each.
    if multiprocessing.parent_process() is not None:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    n : int, at least 1

    Raises
    ------
    ValueError
        If ``n`` is below 1.

    Notes
    -----
    Results do not depend on the number of threads.

    Examples
    --------
    >>> with threads(1):
    ...     thread_count()
    1
    """
    if n < 1:
        raise ValueError(
            f"threads: n must be at least 1, got {n}. Pass the number of threads to use."
        )
    token = _scope.set(int(n))
    try:
        yield
    finally:
        _scope.reset(token)
