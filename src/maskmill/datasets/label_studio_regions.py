"""Regions of Label Studio: from the results of an annotation, and back."""

from __future__ import annotations

from typing import Final

import msgspec

from maskmill.datasets.dataset import Extra, get_extra
from maskmill.datasets.ellipses import ellipse, turned_box
from maskmill.datasets.label_studio_rle import from_label_studio_rle
from maskmill.datasets.objects import Found, Labels, raw
from maskmill.datasets.percent import from_percent
from maskmill.errors import FormatError, InvalidMaskError

__all__ = ["DEFAULTS", "LABELS", "REGIONS", "Region", "Result", "found_of"]

LABELS: Final = (
    "polygonlabels", "brushlabels", "rectanglelabels", "ellipselabels", "keypointlabels", "labels",
)  # fmt: skip
"""Where a value has its labels."""
SHAPES: Final = frozenset(("polygon", "brush", "rectangle", "ellipse", "keypoint"))
REGIONS: Final = SHAPES | {f"{shape}labels" for shape in SHAPES} | {"labels"}
DEFAULTS: Final = {"from_name": "label", "to_name": "image", "origin": "manual"}


class Value(msgspec.Struct, frozen=True):
    """A value of a result."""

    points: list[tuple[float, float]] | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    radiusX: float | None = None  # noqa: N815  # as the file has it
    radiusY: float | None = None  # noqa: N815
    rotation: float | None = None
    format: str | None = None
    rle: list[int] | None = None
    polygonlabels: list[str] | None = None
    brushlabels: list[str] | None = None
    rectanglelabels: list[str] | None = None
    ellipselabels: list[str] | None = None
    keypointlabels: list[str] | None = None
    labels: list[str] | None = None

    def names(self) -> list[str]:
        """Labels, under whatever name."""
        return next((n for key in LABELS if (n := getattr(self, key))), [])


class Result(msgspec.Struct, frozen=True):
    """A result of an annotation."""

    type: str = ""
    value: Value | None = None
    id: str | int | None = None
    original_width: float | None = None
    original_height: float | None = None
    from_name: str | None = None
    to_name: str | None = None
    origin: str | None = None
    image_rotation: float | None = None
    score: float | None = None
    meta: dict[str, msgspec.Raw] | None = None

    def is_region(self) -> bool:
        """Tell whether it draws something, or labels what another result draws."""
        return self.shape() in SHAPES or self.type == "labels"

    def shape(self) -> str:
        """What is drawn, whatever tool drew it."""
        value = self.value
        if self.type != "labels" or value is None:
            return self.type.removesuffix("labels")
        if value.points is not None:
            return "polygon"
        if value.rle is not None:
            return "brush"
        if value.radiusX is not None:
            return "ellipse"
        return "keypoint" if value.height is None else "rectangle"


class Region:
    """The results that share an id: what is drawn, and how it is labelled."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.drawn: Result | None = None
        self.names: list[str] = []
        self.control: str | None = None
        self.extra: Extra = {}
        self.others: list[msgspec.Raw] = []

    def add(self, result: Result, text: msgspec.Raw, extra: Extra) -> None:
        """Add a result."""
        if result.value is None or not result.is_region():
            self.others.append(text)
            return
        names = result.value.names()
        if names and not self.names:
            self.names, self.control = names, result.from_name
        if self.drawn is None or (self.drawn.type == "labels" and result.type != "labels"):
            self.drawn = result
        self.extra |= extra


def found_of(region: Region, labels: Labels, size: tuple[int, int]) -> Found:
    """Read a region; raise FormatError for what Label Studio does not draw."""
    result = region.drawn
    assert result is not None
    assert result.value is not None
    if not region.names:
        raise FormatError(f"must have a label, got a {result.shape()} without one.")
    found = Found(region.place, id_of(result.id), labels.row(region.names[0]))
    found.score = result.score
    found.extra = region.extra
    if len(region.names) > 1:
        found.extra["labels"] = raw(region.names)
    stated = (region.control, result.to_name, result.origin)
    for (name, default), text in zip(DEFAULTS.items(), stated, strict=True):
        if text is not None and text != default:
            found.extra[name] = raw(text)
    if result.image_rotation:
        found.extra["image_rotation"] = raw(result.image_rotation)
    if region.others:
        found.extra["results"] = raw(region.others)
    meta = dict(result.meta or {})
    if "iscrowd" in meta:
        found.crowd = get_extra(meta, "iscrowd", int) == 1
        del meta["iscrowd"]
    found.extra |= meta
    _read_shape(found, result.shape(), result.value, size)
    return found


def id_of(text: str | int | None) -> str | int | None:
    """Id of a region; a number in quotes is one that was written for Label Studio."""
    if isinstance(text, str) and text.isdecimal() and len(text) < 18 and str(int(text)) == text:
        return int(text)
    return text


def _read_shape(found: Found, shape: str, value: Value, size: tuple[int, int]) -> None:
    if shape == "polygon" and value.points is not None:
        found.parts = [[from_percent(value.points, size)]]
    elif shape == "brush" and value.rle is not None:
        try:
            found.mask = from_label_studio_rle(value.rle, size)
        except InvalidMaskError as error:
            raise FormatError(str(error).removeprefix("from_label_studio_rle: ")) from None
    elif shape == "keypoint":
        points = [_pixels(value.x, value.y, size)]
        found.extra |= {"shape_type": raw("point"), "points": raw(points)}
        if value.width is not None:
            found.extra["point_width"] = raw(value.width)
    elif shape == "ellipse":
        axes = [*_pixels(value.x, value.y, size), *_pixels(value.radiusX, value.radiusY, size)]
        axes.append(value.rotation or 0.0)
        found.parts = [[ellipse(axes[0], axes[1], axes[2], axes[3], axes[4])]]
        found.extra |= {"shape_type": raw("ellipse"), "ellipse": raw(axes)}
    elif shape == "rectangle":
        box = [*_pixels(value.x, value.y, size), *_pixels(value.width, value.height, size)]
        if value.rotation:
            found.parts = [[turned_box(box, value.rotation)]]
            found.extra |= {"shape_type": raw(shape), "rectangle": raw([*box, value.rotation])}
        else:
            found.box = box
    else:
        raise FormatError(f"must have the value of a {shape}, got another.")


def _pixels(x: float | None, y: float | None, size: tuple[int, int]) -> list[float]:
    if x is None or y is None:
        raise FormatError("must have x, y and what else its shape is made of, got none.")
    if not max(abs(x), abs(y)) < 1e9:
        raise FormatError(f"must lie near its image, got ({x}, {y}) percent.")
    pixels: list[float] = from_percent([(x, y)], size)[0].tolist()
    return pixels
