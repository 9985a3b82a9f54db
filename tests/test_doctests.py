"""Docstrings: every example runs, and every public name says what its user must know."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import maskmill
import maskmill.datasets
from tests.repository import PACKAGE, ROOT, imports, sources

SECTIONS = ("Parameters", "Returns", "Yields", "Raises", "Notes", "Examples", "See Also")


def modules() -> list[str]:
    names = []
    # An installation without the GPU module has nothing that needs it.
    no_gpu = find_spec("maskmill._gpu") is None
    for path in sources():
        if no_gpu and "maskmill._gpu" in imports(path):
            continue
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def examples() -> Iterator[doctest.DocTest]:
    finder = doctest.DocTestFinder()
    for name in modules():
        module = importlib.import_module(name)
        yield from (test for test in finder.find(module, name) if test.examples)


@pytest.mark.parametrize("example", list(examples()), ids=lambda test: test.name)
def test_example(example: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Examples read what ships with the repository and write beside it.
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
    assert tried
    assert not failed


def public() -> Iterator[tuple[str, object]]:
    """Public functions and classes, and the public methods of these."""
    homes = [(maskmill, name) for name in maskmill.__all__]
    homes += [(maskmill.datasets, name) for name in maskmill.datasets.__all__]
    for home, name in homes:
        value = getattr(home, name)
        yield name, value
        if isinstance(value, type) and value.__module__.startswith("maskmill"):
            for key, member in vars(value).items():
                if not key.startswith("_") and callable(getattr(value, key)):
                    yield f"{name}.{key}", getattr(member, "__func__", member)


def sections(docstring: str) -> dict[str, str]:
    """Split a numpydoc docstring at its underlined headings."""
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}\n", docstring, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


PUBLIC = dict(public())
FUNCTIONS = {n: getattr(maskmill, n) for n in maskmill.__all__}
FUNCTIONS |= {n: getattr(maskmill.datasets, n) for n in ("convert", "read", "summarize")}
FUNCTIONS = {n: f for n, f in FUNCTIONS.items() if inspect.isfunction(f)}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_documented(name: str) -> None:
    text = inspect.getdoc(PUBLIC[name])
    assert text, f"{name} has no docstring"
    summary = text.split("\n\n")[0]
    assert summary.endswith("."), f"{name}: the summary is a sentence"
    assert set(sections(text)) <= set(SECTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_have_sections_and_an_example(name: str) -> None:
    function = FUNCTIONS[name]
    found = sections(inspect.getdoc(function) or "")
    arguments = list(inspect.signature(function).parameters)
    assert ("Parameters" in found) == bool(arguments)
    assert "Returns" in found or name == "threads"
    assert ">>> " in found.get("Examples", ""), f"{name} has no example"
    lines = re.findall(r"^[*]*(\w[\w, ]*)(?: : .*)?$", found.get("Parameters", ""), re.MULTILINE)
    described = [name for line in lines for name in line.split(", ")]
    assert [a for a in arguments if a not in described] == []
    assert [d for d in described if d not in arguments] == []
