"""Files that are either whole or not there.

A dataset is written by many processes over hours, and any of them may be stopped. Every file is
therefore written under a temporary name in its own folder and renamed when it is whole: who finds
the file under its name finds all of it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["atomic_path", "write_atomically"]


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name to write to; rename it to ``path`` when the block ends well.

    Parameters
    ----------
    path : str or path
        The file to make or to replace; its folder must be there.

    Yields
    ------
    Path
        An empty file ``.maskmill-*.tmp`` in the folder of ``path``, with the permissions that a
        new file gets. Whatever name the file has, this one is short enough.

    Notes
    -----
    If the block raises, the temporary file is removed and an older file at ``path`` stays as it
    was. A process that is killed inside the block leaves the temporary file behind, never a part
    of ``path``. Renaming is atomic for other processes; nothing is forced onto the disk, so a
    power cut may still lose what was written last.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "note.txt"
    ...     with atomic_path(target) as temporary:
    ...         _ = temporary.write_text("whole")
    ...     target.read_text(), len(list(Path(folder).iterdir()))
    ('whole', 1)
    """
    target = Path(path)
    temporary = target.with_name(_temporary_name())
    # Taken exclusively, and not through tempfile, whose files only the owner may read.
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: str | os.PathLike[str], content: bytes | bytearray | memoryview) -> None:
    """Write a whole file: afterwards ``path`` holds all of ``content``, or what it held before.

    Parameters
    ----------
    path : str or path
        The file to make or to replace; its folder must be there.
    content : bytes-like

    Notes
    -----
    See `atomic_path`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "note.txt", b"whole")
    ...     (Path(folder) / "note.txt").read_bytes()
    b'whole'
    """
    # As atomic_path does it, but the file is opened once and its name stays text: small files are
    # written by the thousands.
    target = os.fspath(path)
    temporary = os.path.join(os.path.dirname(target), _temporary_name())  # noqa: PTH118, PTH120
    file = open(temporary, "xb", buffering=0)  # noqa: PTH123, SIM115
    try:
        with file:
            rest = memoryview(content).cast("B")
            while rest:
                rest = rest[file.write(rest) :]
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _temporary_name() -> str:
    return f".maskmill-{secrets.token_hex(8)}.tmp"
