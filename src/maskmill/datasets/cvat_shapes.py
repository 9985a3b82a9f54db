"""Objects of CVAT: from the elements of its XML, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from maskmill.datasets.crops import transpose_masks
from maskmill.datasets.dataset import Extra, get_extra
from maskmill.datasets.ellipses import ellipse
from maskmill.datasets.objects import Found, Labels, raw
from maskmill.datasets.shapes import Shapes, shapes_from_coco
from maskmill.datasets.xmlfile import Element
from maskmill.errors import FormatError, StructureError
from maskmill.masks import Masks

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["DEFAULTS", "KINDS", "OWN", "Kept", "Specs", "found_of", "plain"]

KINDS: Final = frozenset(
    ("polygon", "mask", "box", "ellipse", "polyline", "points", "cuboid", "skeleton")
)
_POINT_CHARACTERS: Final = b"0123456789+-.eE,; \t\r\n"
_RUN_CHARACTERS: Final = b"0123456789, \t\r\n"
_KNOWN: Final = frozenset(
    (
        "label", "source", "occluded", "z_order", "group_id", "points", "rle", "left", "top",
        "width", "height", "xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry", "rotation", "id",
        "score",
    )
)  # fmt: skip
OWN: Final = frozenset(("id", "name", "width", "height"))
"""Attributes of an image that have columns."""
DEFAULTS: Final = {"source": "manual", "z_order": "0", "rotation": "0.0"}

Specs = dict[str, dict[str, str]]
"""Of each class: name of an attribute to its input type."""


def found_of(element: Element, labels: Labels, specs: Specs) -> Found:
    """Read an object; raise FormatError for what CVAT does not write."""
    given = element.attributes
    found = Found(f"line {element.line}", _id_of(given.get("id")), labels.row(_get(given, "label")))
    found.extra = _further(element, specs.get(given["label"], {}))
    kind = element.name
    if kind == "polygon":
        found.parts = [[_vertices(given)]]
    elif kind == "mask":
        found.mask = _mask(given)
        found.corner = (_integer(given, "left"), _integer(given, "top"))
    elif kind == "box":
        left, top, right, bottom = (_number(given, k) for k in ("xtl", "ytl", "xbr", "ybr"))
        found.box = [left, top, right - left, bottom - top]
    elif kind == "ellipse":
        axes = [_number(given, k) for k in ("cx", "cy", "rx", "ry")]
        turn = _number(given, "rotation") if "rotation" in given else 0.0
        found.parts = [[ellipse(axes[0], axes[1], axes[2], axes[3], turn)]]
        found.extra |= {"shape_type": raw(kind), "ellipse": raw([*axes, turn])}
    elif kind in ("polyline", "points"):
        found.extra |= {"shape_type": raw(kind), "points": raw(_vertices(given).tolist())}
    else:  # cuboids and skeletons stay what they are
        found.extra = {"shape_type": raw(kind), "cvat": raw(plain(element))}
    if "attributes" in found.extra:
        _take_crowd(found)
    if "score" in given:
        found.score = _number(given, "score")
    return found


def _take_crowd(found: Found) -> None:
    attributes = get_extra(found.extra, "attributes", dict[str, Any]) or {}
    if attributes.pop("is_crowd", False) is True:
        found.crowd = True
        found.extra["attributes"] = raw(attributes)
        if not attributes:
            del found.extra["attributes"]


def _id_of(text: str | None) -> int | str | None:
    if text is None:
        return None
    return int(text) if text.isdecimal() and len(text) < 18 and str(int(text)) == text else text


def _further(element: Element, specs: dict[str, str]) -> Extra:
    """Attributes, and fields of an object that are not its shape."""
    given = element.attributes
    attributes: dict[str, Any] = {}
    if given.get("occluded") == "1":
        attributes["occluded"] = True
    for child in element.children:
        if child.name == "attribute" and element.name != "skeleton":
            name = _get(child.attributes, "name")
            attributes[name] = value_of(child.text, specs.get(name, "text"))
    extra: Extra = {}
    if attributes:
        extra["attributes"] = raw(attributes)
    for name in ("source", "rotation"):
        if name in given and given[name] != DEFAULTS[name] and element.name != "ellipse":
            extra[name] = raw(given[name] if name == "source" else _number(given, name))
    for name in ("z_order", "group_id"):
        if name in given and given[name] != DEFAULTS.get(name):
            extra[name] = raw(_integer(given, name))
    for name, text in given.items():
        if name not in _KNOWN:
            extra[name] = raw(text)
    return extra


def value_of(text: str, input_type: str) -> bool | float | str:
    """Value of an attribute: what its class says it is, if it is written the usual way."""
    if input_type == "checkbox" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if input_type == "number":
        for kind in (int, float):
            try:
                value = kind(text)
            except ValueError:
                continue
            if repr(value) == text:
                return value
    return text


def plain(element: Element) -> Kept:
    """Give an element as plain data."""
    children = [plain(child) for child in element.children]
    return Kept(element.name, element.attributes, element.text.strip(), children)


def _get(given: dict[str, str], name: str) -> str:
    if name not in given:
        raise FormatError(f"must have the attribute {name}, got {', '.join(given) or 'none'}.")
    return given[name]


def _number(given: dict[str, str], name: str) -> float:
    text = _get(given, name)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 2.0**31:
        raise FormatError(f"must have a number of pixels as {name}, got {text!r}.")
    return value


def _integer(given: dict[str, str], name: str) -> int:
    value = _number(given, name)
    if not value.is_integer():
        raise FormatError(f"must have a whole number as {name}, got {given[name]!r}.")
    return int(value)


def _vertices(given: dict[str, str]) -> Array:
    """Vertices of ``x,y;x,y``, read by the parser of COCO's lists."""
    text = _get(given, "points").encode("utf-8", "surrogatepass")
    n_vertices = text.count(b";") + 1
    if text.translate(None, _POINT_CHARACTERS) or text.count(b",") != n_vertices:
        raise FormatError(f"must have points as x,y;x,y;..., got {_shown(text)}.")
    return _parse(b"[[" + text.replace(b";", b",") + b"]]", (1, 1), "points").polygons.coords


def _mask(given: dict[str, str]) -> Masks:
    """Mask of run lengths that go along the rows of its box."""
    height, width = _integer(given, "height"), _integer(given, "width")
    if min(height, width) < 1 or height * width >= 2**32:
        raise FormatError(f"must have a height and a width of pixels, got {height}x{width}.")
    text = _get(given, "rle").encode("utf-8", "surrogatepass")
    if text.translate(None, _RUN_CHARACTERS):
        raise FormatError(f"must have rle as numbers, got {_shown(text)}.")
    counts = b'{"size":[%d,%d],"counts":[%b]}' % (width, height, text)
    return transpose_masks(_parse(counts, (width, height), "rle").runs)


def _parse(text: bytes, size: tuple[int, int], name: str) -> Shapes:
    try:
        return shapes_from_coco([text], np.array([size], np.int32))
    except StructureError as error:
        raise FormatError(f"must have {name} that {error.requirement}, got {error.got}.") from None


def _shown(text: bytes) -> str:
    return repr(text[:40].decode("utf-8", "replace"))


class Kept(msgspec.Struct, frozen=True):
    """An element that is no shape of ours, as plain data."""

    name: str
    attributes: dict[str, str]
    text: str
    children: list[Kept]
