"""Columns between host and device, and their bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from maskmill import Masks, PairMatrices, Polygons


def to_device(value: Any) -> Any:
    """Copy arrays, masks or polygons to the current device, as torch tensors."""
    if isinstance(value, Masks):
        return Masks.from_trusted(*map(to_device, (value.bounds, value.offsets, value.sizes)))
    if isinstance(value, Polygons):
        return Polygons.from_trusted(
            to_device(value.coords),
            to_device(value.ring_offsets),
            to_device(value.part_offsets),
            to_device(value.mask_offsets),
            to_device(value.sizes),
        )
    if isinstance(value, tuple):
        return tuple(map(to_device, value))
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value)).cuda()
    return value


def to_host(value: Any) -> Any:
    """Copy results back, as NumPy arrays."""
    if isinstance(value, Masks):
        return Masks.from_trusted(*map(to_host, (value.bounds, value.offsets, value.sizes)))
    if isinstance(value, PairMatrices):
        return to_host(value.values)
    if isinstance(value, (tuple, list)):
        return type(value)(map(to_host, value))
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else value


def content(value: Any) -> list[bytes]:
    """All bytes of a result on the host."""
    if isinstance(value, Masks):
        return [column.tobytes() for column in (value.bounds, value.offsets, value.sizes)]
    if isinstance(value, PairMatrices):
        return content(value.values)
    if isinstance(value, (tuple, list)):
        return [piece for part in value for piece in content(part)]
    return [value if isinstance(value, bytes) else np.asarray(value).tobytes()]
