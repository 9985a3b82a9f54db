"""The files of the repository, for tests that look at the text itself."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "maskmill"


@cache
def _tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def files(*suffixes: str) -> list[Path]:
    """Files of the repository with these suffixes, or all of them."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: the archive does not say which files are the project's")
    return [path for path in _tracked() if not suffixes or path.suffix in suffixes]


def sources(folder: str = "") -> list[Path]:
    """Python files of the package, below this folder of it."""
    return sorted((PACKAGE / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Names that a Python file imports, anywhere in it: ``a.b`` and, from a package, ``a.b.c``."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
