"""Writes the XML of CVAT for images."""

from __future__ import annotations

from typing import IO, Any, Final, NamedTuple

from maskmill.datasets.cvat_lines import is_name, lines_of, written
from maskmill.datasets.cvat_shapes import OWN, Kept
from maskmill.datasets.dataset import Category, Extra, Header, Id, Shard, get_extra
from maskmill.datasets.format import Options, Writer
from maskmill.datasets.outgoing import Groups, instances_of
from maskmill.datasets.records import at
from maskmill.datasets.report import Losses, LossKind
from maskmill.datasets.xmlfile import attribute, escaped

__all__ = ["CvatWriter", "Piece"]

RENUMBERED_IMAGES: Final = LossKind(
    "renumbered_images", "images with another id, because theirs does not fit the format"
)


class Piece(NamedTuple):
    """Images of a shard as XML text; those whose ids are no numbers get one when they come."""

    images: list[tuple[int | None, str]]
    specs: dict[str, dict[str, set[str]]]
    """Of each class: names of attributes to the input types of their values."""


class CvatWriter(Writer[Piece]):
    """Spools the images, and gives the list of labels that belongs before them."""

    def __init__(self, spool: IO[bytes], header: Header, options: Options) -> None:
        self._spool = spool
        self._header = header
        self._rule = options.rule
        self._specs: dict[str, dict[str, set[str]]] = {}
        self._count = 0

    def encode(self, shard: Shard, losses: Losses) -> Piece:
        """Write the images of a shard as text."""
        images = shard.images
        found = instances_of(shard, self._header.categories, self._rule, losses, holes=False)
        specs: dict[str, dict[str, set[str]]] = {}
        written_images = []
        numbered = shard.instances.numbered
        for g, objects in enumerate(found):
            groups = Groups(objects)
            height, width = images.sizes[g].tolist()
            extra = dict(images.extra[g])
            tags = get_extra(extra, "cvat_tags", list[Kept]) or []
            extra.pop("cvat_tags", None)
            number, name = _own_names(images.ids[g], images.file_names[g], extra)
            with at("", images.places[g], number):
                text = attribute("name", name)
                text += f' width="{width}" height="{height}"'
                for name in list(extra):
                    text_value, number_value = (get_extra(extra, name, kind) for kind in (str, int))
                    value = number_value if text_value is None else text_value
                    if value is not None and is_name(name) and name not in OWN:
                        del extra[name]
                        text += attribute(name, value)
                losses.drop_fields(extra)
                lines = [written(tag, "    ") for tag in tags]
                for o in objects:
                    own = specs.setdefault(o.category.name, {})
                    lines += lines_of(o, groups, own, losses, numbered=numbered)
            text += ">\n" + "".join(lines) + "  </image>\n"
            if not isinstance(number, int):
                losses.add(RENUMBERED_IMAGES, [number])
            written_images.append((number if isinstance(number, int) else None, text))
        return Piece(written_images, specs)

    def append(self, piece: Piece) -> None:
        """Spool the images of the next shard."""
        for number, text in piece.images:
            own = self._count if number is None else number
            self._spool.write(f'  <image id="{own}"{text}'.encode())
            self._count += 1
        for label, specs in piece.specs.items():
            for name, kinds in specs.items():
                self._specs.setdefault(label, {}).setdefault(name, set()).update(kinds)

    def head(self) -> str:
        """Give what comes before the images."""
        labels = "".join(map(self._label, self._header.categories))
        meta = get_extra(self._header.extra, "cvat_meta", Kept)
        if meta is None:
            meta = Kept("meta", {}, "", [Kept("job", {}, "", [])])
        slot = next(
            (c for c in meta.children if c.name in ("job", "task", "project")),
            None,
        )
        text = "".join(
            f"    <{c.name}>\n"
            + "".join(written(child, "      ") for child in c.children)
            + f"      <labels>\n{labels}      </labels>\n    </{c.name}>\n"
            if c is slot
            else written(c, "    ")
            for c in meta.children
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
            f"  <meta>\n{text}  </meta>\n"
        )

    def _label(self, category: Category) -> str:
        declared = get_extra(category.extra, "attributes", list[dict[str, str]]) or []
        known = {spec.get("name") for spec in declared}
        for name, kinds in self._specs.get(category.name, {}).items():
            if name not in known:
                declared.append(_declared(name, kinds))
        lines = [f"          <name>{escaped(category.name)}</name>\n"]
        if category.colour is not None:
            red, green, blue = category.colour
            lines.append(f"          <color>#{red:02x}{green:02x}{blue:02x}</color>\n")
        kind = get_extra(category.extra, "type", str)
        if kind is not None:
            lines.append(f"          <type>{escaped(kind)}</type>\n")
        lines.append("          <attributes>\n")
        for spec in declared:
            inside = "".join(f"<{k}>{escaped(v)}</{k}>" for k, v in spec.items() if is_name(k))
            lines.append(f"            <attribute>{inside}</attribute>\n")
        lines.append("          </attributes>\n")
        return f"        <label>\n{''.join(lines)}        </label>\n"


def _own_names(number: Id, name: str, extra: Extra) -> tuple[Id, str]:
    """Give id and name of an image as its task has them, if they got the subset before them."""
    subset = get_extra(extra, "subset", str)
    if subset and isinstance(number, str) and number.startswith(f"{subset}/"):
        own = number.removeprefix(f"{subset}/")
        if own.isdecimal() and len(own) < 18:
            return int(own), name.removeprefix(f"{subset}/")
    return number, name


def _declared(name: str, kinds: set[str]) -> dict[str, Any]:
    """Declare an attribute, as CVAT asks for before it keeps one."""
    kind = next(iter(kinds)) if len(kinds) == 1 else "text"
    values = {"checkbox": "false\ntrue", "number": "-1000000\n1000000\n1", "text": ""}[kind]
    default = {"checkbox": "false", "number": "0", "text": ""}[kind]
    return {
        "name": name,
        "mutable": "False",
        "input_type": kind,
        "default_value": default,
        "values": values,
    }
