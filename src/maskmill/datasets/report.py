"""What a conversion lost, left out or changed: the report at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from maskmill.errors import FormatError

__all__ = ["Loss", "LossKind", "Losses", "Report", "Skipped"]

LISTED: Final = 1000
"""Ids that the report lists for one kind of loss; the number counts them all."""


class Skipped(NamedTuple):
    """A record that was left out."""

    place: str
    id: int | str | None
    problem: str

    @classmethod
    def from_error(cls, error: FormatError) -> Skipped:
        """Keep what an error says about its record."""
        return cls(error.place or "", error.record, error.problem)

    def order(self) -> list[tuple[bool, int, str]]:
        """Key that sorts records as they stand in the source, ``/images/9`` before 10."""
        parts = (self.place or "").split("/")
        return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]


class LossKind(NamedTuple):
    """A kind of loss: its key in the JSON report, and its words in the text."""

    key: str
    text: str
    """Names the records that it befell, and what that was."""
    unit: str | None = None
    """What its amount counts, where it has one: "pixels"."""
    harmless: bool = False
    """Whether it is worth a note and no loss, for who asks that nothing be lost."""


OVERLAP: Final = LossKind(
    "overlap", "images where labels overlap, each pixel going to the one on top", "pixels"
)
HIDDEN: Final = LossKind("hidden", "instances wholly under others, without a pixel left")
CROWD_VOID: Final = LossKind("crowd_void", "crowd regions drawn as void")
CROWD_LEFT_OUT: Final = LossKind("crowd_left_out", "crowd regions left out")
CROWD_DRAWN: Final = LossKind(
    "crowd_drawn", "crowd regions drawn like single instances, below them"
)
CROWD_LOST: Final = LossKind("crowd_lost", "crowd regions that become single instances")
EMPTY: Final = LossKind("empty_masks", "instances whose mask has no pixel")
OUTSIDE: Final = LossKind(
    "vertices_outside", "instances that reach out of their image, cut at its border", "vertices"
)
DEGENERATE: Final = LossKind(
    "degenerate_rings", "instances with rings of fewer than three vertices", "rings"
)
BOX_ONLY: Final = LossKind("box_only", "instances with a box and no mask, not drawn")
NOT_POLYGONS: Final = LossKind(
    "run_lengths_kept",
    "instances that were run lengths and stay run lengths",
    harmless=True,
)
HOLES: Final = LossKind(
    "holes_as_run_lengths",
    "instances with holes, which polygons of COCO cannot have, as run lengths",
)
MERGED_STUFF: Final = LossKind(
    "merged_stuff", "instances of categories that are not things, joined to one segment an image"
)
RENUMBERED: Final = LossKind(
    "renumbered", "instances with another id, because theirs does not fit the format"
)
COMPUTED: Final = LossKind(
    "computed",
    "instances that state no area or no box, which was taken from the mask",
    harmless=True,
)


@dataclass(slots=True)
class Loss:
    """How often a kind of loss happened, and to which records."""

    records: int = 0
    amount: int = 0
    ids: list[int | str] = field(default_factory=list)
    """The first of them, at most 1,000."""


@dataclass(slots=True)
class Losses:
    """Losses by kind, and fields by name that the target does not carry."""

    kinds: dict[LossKind, Loss] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)

    def add(self, kind: LossKind, ids: Sequence[int | str], amount: int = 0) -> None:
        """Count records, ``amount`` units in all; no records add nothing."""
        if ids:
            self._add(kind, len(ids), amount, ids)

    def drop_fields(self, names: Iterable[str]) -> None:
        """Count fields that are not carried over."""
        for name in names:
            self.fields[name] = self.fields.get(name, 0) + 1

    def merge(self, later: Losses) -> None:
        """Add what a later part of the dataset lost."""
        for kind, loss in later.kinds.items():
            self._add(kind, loss.records, loss.amount, loss.ids)
        for name, count in later.fields.items():
            self.fields[name] = self.fields.get(name, 0) + count

    def forbid(self) -> None:
        """Raise a `FormatError` if anything was lost."""
        lost = [kind for kind in sorted(self.kinds) if not kind.harmless]
        if lost:
            loss = self.kinds[lost[0]]
            raise FormatError(
                f"must lose nothing, got {lost[0].text}: {loss.records:,}, the first of them "
                f"{loss.ids[0]!r}. Choose a format that carries it, or leave out strict."
            )
        if self.fields:
            raise FormatError(
                f"must lose nothing, got fields that are not carried: "
                f"{', '.join(sorted(self.fields))}. "
                "Choose a format that carries them, or leave out strict."
            )

    def to_dict(self) -> dict[str, Any]:
        """Give the losses as plain data, by kind."""
        found = {}
        for kind, loss in sorted(self.kinds.items()):
            entry: dict[str, Any] = {"text": kind.text, "records": loss.records}
            if kind.unit:
                entry[kind.unit] = loss.amount
            found[kind.key] = entry | {"ids": loss.ids}
        return found

    def to_lines(self) -> list[str]:
        """Give the losses as lines to read."""
        return [
            f"{kind.text}: {loss.records:,}"
            + (f" ({loss.amount:,} {kind.unit})" if kind.unit else "")
            for kind, loss in sorted(self.kinds.items())
        ]

    def _add(self, kind: LossKind, records: int, amount: int, ids: Sequence[int | str]) -> None:
        loss = self.kinds.setdefault(kind, Loss())
        loss.records += records
        loss.amount += amount
        loss.ids.extend(ids[: LISTED - len(loss.ids)])


@dataclass(slots=True)
class Report:
    """What `convert` did."""

    source: str
    target: str
    source_format: str
    target_format: str
    rule: str
    images: int = 0
    instances: int = 0
    seconds: float = 0.0
    skipped: list[Skipped] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)

    @property
    def complete(self) -> bool:
        """Whether every record of the source was converted."""
        return not self.skipped

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data; equal for equal input, so without the time it took."""
        return {
            "source": self.source,
            "target": self.target,
            "from": self.source_format,
            "to": self.target_format,
            "rule": self.rule,
            "complete": self.complete,
            "images": self.images,
            "instances": self.instances,
            "skipped": [record._asdict() for record in self.skipped],
            "losses": self.losses.to_dict(),
            "fields_not_carried": dict(sorted(self.losses.fields.items())),
        }

    def to_json(self) -> bytes:
        """Give the report as JSON text."""
        return msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=1) + b"\n"

    def to_text(self) -> str:
        """Give the report as a few lines to read."""
        lines = [
            f"{self.source_format} to {self.target_format}: {self.images:,} images, "
            f"{self.instances:,} instances in {self.seconds:.1f} s"
        ]
        lines += [f"  {line}" for line in self.losses.to_lines()]
        if self.losses.fields:
            named = ", ".join(
                f"{name} ({count:,})" for name, count in sorted(self.losses.fields.items())
            )
            lines.append(f"  fields not carried: {named}")
        if self.skipped:
            lines.append(f"  records skipped: {len(self.skipped):,}; the first of them:")
            for record in self.skipped[:5]:
                named = f" (id {record.id!r})" if record.id is not None else ""
                lines.append(f"    {record.place}{named}: {record.problem}")
        return "\n".join(lines)
