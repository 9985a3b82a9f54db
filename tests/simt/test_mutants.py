"""The faults that the mutation check puts into kernels."""

from __future__ import annotations

from pathlib import Path

from tests.simt.mutants import mutants_of

KERNEL = """\
// No __syncthreads() here.
template <class T>
MASKMILL_DEVICE T sum(T value) {
  return __shfl_xor_sync(kAll, value, 1) + __shfl_sync(kAll, value, f(2, 3));
}
MASKMILL_KERNEL MASKMILL_BOUNDS(64) twice(Args args) {
  __syncthreads();
  const u32 old = atomicMax(&args.most[i], g(
      1, 2));
  store_release(&args.flags[0], u64{1} << 3);
  __syncthreads();
}
"""


def test_every_call_is_changed_once_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "kernel.cuh"
    path.write_text(KERNEL, "utf-8")
    found = list(mutants_of(path))
    assert [str(mutant) for mutant in found] == [
        "kernel.cuh:4: sum: half mask 1",
        "kernel.cuh:7: twice: no __syncthreads 1",
        "kernel.cuh:8: twice: plain atomicMax 1",
        "kernel.cuh:10: twice: plain store 1",
        "kernel.cuh:11: twice: no __syncthreads 2",
    ]
    half, first, plain, store, second = (mutant.source for mutant in found)
    assert half == KERNEL.replace("xor_sync(kAll,", "xor_sync(0xffffU & (kAll),")
    assert first == KERNEL.replace("  __syncthreads();\n  const", "  ((void)0);\n  const")
    assert second == KERNEL.replace("  __syncthreads();\n}", "  ((void)0);\n}")
    assert store == KERNEL.replace(
        "store_release(&args.flags[0], u64{1} << 3)", "(*(&args.flags[0]) = (u64{1} << 3))"
    )
    value = "static_cast<decltype(old)>(g(\n      1, 2))"
    assert f"auto* p = &args.most[i]; auto old = *p; *p = old < {value} ? {value} : old;" in plain
