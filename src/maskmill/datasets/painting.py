"""Instances onto label maps: which are drawn, in which order, and what they hide of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from maskmill import ragged
from maskmill.datasets.dataset import Id, Shard
from maskmill.datasets.format import Options
from maskmill.datasets.losses import note_shapes
from maskmill.datasets.png import MAX_PIXELS
from maskmill.datasets.report import (
    BOX_ONLY,
    CROWD_DRAWN,
    CROWD_LEFT_OUT,
    CROWD_VOID,
    HIDDEN,
    OVERLAP,
    Losses,
)
from maskmill.datasets.shapes import NO_SHAPE
from maskmill.errors import FormatError
from maskmill.groups import group
from maskmill.masks import Masks
from maskmill.ops.check import check_choice
from maskmill.ops.combine import merge
from maskmill.ops.label_map import PaintOrder, from_label_map, label_map
from maskmill.ops.measure import area, bbox

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = [
    "CrowdPolicy",
    "PaintOptions",
    "Painting",
    "Visible",
    "measure_labels",
    "prepare",
]

CrowdPolicy: TypeAlias = Literal["draw", "void", "skip"]


@dataclass(frozen=True, kw_only=True)
class PaintOptions(Options):
    """How instances are painted over one another."""

    order: PaintOrder = "area"
    """Large ones first, so that small ones stay visible; ``"input"`` as the file has them;
    ``"score"`` low scores first."""
    crowd: CrowdPolicy = "draw"
    """Crowd regions lie below all other instances: drawn, drawn as void, or left out."""

    def __post_init__(self) -> None:
        check_choice("convert", "order", self.order, get_args(PaintOrder))
        check_choice("convert", "crowd", self.crowd, get_args(CrowdPolicy))


class Painting(NamedTuple):
    """The instances of a shard that are drawn, K of them."""

    rows: Array  # int64 [K]: which instances of the shard
    ids: list[Id]
    groups: Array  # int64 [G+1]: image g owns them from groups[g] to groups[g+1]
    masks: Masks
    areas: Array  # int64 [K]
    void: Array  # bool [K]: drawn as void
    rank: Array  # float64 [K]: lower ones are painted first
    sizes: Array  # int32 [G, 2]

    def paint(self, labels: Array, background: int, dtype: npt.DTypeLike) -> list[Array]:
        """Label map of each image."""
        maps = label_map(
            self.masks, labels, order="score", scores=self.rank, groups=self.groups,
            sizes=self.sizes, background=background, dtype=dtype,
        )  # fmt: skip
        return list(maps)

    def note_overlap(
        self, labels: Array, covered: Array, image_ids: list[Id], losses: Losses
    ) -> None:
        """Note pixels that went to one label where several claim them.

        ``covered`` (G,) are the pixels of each image that any label got.
        """
        claimed = np.diff(np.concatenate([[0], np.cumsum(self.areas)])[self.groups])
        image = np.repeat(np.arange(len(covered)), np.diff(self.groups))
        doubtful = np.flatnonzero((claimed != covered)[image])
        if not len(doubtful):
            return
        # Masks of one label may share pixels and nothing is lost: count the union of each label.
        _, number = np.unique(labels[doubtful], return_inverse=True)
        order, groups, keys = group(image[doubtful] * len(doubtful) + number)
        united = area(merge(self.masks[doubtful[order]], groups))
        lost = np.bincount(keys // len(doubtful), united, len(covered)).astype(np.int64)
        lost[lost > 0] -= covered[lost > 0]
        losses.add(OVERLAP, [image_ids[g] for g in np.flatnonzero(lost).tolist()], int(lost.sum()))

    def note_hidden(self, visible: Array, losses: Losses) -> None:
        """Note instances of which no pixel is left; ``visible`` (K,) are those that are."""
        hidden = np.flatnonzero((visible == 0) & (self.areas > 0))
        losses.add(HIDDEN, [self.ids[k] for k in hidden.tolist()])


class Visible(NamedTuple):
    """What one label of a map still shows."""

    area: int
    bbox_xywh: list[int]


def measure_labels(picture: Array, ignore: tuple[int, ...]) -> dict[int, Visible]:
    """Pixels and box of every label of a map."""
    masks, labels, _ = from_label_map(picture, ignore=ignore)
    columns = zip(labels.tolist(), area(masks).tolist(), bbox(masks).tolist(), strict=True)
    return {label: Visible(pixels, box) for label, pixels, box in columns}


def prepare(
    shard: Shard, options: PaintOptions, losses: Losses, *, void_is_background: bool = False
) -> Painting:
    """Choose what is drawn, and note what is not.

    Where void and background are one value, crowd regions as void are not drawn: they lie below
    everything else, so the map is the same.
    """
    _check_pixels(shard)
    instances = shard.instances
    masks = shard.masks(options.rule)
    areas = note_shapes(shard, masks, losses)
    for extra in instances.extra:
        losses.drop_fields(extra)
    shaped = instances.shapes.kinds != NO_SHAPE
    crowd = instances.crowd & shaped
    kind = {"draw": CROWD_DRAWN, "void": CROWD_VOID, "skip": CROWD_LEFT_OUT}[options.crowd]
    for noted, chosen in ((BOX_ONLY, ~shaped), (kind, crowd)):
        losses.add(noted, [instances.ids[k] for k in np.flatnonzero(chosen).tolist()])
    as_void = options.crowd == "void" and not void_is_background
    drawn = shaped if options.crowd == "draw" or as_void else shaped & ~crowd
    rows = np.flatnonzero(drawn)
    image = instances.images()[rows]
    everything = len(rows) == len(instances)
    return Painting(
        rows=rows,
        ids=[instances.ids[k] for k in rows.tolist()],
        groups=ragged.offsets_from_lengths(np.bincount(image, minlength=len(shard.images))),
        masks=masks if everything else masks[rows],
        areas=areas[rows],
        void=crowd[rows] & as_void,
        rank=_rank(shard, rows, areas[rows], crowd[rows], options.order),
        sizes=shard.images.sizes,
    )


def _check_pixels(shard: Shard) -> None:
    n_pixels = shard.images.sizes.astype(np.int64).prod(axis=1)
    large = np.flatnonzero(n_pixels > MAX_PIXELS)
    if len(large):
        g = int(large[0])
        height, width = shard.images.sizes[g].tolist()
        raise FormatError(
            f"must have at most 2**30 pixels to be painted, got {height}x{width}. Cut the image.",
            place=shard.images.places[g],
            record=shard.images.ids[g],
        )


def _rank(shard: Shard, rows: Array, areas: Array, crowd: Array, order: PaintOrder) -> Array:
    if order == "area":
        key = -areas.astype(np.float64)
    elif order == "input":
        key = np.arange(len(rows), dtype=np.float64)
    else:
        scores = [shard.instances.scores[k] for k in rows.tolist()]
        if None in scores:
            record = shard.instances.ids[rows[scores.index(None)]]
            raise FormatError(
                "must have a score to be painted in the order of scores, got none. "
                "Choose the order area or input.",
                record=record,
            )
        key = np.array(scores, np.float64)
    rank = np.empty(len(rows))
    rank[np.lexsort((key, ~crowd))] = np.arange(len(rows))
    return rank
