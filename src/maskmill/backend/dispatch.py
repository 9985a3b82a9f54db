"""Which backend serves a call: the only file that knows that there are several."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from maskmill.backend.arrays import Array, place_of
from maskmill.backend.contract import BACKEND_NAMES
from maskmill.errors import BackendUnavailableError
from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.contract import Backend, BackendName

__all__ = ["backend_for", "backends"]

STAND_INS: dict[str, Callable[[], Backend]] = {}
"""Backends that tests add by a name of their own."""

_ON_CPU = ("numpy", "cpu")


@cache
def _load(name: BackendName) -> Backend:
    """Import a backend, or raise ImportError or BackendUnavailableError with the reason."""
    if name in STAND_INS:
        return STAND_INS[name]()
    with loading:
        if name == "numpy":
            from maskmill.backend.program import Program

            return Program()
        if name == "cpu":
            from maskmill.backend.native import Native

            return Native()
        if name == "cupy":
            from maskmill.backend import on_cupy

            return on_cupy.load()
        if find_spec("maskmill._gpu") is None:
            raise BackendUnavailableError("built with MASKMILL_CUDA=OFF")
        from maskmill.backend import cuda

        return cast("Backend", cuda.load())


def backend_for(name: BackendName | None, *arrays: Array) -> Backend:
    """Give the backend asked for; by default the one that serves arrays where these are."""
    place = place_of(*arrays)
    if name is None:
        if place.ordinal is None:
            name = "cpu"
        elif _reason("cuda") is None or _reason("cupy") is not None:
            name = "cuda"
        else:
            name = "cupy"
    if name not in BACKEND_NAMES and name not in STAND_INS:
        raise ValueError(
            f"backend_for: backend must be one of {', '.join(BACKEND_NAMES)}, got {name!r}. "
            "maskmill.backends() tells which ones run here."
        )
    if name in _ON_CPU and place.ordinal is not None:
        raise TypeError(
            f"backend_for: backend {name!r} must get arrays on the CPU, got {place}. Leave backend "
            "out, or copy them with array.get() or tensor.cpu()."
        )
    try:
        return _load(name)
    except (ImportError, BackendUnavailableError) as error:
        remedy = "Reinstall maskmill with a C++ compiler at hand, or ask for backend='numpy'."
        if name not in _ON_CPU:
            remedy = "See docs/backends.md for the remedy, or copy the arrays to the CPU."
        raise BackendUnavailableError(
            f"backend_for: backend must be able to run here, got {name!r}: {error}. {remedy}"
        ) from error


def _reason(name: BackendName) -> str | None:
    """Why a backend cannot run here; None if it can."""
    try:
        _load(name)
    except (ImportError, BackendUnavailableError) as error:
        return str(error)
    return None


def backends() -> dict[str, str]:
    """Tell which backends run here and, for those that do not, why.

    Returns
    -------
    dict of str to str
        ``"available"``, or the reason.

    Notes
    -----
    Looks for a GPU by opening the CUDA driver; a process that is forked after that cannot use it.

    Examples
    --------
    >>> backends()["numpy"]
    'available'
    """
    return {str(name): _reason(name) or "available" for name in BACKEND_NAMES}
