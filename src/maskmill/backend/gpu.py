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
from maskmill.backend.contract import BackendName, Segmentations
from maskmill.backend.native import Native
from maskmill.masks import Masks

DeviceArray: TypeAlias = Any
"""An object with ``__cuda_array_interface__``."""


class Call(Protocol):
    """One call on one device and stream: whose memory it takes, what arrays it gives."""

    @property
    def device(self) -> Any:
        """The ``Device`` of the extension."""

    def read(self, array: Array) -> DeviceArray:
        """A contiguous column of the caller as the kernels see it."""

    def write(self, array: Array) -> DeviceArray:
        """An array of the caller that the kernels write to, any strides."""

    def give(self, memory: DeviceArray, dtype: npt.DTypeLike, *shape: int) -> Array:
        """Memory of the caller's library as an array."""


OpenCall: TypeAlias = Callable[..., AbstractContextManager[Call]]
"""Opens a call on the device of the arrays that it is given."""


class Gpu:
    """The kernels, on a device or on its stand-in."""

    def __init__(self, name: BackendName, ops: Any, open_call: OpenCall) -> None:
        self.name = name
        self._ops = ops
        self._open = open_call

    def area(self, masks: Masks) -> Array:
        with self._open(masks.bounds) as call:
            out = self._ops.area(call.device, call.read(masks.bounds), call.read(masks.offsets))
            return call.give(out, np.int64, len(masks))

    def bbox(self, masks: Masks) -> Array:
        with self._open(masks.bounds) as call:
            out = self._ops.bbox(call.device, *_columns(call, masks))
            return call.give(out, np.int64, len(masks), 4)

    def parse_segmentations(self, texts: Sequence[bytes | memoryview]) -> Segmentations:
        return Native().parse_segmentations(texts)  # text lies on the host


def _columns(call: Call, masks: Masks) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    return call.read(masks.bounds), call.read(masks.offsets), call.read(masks.sizes)
