"""XML files of datasets, read as a stream by the parser of the standard library.

Nothing of a file is kept but what the caller keeps. Documents with a DOCTYPE are refused: that is
where entities are declared, which could grow without end or read other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from maskmill.errors import FormatError

__all__ = ["Element", "attribute", "elements", "escaped"]

_SLICE: Final = 1 << 20
_DEEPEST: Final = 64
"""Levels of elements; a dataset has a few."""


@dataclass(slots=True)
class Element:
    """An element with all that is in it."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def child(self, name: str) -> Element | None:
        """First child of a name."""
        return next((c for c in self.children if c.name == name), None)

    def all(self, name: str) -> Iterator[Element]:
        """Give the elements of a name at any depth, in the order of the file."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)


def elements(path: Path, root: str) -> Iterator[Element]:
    """Give the children of the root element one after the other.

    Parameters
    ----------
    path : Path
    root : str
        Name that the root element must have.

    Raises
    ------
    FormatError
        If the file is no XML, breaks off, has a DOCTYPE, nests too deeply or has another root.
    """
    name = str(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    open_: list[Element] = []
    done: list[Element] = []

    def refuse(problem: str) -> None:
        raise FormatError(problem, name, f"line {parser.CurrentLineNumber}")

    def doctype(*_: object) -> None:
        refuse("must have no DOCTYPE, got one. Entities are not read; remove it.")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if not open_ and tag != root:
            refuse(f"must have the root <{root}>, got <{tag}>.")
        if len(open_) >= _DEEPEST:
            refuse("must not nest that deeply. It is no dataset.")
        element = Element(tag, attributes, parser.CurrentLineNumber)
        if len(open_) > 1:
            open_[-1].children.append(element)
        open_.append(element)

    def end(_: str) -> None:
        element = open_.pop()
        if len(open_) == 1:
            done.append(element)

    def characters(text: str) -> None:
        if len(open_) > 1:
            open_[-1].text += text

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    with path.open("rb") as file:
        last = False
        while not last:
            content = file.read(_SLICE)
            last = not content
            try:
                parser.Parse(content, last)
            except (expat.ExpatError, ValueError, LookupError) as error:
                refuse(f"must be whole, well-formed XML, got: {error}. Export it again.")
            yield from done
            done.clear()


def attribute(name: str, value: object) -> str:
    """Give an attribute with a space before it."""
    return f" {name}={quoteattr(_checked(str(value)))}"


def escaped(text: str) -> str:
    """Give text as it stands between elements."""
    return escape(_checked(text))


def _checked(text: str) -> str:
    if not text.isprintable():
        for character in text:
            code = ord(character)
            if (
                (code < 32 and character not in "\t\n\r")
                or code in (0xFFFE, 0xFFFF)
                or (0xD800 <= code < 0xE000)
            ):
                raise FormatError(f"must be text that XML can hold, got {text!r}. Rename it.")
    return text
