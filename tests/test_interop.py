"""Arrays of other libraries: torch's CPU tensors for real, devices by stand-ins."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import maskmill
from maskmill import Masks, Polygons
from maskmill.backend import arrays, dispatch

DENSE = np.array([[[1, 1, 0], [0, 1, 0]], [[0, 0, 0], [1, 1, 1]]], np.uint8)
OFFSETS = np.array([0, 3])


class OnDevice:
    """An array on a CUDA device as CuPy shows it."""

    def __init__(self, values: np.ndarray[Any, Any], ordinal: int = 0) -> None:
        self.values = values
        self.device = SimpleNamespace(id=ordinal)
        self.dtype = values.dtype
        self.shape = values.shape
        self.ndim = values.ndim
        self.strides = values.strides

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, *_: object) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __getitem__(self, index: Any) -> OnDevice:
        if isinstance(index, OnDevice):
            index = index.values
        return OnDevice(self.values[index], self.device.id)

    def __sub__(self, other: OnDevice) -> OnDevice:
        return OnDevice(self.values - other.values)

    def __add__(self, other: Any) -> OnDevice:
        return OnDevice(self.values + getattr(other, "values", other))

    def __int__(self) -> int:
        return int(self.values)

    def get(self) -> np.ndarray[Any, Any]:
        return self.values.copy()


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in for CuPy, over the memory of the host."""

    def over(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            def enter(value: Any) -> Any:
                if isinstance(value, list):
                    return [enter(item) for item in value]
                assert not isinstance(value, np.ndarray), "CuPy takes no array of NumPy"
                return value.values if isinstance(value, OnDevice) else value

            result = function(*map(enter, args), **{k: enter(v) for k, v in kwargs.items()})
            return OnDevice(np.asarray(result))

        return call

    class Device:
        def __init__(self, _ordinal: int) -> None: ...

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    module: Any = ModuleType("cupy")
    module.ndarray = OnDevice
    module.asarray = OnDevice
    module.cuda = SimpleNamespace(Device=Device)
    for name in ("arange", "concatenate", "cumsum", "diff", "repeat", "zeros"):
        setattr(module, name, over(getattr(np, name)))
    module.array_equal = lambda a, b: np.array_equal(a.values, b.values)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def on_device(masks: Masks, ordinal: int = 0) -> Masks:
    columns = (masks.bounds, masks.offsets, masks.sizes)
    wrapped: list[Any] = [OnDevice(column, ordinal) for column in columns]
    return Masks(*wrapped)


def test_a_batch_on_a_device_is_checked_and_keeps_its_columns(cupy: Any) -> None:
    masks = on_device(maskmill.encode(DENSE))
    columns: list[object] = [masks.bounds, masks.offsets, masks.sizes]
    assert all(isinstance(column, OnDevice) for column in columns)
    assert len(masks) == 2
    with pytest.raises(maskmill.InvalidMaskError, match="bounds of mask 0 must increase"):
        on_device(Masks.from_trusted(np.array([3, 1], np.uint32), np.array([0, 2]), DENSE_SIZE))


DENSE_SIZE = np.array([[2, 3]], np.int32)


def test_a_batch_on_a_device_is_sliced_joined_and_compared_there(cupy: Any) -> None:
    masks = maskmill.encode(DENSE)
    device = on_device(masks)
    for index in (0, slice(1, 2), [1, 0, 1], np.array([True, False])):
        found = device[index]
        assert arrays.library_of(found.bounds) == "cupy"
        assert arrays.on_host(found) == masks[index]
    joined = Masks.concatenate([device, device[:1]])
    assert arrays.on_host(joined) == Masks.concatenate([masks, masks[:1]])
    assert device == on_device(masks)
    assert device != device[::-1]


def test_columns_in_two_places_are_refused(cupy: Any) -> None:
    masks = maskmill.encode(DENSE)
    mixed: Any = (OnDevice(masks.bounds), masks.offsets, masks.sizes)
    with pytest.raises(TypeError, match=r"got cupy on cuda:0 and numpy on the CPU\. Move"):
        Masks(*mixed)
    with pytest.raises(TypeError, match=r"got cupy on cuda:0 and cupy on cuda:1"):
        maskmill.union(on_device(masks), on_device(masks, 1))


def test_arrays_on_a_device_go_to_a_backend_there(
    cupy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_reason", lambda name: None if name == "cupy" else "no kernels")
    monkeypatch.setattr(dispatch, "_load", lambda name: name)
    device: Any = OnDevice(np.zeros(3))
    assert str(dispatch.backend_for(None, device)) == "cupy"
    monkeypatch.setattr(dispatch, "_reason", lambda name: None)
    assert str(dispatch.backend_for(None, device)) == "cuda"
    assert str(dispatch.backend_for(None, np.zeros(3))) == "cpu"
    assert str(dispatch.backend_for("cuda", np.zeros(3))) == "cuda"
    with pytest.raises(TypeError, match="backend 'cpu' must get arrays on the CPU, got cupy on"):
        dispatch.backend_for("cpu", device)


def test_a_backend_without_a_device_says_why() -> None:
    states = maskmill.backends()
    assert list(states) == ["numpy", "cpu", "cuda", "cupy"]
    for name in ("cuda", "cupy"):
        if states[name] != "available":
            with pytest.raises(maskmill.BackendUnavailableError) as caught:
                maskmill.area(maskmill.encode(DENSE), backend=name)
            assert states[name] in str(caught.value)


def test_a_foreign_array_on_a_device_without_a_library_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Foreign:
        def __dlpack_device__(self) -> tuple[int, int]:
            return 2, 0

    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TypeError, match=r"got Foreign on a CUDA device\. Install CuPy"):
        maskmill.encode(Foreign())


def test_a_foreign_array_on_a_device_comes_in_through_dlpack(cupy: Any) -> None:
    class Foreign:
        def __dlpack_device__(self) -> tuple[int, int]:
            return 2, 0

        def __dlpack__(self) -> None: ...

    cupy.from_dlpack = lambda value: OnDevice(np.zeros(2))
    assert isinstance(arrays.adopt("encode", "dense", Foreign()), OnDevice)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch", reason="torch is not installed")


def as_tensors(torch: Any, batch: Any) -> Any:
    columns = {name: torch.from_numpy(getattr(batch, name)) for name in batch.__slots__}
    return type(batch)(**columns)


def test_tensors_in_tensors_out(torch: Any) -> None:
    masks = maskmill.encode(DENSE)
    tensors = maskmill.encode(torch.from_numpy(DENSE))
    assert all(isinstance(getattr(tensors, name), torch.Tensor) for name in Masks.__slots__)
    assert arrays.on_host(tensors) == masks
    for function in (maskmill.area, maskmill.bbox, maskmill.decode):
        found: Any = function(tensors)
        assert isinstance(found, torch.Tensor)
        assert np.array_equal(found.numpy(), function(masks))
    assert maskmill.iou(tensors, tensors).dtype == torch.float64
    pairs = maskmill.iou(tensors, tensors, groups_a=[0, 2], groups_b=[0, 2])
    assert isinstance(pairs[0], torch.Tensor)
    united = maskmill.merge(tensors)
    assert isinstance(united.bounds, torch.Tensor)
    assert arrays.on_host(united) == maskmill.merge(masks)
    assert maskmill.to_coco_strings(tensors) == maskmill.to_coco_strings(masks)
    assert maskmill.to_counts(tensors)[1].tolist() == maskmill.to_counts(masks)[1].tolist()
    assert tensors.to_coco() == masks.to_coco()
    painted = maskmill.label_map(tensors, torch.tensor([3, 4]))
    assert painted.tolist() == maskmill.label_map(masks, [3, 4]).tolist()  # type: ignore[union-attr]
    found = maskmill.from_label_map(painted)
    assert isinstance(found.labels, torch.Tensor)
    assert found.labels.tolist() == [3, 4]
    assert repr(tensors) == repr(masks)


def test_out_is_written_in_place_and_given_back(torch: Any) -> None:
    out: Any = torch.ones((2, 2, 3), dtype=torch.bool)
    given: Any = maskmill.decode(maskmill.encode(torch.from_numpy(DENSE)), out=out)
    assert given is out
    assert np.array_equal(arrays.host(out), DENSE != 0)


def test_batches_of_tensors_share_memory(torch: Any) -> None:
    masks = maskmill.encode(DENSE)
    tensors = as_tensors(torch, masks)
    assert tensors.bounds.data_ptr() == masks.bounds.ctypes.data
    part = tensors[1:]
    assert part.bounds.data_ptr() == masks[1:].bounds.ctypes.data
    assert arrays.on_host(tensors[torch.tensor([1, 0])]) == masks[[1, 0]]
    assert Masks.concatenate([part, part]) == tensors[[1, 1]]
    assert len(tensors) == 2
    assert tensors.nbytes == masks.nbytes
    assert isinstance(masks[torch.tensor([1])].bounds, np.ndarray)


def test_polygons_of_tensors(torch: Any) -> None:
    polygons = Polygons.from_coco([[[0, 0, 2, 0, 2, 2]], [[1, 1, 3, 1, 3, 3]]], (4, 4))
    tensors = as_tensors(torch, polygons)
    drawn = maskmill.rasterize(tensors)
    assert isinstance(drawn.bounds, torch.Tensor)
    assert arrays.on_host(drawn) == maskmill.rasterize(polygons)
    assert arrays.on_host(tensors[1]) == polygons[1]
    assert tensors.to_coco() == polygons.to_coco()


def test_a_tensor_of_another_device_or_dtype_is_refused(torch: Any) -> None:
    with pytest.raises(TypeError, match=r"on the CPU or on a CUDA device, got meta"):
        maskmill.encode(torch.empty((2, 2), dtype=torch.uint8, device="meta"))
    with pytest.raises(TypeError, match=r"dense must be boolean or integer, got float32"):
        maskmill.encode(torch.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"must have a dtype that NumPy knows, got bfloat16"):
        maskmill.encode(torch.zeros((2, 2), dtype=torch.bfloat16))
