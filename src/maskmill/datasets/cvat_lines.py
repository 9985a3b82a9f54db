"""Objects of CVAT as lines of its XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from maskmill.datasets.crops import transpose_masks
from maskmill.datasets.cvat_shapes import DEFAULTS, KINDS, Kept
from maskmill.datasets.dataset import get_extra
from maskmill.datasets.ellipses import ellipse
from maskmill.datasets.objects import far_side, raw
from maskmill.datasets.outgoing import NO_PLACE, Groups, Outgoing, member_fields
from maskmill.datasets.report import Losses
from maskmill.datasets.xmlfile import attribute, escaped
from maskmill.errors import FormatError
from maskmill.ops.strings import to_counts

__all__ = ["is_name", "lines_of", "written"]


class Line(NamedTuple):
    """Where an object is drawn: the element and the attributes of its shape."""

    name: str
    attributes: str


def lines_of(
    found: Outgoing, groups: Groups, specs: dict[str, set[str]], losses: Losses, *, numbered: bool
) -> Iterator[str]:
    """Write an instance: one element, or one a part.

    ``specs`` takes, for each name of an attribute, the input types of its values.
    """
    label = attribute("label", found.category.name)
    tail = attribute("id", found.id) if numbered else ""
    if found.score is not None:
        tail += attribute("score", repr(float(found.score)))
    if found.mask is not None:
        fields = dict(found.extra)
        yield _element(_mask_line(found), label, tail, fields, found.crowd, specs, losses)
    elif found.parts:
        members = member_fields(found)
        if len(found.parts) > 1 and "group_id" not in found.extra:
            number = raw(groups.next())
            members = [member | {"group_id": number} for member in members]
        for part, fields in zip(found.parts, members, strict=True):
            fields.pop("points", None)
            line = _outline(part[0], fields)
            yield _element(line, label, tail, fields, found.crowd, specs, losses)
    elif (kept := get_extra(found.extra, "cvat", Kept)) is not None and kept.name in KINDS:
        yield written(kept, "    ")
    elif found.points is not None and found.shape_type is not None:
        kind = "polyline" if found.shape_type in ("line", "linestrip", "polyline") else "points"
        line = Line(kind, attribute("points", _text_of(found.points)))
        yield _element(line, label, tail, dict(found.extra), found.crowd, specs, losses)
    elif found.box is not None:
        fields = dict(found.extra)
        yield _element(_box_line(found, fields), label, tail, fields, found.crowd, specs, losses)
    else:
        losses.add(NO_PLACE, [found.id])


def _mask_line(found: Outgoing) -> Line:
    assert found.mask is not None
    x, y = found.corner
    height, width = found.mask.sizes[0].tolist()
    counts = to_counts(transpose_masks(found.mask))[0].tolist()
    return Line(
        "mask",
        attribute("rle", ", ".join(map(str, counts)))
        + f' left="{x}" top="{y}" width="{width}" height="{height}"',
    )


def _outline(ring: list[list[float]], fields: dict[str, msgspec.Raw]) -> Line:
    """Polygon of a part, or the ellipse that it was, if it still is."""
    kind, axes = get_extra(fields, "shape_type", str), get_extra(fields, "ellipse", list[float])
    fields.pop("shape_type", None)
    fields.pop("ellipse", None)
    if (
        kind == "ellipse" and axes is not None and len(axes) == 5
        and np.array_equal(ellipse(*axes), ring)
    ):  # fmt: skip
        names = ("cx", "cy", "rx", "ry", "rotation")
        return Line(kind, "".join(map(attribute, names, map(repr, axes))))
    return Line("polygon", attribute("points", _text_of(ring)))


def _text_of(points: Sequence[Sequence[float]]) -> str:
    return ";".join(f"{float(x)!r},{float(y)!r}" for x, y in points)


def _box_line(found: Outgoing, fields: dict[str, msgspec.Raw]) -> Line:
    assert found.box is not None
    x, y, width, height = map(float, found.box)
    text = (
        attribute("xtl", repr(x)) + attribute("ytl", repr(y))
        + attribute("xbr", repr(far_side(x, width))) + attribute("ybr", repr(far_side(y, height)))
    )  # fmt: skip
    rotation = get_extra(fields, "rotation", float)
    if rotation is not None:
        del fields["rotation"]
        text += attribute("rotation", repr(rotation))
    return Line("box", text)


def _element(
    line: Line,
    label: str,
    tail: str,
    fields: dict[str, msgspec.Raw],
    crowd: bool,
    specs: dict[str, set[str]],
    losses: Losses,
) -> str:
    """Write an element, with what CVAT can say of the further fields."""
    attributes = get_extra(fields, "attributes", dict[str, Any])
    if attributes is None:
        attributes = {}
    else:
        del fields["attributes"]
    occluded = attributes.get("occluded")
    if isinstance(occluded, bool):
        del attributes["occluded"]
    if crowd:
        attributes["is_crowd"] = True
    source = get_extra(fields, "source", str) or DEFAULTS["source"]
    order = get_extra(fields, "z_order", int) or 0
    group = get_extra(fields, "group_id", int)
    text = label + attribute("source", source) + f' occluded="{int(occluded is True)}"'
    text += line.attributes + f' z_order="{order}"'
    if group is not None:
        text += f' group_id="{group}"'
    for name in ("source", "z_order", *(("group_id",) if group is not None else ())):
        fields.pop(name, None)
    losses.drop_fields(fields)
    if not attributes:
        return f"    <{line.name}{text}{tail}>\n    </{line.name}>\n"
    children = "".join(
        f"      <attribute{attribute('name', name)}>{escaped(text_of_value)}</attribute>\n"
        for name, text_of_value in (_attribute(n, v, specs) for n, v in attributes.items())
    )
    return f"    <{line.name}{text}{tail}>\n{children}    </{line.name}>\n"


def _attribute(name: str, value: object, specs: dict[str, set[str]]) -> tuple[str, str]:
    """Text of a value; notes its input type."""
    if isinstance(value, bool):
        kind, text = "checkbox", "true" if value else "false"
    elif isinstance(value, (int, float)):
        kind, text = "number", repr(value)
    elif isinstance(value, str):
        kind, text = "text", value
    else:
        kind, text = "text", msgspec.json.encode(value).decode()
    specs.setdefault(name, set()).add(kind)
    return name, text


def written(kept: Kept, indent: str) -> str:
    """Write an element that was kept as plain data."""
    for name in (kept.name, *kept.attributes):
        if not is_name(name):
            raise FormatError(f"must be a name that XML can hold, got {name!r}.")
    start = f"{indent}<{kept.name}"
    start += "".join(attribute(name, value) for name, value in kept.attributes.items())
    children = "".join(written(child, indent + "  ") for child in kept.children)
    text = escaped(kept.text)
    inside = f"\n{children}{indent}" if children else text
    return f"{start}>{inside}</{kept.name}>\n"


def is_name(name: str) -> bool:
    """Tell whether a text can be the name of an element or of an attribute."""
    return name.isascii() and name.replace("-", "_").isidentifier()
