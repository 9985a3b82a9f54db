"""Shards from single records, for formats that have them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from maskmill import ragged
from maskmill.datasets.dataset import Extra, Id, Images, Instances, Shard
from maskmill.datasets.report import Skipped
from maskmill.datasets.shapes import NO_SHAPE, POLYGONS, RUN_LENGTHS, Shapes
from maskmill.errors import FormatError
from maskmill.masks import Masks
from maskmill.polygons import Polygons
from maskmill.structure import MAX_COORDINATE

if TYPE_CHECKING:
    from maskmill.backend.arrays import Array

__all__ = ["Parts", "ShardBuilder", "as_ring"]

Parts: TypeAlias = Sequence[Sequence["Array"]]
"""Parts of one instance: each a list of rings float64 (V, 2), the outline and then its holes."""


class ShardBuilder:
    """Collects images and their instances, and makes a shard of them.

    Parameters
    ----------
    numbered : bool
        Whether instances have ids of their own, see `Instances.numbered`.

    Examples
    --------
    >>> builder = ShardBuilder(numbered=False)
    >>> builder.add_image(1, "a.jpg", (10, 20))
    >>> builder.add_instance(0, [[as_ring([2, 2, 8, 2, 8, 8, 2, 8])]])
    >>> builder.add_instance(0, box=[1, 2, 3, 4], crowd=True)
    >>> shard = builder.build()
    >>> shard.instances.ids, shard.instances.boxes
    (['a.jpg:1', 'a.jpg:2'], [None, [1, 2, 3, 4]])
    """

    def __init__(self, *, numbered: bool = True) -> None:
        self._numbered = numbered
        self._image_ids: list[Id] = []
        self._names: list[str] = []
        self._sizes: list[tuple[int, int]] = []
        self._places: list[str] = []
        self._image_extra: list[Extra] = []
        self._counts: list[int] = []
        self._ids: list[Id] = []
        self._categories: list[int] = []
        self._crowd: list[bool] = []
        self._areas: list[float | None] = []
        self._boxes: list[list[float] | None] = []
        self._scores: list[float | None] = []
        self._extra: list[Extra] = []
        self._kinds: list[int] = []
        self._parts: list[Parts] = []
        self._masks: list[Masks] = []
        self._polygonal: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """Count the images."""
        return len(self._image_ids)

    def add_image(
        self,
        number: Id,
        file_name: str,
        size: tuple[int, int],
        place: str = "",
        extra: Extra | None = None,
    ) -> None:
        """Add an image of ``size`` (height, width); ``place`` is where the source has it."""
        self._image_ids.append(number)
        self._names.append(file_name)
        self._sizes.append(size)
        self._places.append(place)
        self._image_extra.append({} if extra is None else extra)
        self._counts.append(0)

    def add_instance(
        self,
        category: int,
        shape: Parts | Masks | None = None,
        *,
        number: Id | None = None,
        crowd: bool = False,
        area: float | None = None,
        box: list[float] | None = None,
        score: float | None = None,
        extra: Extra | None = None,
    ) -> None:
        """Add an instance to the image that was added last.

        Parameters
        ----------
        category : int
            Row of the header's categories.
        shape : Parts, Masks of one mask, or None
            No parts are no shape.
        number : int or str, optional
            Its id; by default it is named after its image.
        crowd, area, box, score, extra
            See `Instances`.
        """
        self._counts[-1] += 1
        self._ids.append(f"{self._names[-1]}:{self._counts[-1]}" if number is None else number)
        self._categories.append(category)
        self._crowd.append(crowd)
        self._areas.append(area)
        self._boxes.append(box)
        self._scores.append(score)
        self._extra.append({} if extra is None else extra)
        if isinstance(shape, Masks):
            self._kinds.append(RUN_LENGTHS)
            self._masks.append(shape)
        elif shape:
            self._kinds.append(POLYGONS)
            self._parts.append(shape)
            self._polygonal.append(self._sizes[-1])
        else:
            self._kinds.append(NO_SHAPE)

    def build(self, skipped: Sequence[Skipped] = ()) -> Shard:
        """Make the shard; ``skipped`` are the records that were left out."""
        images = Images(
            self._image_ids,
            self._names,
            np.array(self._sizes, np.int32).reshape(-1, 2),
            self._places,
            self._image_extra,
        )
        instances = Instances(
            ragged.offsets_from_lengths(np.array(self._counts, np.int64)),
            self._ids,
            np.array(self._categories, np.int64),
            np.array(self._crowd, bool),
            self._areas,
            self._boxes,
            self._scores,
            Shapes(
                np.array(self._kinds, np.uint8), self._polygons(), Masks.concatenate(self._masks)
            ),
            self._extra,
            self._numbered,
        )
        return Shard(images, instances, list(skipped))

    def _polygons(self) -> Polygons:
        if not self._parts:
            return Polygons.empty()
        parts = [part for shape in self._parts for part in shape]
        rings = [ring for part in parts for ring in part]
        return Polygons(
            np.ascontiguousarray(np.concatenate(rings), np.float64),
            _offsets(rings),
            _offsets(parts),
            _offsets(self._parts),
            np.array(self._polygonal, np.int32),
        )


def _offsets(rows: Sequence[Sequence[object]] | Sequence[Array]) -> Array:
    return ragged.offsets_from_lengths(np.array([len(row) for row in rows], np.int64))


def as_ring(values: object) -> Array:
    """Bring ``x, y, x, y, ...`` or pairs ``(x, y)`` to float64 (V, 2), checked.

    Raises
    ------
    FormatError
        If they are no numbers, not finite or no pairs; it names no file yet.

    Examples
    --------
    >>> as_ring([0, 0, 4, 0, 0, 4]).shape
    (3, 2)
    """
    try:
        ring = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise FormatError("must be coordinates x, y, ..., got what are no numbers.") from None
    if ring.ndim not in (1, 2) or ring.size % 2 or (ring.ndim == 2 and ring.shape[1] != 2):
        raise FormatError(f"must be pairs of x and y, got shape {ring.shape}.")
    if not (np.abs(ring) <= MAX_COORDINATE).all():
        raise FormatError("must be finite coordinates within 2**22 pixels, got one beyond.")
    return ring.reshape(-1, 2)
