"""Which backend serves a call: the only file that knows that there are several."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from maskmill.backend.contract import BACKEND_NAMES
from maskmill.errors import BackendUnavailableError
from maskmill.loading import loading

if TYPE_CHECKING:
    from maskmill.backend.contract import Backend, BackendName

__all__ = ["backend_for", "backends"]

STAND_INS: dict[str, Callable[[], Backend]] = {}
"""Backends that tests add by a name of their own."""


@cache
def _load(name: BackendName) -> Backend:
    if name in STAND_INS:
        return STAND_INS[name]()
    with loading:
        if name == "numpy":
            from maskmill.backend.program import Program

            return Program()
        from maskmill.backend.native import Native

        return Native()


def backend_for(name: BackendName | None) -> Backend:
    """Give the backend asked for; by default the native one, which serves CPU arrays."""
    if name is None:
        name = "cpu"
    if name not in BACKEND_NAMES and name not in STAND_INS:
        raise ValueError(
            f"backend_for: backend must be one of {', '.join(BACKEND_NAMES)}, got {name!r}. "
            "maskmill.backends() tells which ones run here."
        )
    try:
        return _load(name)
    except ImportError as error:
        raise BackendUnavailableError(
            f"backend_for: backend must be able to run here, got {name!r}: {error}. "
            "Reinstall maskmill with a C++ compiler at hand, or ask for backend='numpy'."
        ) from error


def backends() -> dict[str, str]:
    """Tell which backends run here and, for those that do not, why.

    Returns
    -------
    dict of str to str
        ``"available"``, or the reason.

    Examples
    --------
    >>> backends()["numpy"]
    'available'
    """
    found = {}
    for name in BACKEND_NAMES:
        try:
            _load(name)
        except ImportError as error:
            found[str(name)] = f"{error}"
        else:
            found[str(name)] = "available"
    return found
