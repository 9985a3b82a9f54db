"""The library of small kernels: a fault each, and the same without it.

As a program, ``python tests/simt/faults.py LIBRARY CASE`` runs one, in a process that a sanitizer
may end.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

N_WORDS = 64
ORDERS = ("forward", "reverse", "random")


class KernelError(Exception):
    """What the executor says of a kernel."""


class Faults:
    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.maskmill_simt_switches.restype = ctypes.c_ulonglong

    def names(self) -> list[str]:
        text = ctypes.create_string_buffer(1 << 16)
        self._library.maskmill_simt_faults(text, ctypes.c_size_t(len(text)))
        return text.value.decode().split()

    def configure(
        self, *, seed: int = 1, order: str = "random", resident: int = 2, poison: int = 0xCD
    ) -> None:
        self._library.maskmill_simt_configure(seed, ORDERS.index(order), resident, poison)

    def run(self, name: str) -> list[int]:
        """Launch a kernel and return the words that it was given; the second half began as 0."""
        words = (ctypes.c_uint32 * N_WORDS)()
        message = ctypes.create_string_buffer(1 << 14)
        failed = self._library.maskmill_simt_run(
            name.encode(), words, message, ctypes.c_size_t(len(message))
        )
        if failed:
            raise KernelError(message.value.decode())
        return list(words)

    def switches(self, launches: int) -> int:
        """Launch something with barriers and return how often threads took turns."""
        return int(self._library.maskmill_simt_switches(launches))


if __name__ == "__main__":
    library = Faults(Path(sys.argv[1]))
    library.configure()
    print(library.run(sys.argv[2]))
