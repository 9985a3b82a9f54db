"""What `CudaDevice` does with a driver, each case in a process of its own: see test_cuda.py."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import maskmill
from maskmill import Masks, _gpu
from maskmill.backend.arrays import host
from tests.simt import fake_gpu

MASKS = maskmill.encode(np.random.default_rng(1).random((9, 13, 17)) < 0.4)


def on_device(fake: Any, masks: Masks, ordinal: int = 0) -> Masks:
    with fake._on(ordinal):
        return Masks(*map(fake.asarray, (masks.bounds, masks.offsets, masks.sizes)))


def calls_of(lines: list[str], name: str) -> list[list[str]]:
    return [words[1:] for line in lines if (words := line.split())[0] == name]


def check_balance(lines: list[str]) -> None:
    assert len(calls_of(lines, "cuCtxPushCurrent")) == len(calls_of(lines, "cuCtxPopCurrent"))
    assert fake_gpu.driver().fake_depth() == 0


def case_results_on_the_callers_stream() -> None:
    fake = fake_gpu.install()
    fake.handle = 4711
    device = on_device(fake, MASKS)
    area, boxes = maskmill.area(device), maskmill.bbox(device)
    assert isinstance(area, fake.ndarray)
    assert host(area).tolist() == maskmill.area(MASKS).tolist()
    assert host(boxes).tolist() == maskmill.bbox(MASKS).tolist()
    lines = fake_gpu.journal()
    launches = calls_of(lines, "cuLaunchKernel")
    # 9 masks, a warp each: two blocks of 256. Four pointers or numbers of 8 bytes, then five.
    assert launches == [
        ["maskmill_area", "2", "256", "4711", "32"],
        ["maskmill_bbox", "2", "256", "4711", "40"],
    ]
    check_balance(lines)
    assert fake.current == 0


def case_arrays_of_the_cpu_go_there_and_back() -> None:
    fake_gpu.install()
    area = maskmill.area(MASKS, backend="cuda")
    assert type(area) is np.ndarray
    assert area.tolist() == maskmill.area(MASKS).tolist()
    assert maskmill.area(Masks.empty(), backend="cuda").tolist() == []
    assert maskmill.backends()["cuda"] == "available"


def case_another_device_is_current_during_the_call_alone() -> None:
    fake = fake_gpu.install()
    device = on_device(fake, MASKS, 1)
    area: Any = maskmill.area(device)
    assert area.device.id == 1
    assert fake.current == 0
    check_balance(fake_gpu.journal())


def case_every_failure_is_an_error_and_leaves_nothing_behind() -> None:
    fake = fake_gpu.install()
    masks = on_device(fake, MASKS)
    counts = [row.tolist() for row in maskmill.to_counts(MASKS)]
    failing = (
        ("cuModuleGetFunction", 1),  # these two before all is well once: what they give is kept
        ("cuMemHostAlloc", 2),
        ("cuCtxPushCurrent", 1),
        ("cuLaunchKernel", 700),
        ("cuMemsetD8Async", 1),
        ("cuMemcpyDtoHAsync", 700),
        ("cuStreamSynchronize", 700),
    )
    for name, result in failing:
        fake_gpu.driver().fake_fail(name.encode(), result, 0)
        with pytest.raises(RuntimeError) as caught:
            maskmill.to_counts(masks)
        fake_gpu.driver().fake_fail(b"", 0, 0)
        assert str(caught.value).startswith(name)
        assert ": CUDA_ERROR_" in str(caught.value)
        assert str(caught.value).endswith("(as the test asked)")
        assert fake_gpu.driver().fake_depth() == 0, name
        assert fake.current == 0
        if name != "cuModuleGetFunction":
            assert [host(row).tolist() for row in maskmill.to_counts(masks)] == counts
    # Failed copies gave their pinned memory back.
    assert calls_of(fake_gpu.journal(), "cuMemHostAlloc") == [["4096"]] * 2


def case_a_driver_that_does_not_start_is_a_reason() -> None:
    fake_gpu.driver().fake_fail(b"cuInit", 100, 0)
    reason = maskmill.backends()["cuda"]
    assert reason == "cuInit: CUDA_ERROR_NO_DEVICE (as the test asked)", reason
    fake_gpu.driver().fake_fail(b"", 0, 0)
    fake_gpu.driver().fake_devices(0, 90)
    assert maskmill.backends()["cuda"].startswith("cuDeviceGetCount: the driver knows no CUDA")
    fake_gpu.driver().fake_devices(1, 90)
    assert maskmill.backends()["cuda"] == "available"


def case_a_forked_child_is_told() -> None:
    fake_gpu.install()
    maskmill.area(MASKS, backend="cuda")
    child = os.fork()
    if child == 0:
        try:
            maskmill.area(MASKS, backend="cuda")
        except maskmill.BackendUnavailableError as error:
            os._exit(0 if "'spawn' or 'forkserver'" in str(error) else 2)
        except BaseException:
            os._exit(3)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def case_threads_share_a_device() -> None:
    fake = fake_gpu.install()
    device = on_device(fake, MASKS)
    expected = maskmill.area(MASKS).tolist()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: host(maskmill.area(device)).tolist(), range(40)))
    assert found == [expected] * 40
    lines = fake_gpu.journal()
    assert len(calls_of(lines, "cuLaunchKernel")) == 40
    assert len(calls_of(lines, "cuModuleGetFunction")) == 1
    check_balance(lines)


def case_kernels_of_the_installation_fit_the_architecture() -> None:
    _gpu.probe()
    fake_gpu.driver().fake_devices(2, 91)  # the code of sm_90 runs there
    fits = 90 in _gpu.architectures()
    assert (_gpu.load_compiled(0) == "") == fits
    assert calls_of(fake_gpu.journal(), "cuModuleLoadData") == ([["code"]] if fits else [])
    fake_gpu.driver().fake_devices(2, 61)
    assert _gpu.load_compiled(1) == "maskmill was built without kernels for sm_61"


def case_kernels_that_the_driver_refuses_are_compiled_anew() -> None:
    from maskmill.backend import kernels

    _gpu.probe()
    fake_gpu.driver().fake_fail(b"cuModuleLoadData", 209, 0)
    if 90 in _gpu.architectures():
        assert _gpu.load_compiled(0).startswith("cuModuleLoadData: CUDA_ERROR_NO_BINARY_FOR_GPU")
    fake_gpu.driver().fake_fail(b"", 0, 0)
    fake_gpu.driver().fake_devices(2, 61)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(kernels, "nvrtc_libraries", lambda newest: ["libnvrtc-of-nobody.so"])
    with pytest.raises(maskmill.BackendUnavailableError) as caught:
        kernels.load_kernels(1)
    assert "kernels for sm_61, and none could be compiled (libnvrtc" in str(caught.value)
    assert "nvidia-cuda-nvrtc" in str(caught.value)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
