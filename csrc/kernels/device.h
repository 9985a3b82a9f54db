// The dialect of the kernels: one source for nvcc, NVRTC and, through tests/simt/dialect.h, a host
// compiler. Includes core/ and nothing else.
#pragma once

#include "core/types.h"

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)

#define MASKMILL_KERNEL extern "C" __global__ void
#define MASKMILL_DEVICE static __device__ __forceinline__
#define MASKMILL_BOUNDS(threads) __launch_bounds__(threads)
#define MASKMILL_SHARED(T, name, dims) __shared__ T name dims
#define MASKMILL_UNROLL _Pragma("unroll")

namespace maskmill {

MASKMILL_DEVICE u64 load_acquire(const u64* p) {
  u64 value;
  asm volatile("ld.acquire.gpu.global.u64 %0, [%1];" : "=l"(value) : "l"(p) : "memory");
  return value;
}

MASKMILL_DEVICE void store_release(u64* p, u64 value) {
  asm volatile("st.release.gpu.global.u64 [%0], %1;" ::"l"(p), "l"(value) : "memory");
}

// While another block is waited for.
MASKMILL_DEVICE void pause() { __nanosleep(32); }

// Doubles that no compiler may contract.
MASKMILL_DEVICE double multiply(double a, double b) { return __dmul_rn(a, b); }
MASKMILL_DEVICE double add(double a, double b) { return __dadd_rn(a, b); }

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
// Sixteen bytes from global to shared memory, or zeros; there after copy_async_wait.
MASKMILL_DEVICE void copy_async_16(void* to, const void* from, bool ok) {
  const u32 shared = static_cast<u32>(__cvta_generic_to_shared(to));
  const int bytes = ok ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(from), "r"(bytes)
               : "memory");
}
MASKMILL_DEVICE void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// All but the last `pending` groups of this thread have arrived.
template <int pending>
MASKMILL_DEVICE void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

#endif

// Tensor cores multiply bits from compute capability 8.0 to 9.x.
#if !defined(__CUDA_ARCH__) || (__CUDA_ARCH__ >= 800 && __CUDA_ARCH__ < 1000)
#define MASKMILL_HAS_BINARY_MMA

// c += popcount(A & B) of a warp, m16n8k256. With g = lane / 4 and t = lane % 4, `a` is rows g and
// g + 8, words t and t + 4 (row first); `b` column g, words t and t + 4; `c` rows g and g + 8,
// columns 2t and 2t + 1.
MASKMILL_DEVICE void mma_b1(i32 c[4], const u32 a[4], const u32 b[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc "
      "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif

}  // namespace maskmill

#else

#include "dialect.h"
#define MASKMILL_HAS_BINARY_MMA

#endif

namespace maskmill {

constexpr u32 kWarp = 32;
constexpr u32 kAllLanes = 0xffffffffU;

// Number of this thread in a grid of one dimension, and how many there are: loops stride by it, so
// that any grid does any amount of work.
MASKMILL_DEVICE i64 thread_index() {
  return static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x;
}
MASKMILL_DEVICE i64 thread_count() { return static_cast<i64>(gridDim.x) * blockDim.x; }

// The same for warps; the threads of a warp go together.
MASKMILL_DEVICE i64 warp_index() { return thread_index() / kWarp; }
MASKMILL_DEVICE i64 warp_count() { return thread_count() / kWarp; }
MASKMILL_DEVICE u32 lane_index() { return threadIdx.x % kWarp; }

}  // namespace maskmill
