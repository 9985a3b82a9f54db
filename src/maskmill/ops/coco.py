"""COCO's ``segmentation`` fields to batches and back: what the methods of the data classes do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import msgspec
import numpy as np

from maskmill import ragged
from maskmill.backend.arrays import host, on_host
from maskmill.backend.contract import (
    COUNTS,
    POLYGONS,
    RASTER_RULES,
    BackendName,
    RasterRule,
    Segmentations,
)
from maskmill.backend.dispatch import backend_for
from maskmill.backend.doors import cpu_tensors
from maskmill.errors import InvalidMaskError, InvalidPolygonError, StructureError
from maskmill.masks import Masks
from maskmill.ops.check import check_choice
from maskmill.polygons import Polygons

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

Holes: TypeAlias = Literal["raise", "fill"]


def masks_from_coco(
    segmentations: Iterable[object],
    sizes: object | None,
    rule: RasterRule,
    backend: BackendName | None,
) -> Masks:
    """Rasterize and decode; `Masks.from_coco` documents it."""
    function = "Masks.from_coco"
    check_choice(function, "rule", rule, RASTER_RULES)
    parsed = _parse(function, segmentations, InvalidMaskError, backend)
    known = _resolve_sizes(function, parsed, sizes)
    serve = backend_for(backend)
    batches: dict[int, Masks] = {}
    refused: list[tuple[int, str]] = []
    for kind in np.unique(parsed.kinds).tolist():
        rows = np.flatnonzero(parsed.kinds == kind)
        own = known[rows]
        try:
            if kind == POLYGONS:
                batches[kind] = serve.rasterize(_polygons(parsed, own), rule)
            elif kind == COUNTS:
                batches[kind] = serve.from_counts(parsed.counts, parsed.count_offsets, own)
            else:
                batches[kind] = serve.from_coco_strings(parsed.chars, parsed.char_offsets, own)
        except StructureError as error:
            refused.append((int(rows[error.record]), f"{error.requirement}, got {error.got}"))
    if refused:
        i, what = min(refused)
        raise InvalidMaskError(
            f"{function}: counts of segmentation {i} must {what}. "
            "Check that sizes are (height, width), and repair or drop the record."
        )
    return interleave(batches, parsed.kinds, known)


@cpu_tensors
def masks_to_coco(
    masks: Masks, compressed: bool, backend: BackendName | None
) -> list[dict[str, Any]]:
    """Encode; `Masks.to_coco` documents it."""
    serve = backend_for(backend, masks.bounds)
    values: Any
    if compressed:
        chars, offsets = serve.to_coco_strings(masks)
        values = host(chars).tobytes().decode("ascii")
    else:
        counts, offsets = serve.to_counts(masks)
        values = counts.tolist()
    ends = offsets.tolist()
    return [
        {"size": size, "counts": values[start:stop]}
        for size, (start, stop) in zip(masks.sizes.tolist(), pairwise(ends), strict=True)
    ]


def polygons_from_coco(
    segmentations: Iterable[object], sizes: object, backend: BackendName | None
) -> Polygons:
    """Nest coordinates; `Polygons.from_coco` documents it."""
    function = "Polygons.from_coco"
    parsed = _parse(function, segmentations, InvalidPolygonError, backend)
    runs = parsed.kinds != POLYGONS
    if runs.any():
        raise InvalidPolygonError(
            f"{function}: segmentation {np.argmax(runs)} must be a list of polygons, got run "
            "lengths. Build those with Masks.from_coco."
        )
    known = ragged.as_sizes(function, sizes, len(runs), InvalidPolygonError)
    return _polygons(parsed, known)


def polygons_to_coco(polygons: Polygons, holes: Holes) -> list[list[list[float]]]:
    """List outlines; `Polygons.to_coco` documents it."""
    function = "Polygons.to_coco"
    check_choice(function, "holes", holes, get_args(Holes))
    polygons = on_host(polygons)
    n_rings = np.diff(polygons.part_offsets)
    if holes == "raise" and (n_rings > 1).any():
        part = int(np.argmax(n_rings > 1))
        i = int(np.searchsorted(polygons.mask_offsets, part, side="right")) - 1
        raise InvalidPolygonError(
            f"{function}: parts of mask {i} must have no holes, got {n_rings[part] - 1} in part "
            f"{part - polygons.mask_offsets[i]}: COCO cannot say holes in polygons. Write run "
            "lengths with rasterize(polygons).to_coco(), or fill the holes with holes='fill'."
        )
    flat = polygons.coords.reshape(-1).tolist()
    starts = (2 * polygons.ring_offsets).tolist()
    first_rings = polygons.part_offsets[:-1].tolist()
    parts = [
        flat[starts[ring] : starts[ring + 1]] if n else []
        for ring, n in zip(first_rings, n_rings.tolist(), strict=True)
    ]
    ends = polygons.mask_offsets.tolist()
    return [parts[start:stop] for start, stop in pairwise(ends)]


def _parse(
    function: str,
    segmentations: Iterable[object],
    kind: type[ValueError],
    backend: BackendName | None,
) -> Segmentations:
    if isinstance(segmentations, (dict, str, bytes, bytearray, msgspec.Raw)):
        raise TypeError(
            f"{function}: segmentations must be a list, one segmentation a mask, got "
            f"{type(segmentations).__name__}. Put a single one into a list."
        )
    given = list(segmentations)
    # Objects become text too: there is one grammar, one set of messages and one checked path.
    texts, unwritable = _as_texts(given)
    try:
        parsed = backend_for(backend).parse_segmentations(texts)
    except StructureError as error:
        got = error.got
        if got.startswith("null") and not isinstance(given[error.record], msgspec.Raw):
            # JSON has no nan and no infinity: the encoder wrote null for it.
            got = _first_gap(given[error.record]) + got.removeprefix("null")
        raise kind(
            f"{function}: segmentation {error.record} must {error.requirement}, got {got}. "
            "Repair or drop it."
        ) from None
    if unwritable:
        raise kind(
            f"{function}: segmentation {len(texts)} must consist of lists, numbers and strings, "
            f"got {unwritable}. Pass what a COCO file holds."
        )
    return parsed


def _as_texts(given: list[object]) -> tuple[list[Any], str]:
    """Write objects as JSON text; where one cannot be, end there and say what it is."""
    if set(map(type, given)) == {msgspec.Raw}:  # what a file gives: nothing to write
        return given, ""
    encoder = msgspec.json.Encoder(enc_hook=_plain)
    texts: list[Any] = []
    for segmentation in given:
        try:
            raw = isinstance(segmentation, msgspec.Raw)
            texts.append(segmentation if raw else encoder.encode(_with_text(segmentation)))
        except (TypeError, ValueError, RecursionError) as error:
            return texts, f"{type(segmentation).__name__}: {error}"
    return texts, ""


def _with_text(segmentation: object) -> object:
    """Decode the counts of pycocotools, which are bytes."""
    if isinstance(segmentation, dict):
        counts = segmentation.get("counts")
        if isinstance(counts, (bytes, bytearray)):
            return {**segmentation, "counts": counts.decode("latin-1")}
    return segmentation


def _plain(value: Any) -> object:
    """Give lists for the arrays of any library, numbers for their scalars."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it holds a value of type {type(value).__name__}")


def _first_gap(value: object) -> str:
    """Name the first value that JSON writes as null."""
    values = [value]
    while values:
        value = values.pop()
        if hasattr(value, "tolist"):
            value = value.tolist()
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return "None" if value is None else f"{value}"
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            values.extend(reversed(value))
    return "null"


def _resolve_sizes(function: str, parsed: Segmentations, sizes: object | None) -> Array:
    """Size of each mask, int32 (N, 2): the one given, which must agree with a record's own."""
    runs = parsed.kinds != POLYGONS
    if sizes is None:
        if not runs.all():
            raise ValueError(
                f"{function}: sizes must be given for polygons, got none for segmentation "
                f"{np.argmin(runs)}. Pass (height, width), or one pair a mask."
            )
        return ragged.as_sizes(function, parsed.sizes, len(runs), InvalidMaskError)
    known = ragged.as_sizes(function, sizes, len(runs), InvalidMaskError)
    differs = runs & (known != parsed.sizes).any(axis=1)
    if differs.any():
        i = int(np.argmax(differs))
        raise InvalidMaskError(
            f"{function}: segmentation {i} must have the size that sizes gives, "
            f"{tuple(known[i].tolist())}, got {tuple(parsed.sizes[i].tolist())}. Sizes are "
            "(height, width); repair the record, or drop it."
        )
    return known


def _polygons(parsed: Segmentations, sizes: Array) -> Polygons:
    return Polygons.from_trusted(
        parsed.coords,
        parsed.ring_offsets,
        np.arange(len(parsed.ring_offsets), dtype=np.int64),  # one part a ring
        parsed.mask_offsets,
        sizes,
    )


def interleave(batches: dict[int, Masks], kinds: Array, sizes: Array) -> Masks:
    """Put the masks of each kind back into the order of the records.

    ``kinds[i]`` says in which batch mask i is, and ``sizes[i]`` its size; batches keep the order.
    """
    if not batches:
        return Masks.empty()
    if len(batches) == 1:
        return next(iter(batches.values()))
    lengths = np.zeros(len(kinds), np.int64)
    for kind, batch in batches.items():
        lengths[kinds == kind] = np.diff(batch.offsets)
    # Records of a kind come in stretches; each stretch is one slice of its batch.
    starts = np.flatnonzero(np.diff(kinds.astype(np.int64), prepend=-1))
    stops = np.append(starts[1:], len(kinds))
    taken = dict.fromkeys(batches, 0)
    pieces = [np.zeros(0, np.uint32)]
    for kind, n in zip(kinds[starts].tolist(), (stops - starts).tolist(), strict=True):
        batch, row = batches[kind], taken[kind]
        pieces.append(batch.bounds[batch.offsets[row] : batch.offsets[row + n]])
        taken[kind] = row + n
    return Masks.from_trusted(np.concatenate(pieces), ragged.offsets_from_lengths(lengths), sizes)
