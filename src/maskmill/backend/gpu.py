"""Binds the GPU drivers to the contract: device columns in, device columns out, no logic.

The same drivers and kernels run on a GPU and, in the tests, on a host executor. What differs is
where memory comes from and which arrays the caller sees: a `Call` knows that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from maskmill.backend.arrays import Array
from maskmill.backend.contract import BackendName, RasterRule, Segmentations, SetOp
from maskmill.backend.native import Native
from maskmill.backend.program import strings
from maskmill.errors import BackendUnavailableError, StructureError
from maskmill.masks import Masks
from maskmill.polygons import Polygons

DeviceArray: TypeAlias = Any
"""An object with ``__cuda_array_interface__``."""


class Call(Protocol):
    """One call on one device and stream: whose memory it takes, what arrays it gives."""

    @property
    def device(self) -> Any:
        """The ``Device`` of the extension."""

    def read(self, array: Array) -> DeviceArray:
        """An array of the caller as the kernels see it, any strides."""

    def write(self, array: Array) -> DeviceArray:
        """An array of the caller that the kernels write to, any strides."""

    def give(self, memory: DeviceArray, dtype: npt.DTypeLike, *shape: int) -> Array:
        """Memory of the caller's library as an array."""

    def copy_to_host(self, array: Array) -> npt.NDArray[Any]:
        """A copy that NumPy can read."""


OpenCall: TypeAlias = Callable[..., AbstractContextManager[Call]]
"""Opens a call on the device of the arrays that it is given."""


class Gpu:
    """The kernels, on a device or on its stand-in."""

    def __init__(self, name: BackendName, ops: Any, open_call: OpenCall) -> None:
        self.name = name
        self._ops = ops
        self._open = open_call

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):  # asked for by copy and pickle
            raise AttributeError(operation)
        raise BackendUnavailableError(
            f"{operation}: backend must have a kernel for it, got {self.name!r}, which has none. "
            "Copy the masks to the CPU, where every operation runs."
        )

    def rasterize(self, polygons: Polygons, rule: RasterRule) -> Masks:
        with self._open(polygons.coords) as call:
            out = self._ops.rasterize(
                call.device,
                call.read(polygons.coords),
                call.read(polygons.ring_offsets),
                call.read(polygons.part_offsets),
                call.read(polygons.mask_offsets),
                call.read(polygons.sizes),
                rule,
            )
            return _give_masks(call, out, polygons.sizes)

    def encode(self, dense: Array) -> Masks:
        with self._open(dense) as call:
            bounds, n_bounds, offsets, sizes = self._ops.encode(call.device, call.read(dense))
            return Masks.from_trusted(
                call.give(bounds, np.uint32, n_bounds),
                call.give(offsets, np.int64, len(dense) + 1),
                call.give(sizes, np.int32, len(dense), 2),
            )

    def decode(self, masks: Masks, out: Array) -> None:
        with self._open(masks.bounds, out) as call:
            columns = call.read(masks.bounds), call.read(masks.offsets)
            self._ops.decode(call.device, *columns, call.write(out))

    def area(self, masks: Masks) -> Array:
        with self._open(masks.bounds) as call:
            out = self._ops.area(call.device, call.read(masks.bounds), call.read(masks.offsets))
            return call.give(out, np.int64, len(masks))

    def bbox(self, masks: Masks) -> Array:
        with self._open(masks.bounds) as call:
            out = self._ops.bbox(call.device, *_columns(call, masks))
            return call.give(out, np.int64, len(masks), 4)

    def combine(self, a: Masks, b: Masks, op: SetOp) -> Masks:
        sizes = a.sizes if len(b) == 1 else b.sizes
        with self._open(a.bounds) as call:
            out = self._ops.combine(call.device, *_lists(call, a), *_lists(call, b), op)
            return _give_masks(call, out, sizes)

    def complement(self, masks: Masks) -> Masks:
        with self._open(masks.bounds) as call:
            out = self._ops.complement(call.device, *_columns(call, masks))
            return _give_masks(call, out, masks.sizes)

    def merge(self, masks: Masks, groups: Array, op: SetOp, sizes: Array) -> Masks:
        with self._open(masks.bounds) as call:
            out = self._ops.merge(
                call.device, *_lists(call, masks), call.read(groups), op, call.read(sizes)
            )
            return _give_masks(call, out, sizes)

    def intersection_area(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return self._measure_pairs("intersection_area", np.int64, a, b, groups_a, groups_b)

    def iou(
        self, a: Masks, b: Masks, groups_a: Array, groups_b: Array, crowd: Array | None
    ) -> Array:
        return self._measure_pairs("iou", np.float64, a, b, groups_a, groups_b, crowd)

    def dice(self, a: Masks, b: Masks, groups_a: Array, groups_b: Array) -> Array:
        return self._measure_pairs("dice", np.float64, a, b, groups_a, groups_b)

    def _measure_pairs(
        self,
        measure: str,
        dtype: npt.DTypeLike,
        a: Masks,
        b: Masks,
        groups_a: Array,
        groups_b: Array,
        crowd: Array | None = None,
    ) -> Array:
        with self._open(a.bounds) as call:
            out, n_pairs = self._ops.measure_pairs(
                call.device,
                *_columns(call, a),
                *_columns(call, b),
                call.read(groups_a),
                call.read(groups_b),
                measure,
                None if crowd is None else call.read(crowd),
            )
            return call.give(out, dtype, n_pairs)

    def label_map(
        self,
        masks: Masks,
        labels: Array,
        order: Array,
        groups: Array,
        sizes: Array,
        background: int,
        out: Array,
    ) -> None:
        with self._open(masks.bounds, out) as call:
            columns = (masks.bounds, masks.offsets, labels, order, groups, sizes)
            self._ops.label_map(
                call.device, *(call.read(column) for column in columns), background, call.write(out)
            )

    def from_label_map(self, maps: Array, ignore: Array) -> tuple[Masks, Array, Array]:
        with self._open(maps) as call:
            bounds, n_bounds, offsets, sizes, labels, n_masks, groups = self._ops.from_label_map(
                call.device, call.read(maps), call.read(ignore)
            )
            masks = Masks.from_trusted(
                call.give(bounds, np.uint32, n_bounds),
                call.give(offsets, np.int64, n_masks + 1),
                call.give(sizes, np.int32, n_masks, 2),
            )
            return (
                masks,
                call.give(labels, np.int64, n_masks),
                call.give(groups, np.int64, len(maps) + 1),
            )

    def to_counts(self, masks: Masks) -> tuple[Array, Array]:
        with self._open(masks.bounds) as call:
            out = self._ops.to_counts(call.device, *_columns(call, masks))
            return _give_ragged(call, out, np.uint32, len(masks))

    def to_coco_strings(self, masks: Masks) -> tuple[Array, Array]:
        with self._open(masks.bounds) as call:
            out = self._ops.to_coco_strings(call.device, *_columns(call, masks))
            return _give_ragged(call, out, np.uint8, len(masks))

    def from_counts(self, counts: Array, offsets: Array, sizes: Array) -> Masks:
        return self._from_records("from_counts", counts, offsets, sizes)

    def from_coco_strings(self, chars: Array, offsets: Array, sizes: Array) -> Masks:
        return self._from_records("from_coco_strings", chars, offsets, sizes)

    def _from_records(self, function: str, values: Array, offsets: Array, sizes: Array) -> Masks:
        with self._open(values) as call:
            columns = [call.read(column) for column in (values, offsets, sizes)]
            out = getattr(self._ops, function)(call.device, *columns)
            if not isinstance(out, int):
                return Masks.from_trusted(*_give_ragged(call, out, np.uint32, len(sizes)), sizes)
            # The kernels know which record is the first bad one, the array program what it breaks.
            first, stop = call.copy_to_host(offsets[out : out + 2]).tolist()
            record = call.copy_to_host(values[first:stop])
            size = call.copy_to_host(sizes[out : out + 1])
        try:
            getattr(strings, function)(record, np.array([0, stop - first]), size)
        except StructureError as error:
            raise StructureError(out, error.requirement, error.got) from None
        raise AssertionError(f"{function}: record {out} is bad only for the kernels")

    def parse_segmentations(self, texts: Sequence[bytes | memoryview]) -> Segmentations:
        return Native().parse_segmentations(texts)  # text lies on the host


def _lists(call: Call, masks: Masks) -> tuple[DeviceArray, DeviceArray]:
    return call.read(masks.bounds), call.read(masks.offsets)


def _give_ragged(
    call: Call, out: tuple[DeviceArray, int, DeviceArray], dtype: npt.DTypeLike, n_rows: int
) -> tuple[Array, Array]:
    values, n_values, offsets = out
    return call.give(values, dtype, n_values), call.give(offsets, np.int64, n_rows + 1)


def _columns(call: Call, masks: Masks) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    return call.read(masks.bounds), call.read(masks.offsets), call.read(masks.sizes)


def _give_masks(call: Call, out: tuple[DeviceArray, int, DeviceArray], sizes: Array) -> Masks:
    return Masks.from_trusted(*_give_ragged(call, out, np.uint32, len(sizes)), sizes)
