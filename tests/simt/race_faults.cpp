// Faults that need another thread's help to show: the race detector finds them in any order.
#include "cases.h"
#include "dialect.h"

namespace maskmill {
namespace {

template <bool good>
MASKMILL_KERNEL missing_syncwarp(u32* words) {
  MASKMILL_SHARED(u32, values, [32]);
  values[threadIdx.x] = threadIdx.x;
  if (good) __syncwarp();
  words[threadIdx.x] = values[threadIdx.x ^ 1];
}

// A shuffle brings the lanes together, and yet orders no memory.
template <bool good>
MASKMILL_KERNEL shuffle_is_no_fence(u32* words) {
  MASKMILL_SHARED(u32, values, [32]);
  values[threadIdx.x] = threadIdx.x;
  const u32 other = __shfl_xor_sync(~0U, threadIdx.x, 1);
  if (good) __syncwarp();
  words[threadIdx.x] = values[other];
}

template <bool good>
MASKMILL_KERNEL missing_syncthreads(u32* words) {
  MASKMILL_SHARED(u32, values, [64]);
  values[threadIdx.x] = threadIdx.x;
  if (good) __syncthreads();
  words[threadIdx.x] = values[threadIdx.x ^ 32];
}

// The array is overwritten while others may still read it.
template <bool good>
MASKMILL_KERNEL missing_second_barrier(u32* words) {
  MASKMILL_SHARED(u32, values, [64]);
  u32 sum = 0;
  for (u32 turn = 0; turn < 3; ++turn) {
    values[threadIdx.x] = threadIdx.x + turn;
    __syncthreads();
    sum += values[threadIdx.x ^ 32];
    if (good) __syncthreads();
  }
  words[threadIdx.x] = sum;
}

template <bool good>
MASKMILL_KERNEL missing_release(u32* words) {
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) {
    words[0] = 7;
    if (good) {
      store_release(&words[32], 1U);
    } else {
      words[32] = 1;
    }
  } else {
    while (load_acquire(&words[32]) == 0) pause();
    words[1] = words[0];
  }
}

template <bool good>
MASKMILL_KERNEL release_too_early(u32* words) {
  MASKMILL_SHARED(u32, ready, [1]);
  if (blockIdx.x == 0) {
    words[threadIdx.x] = 7;
    if (good) __syncthreads();
    if (threadIdx.x == 0) store_release(&words[63], 1U);
  } else {
    if (threadIdx.x == 0) {
      while (load_acquire(&words[63]) == 0) pause();
      ready[0] = 1;
    }
    __syncthreads();
    if (threadIdx.x < 16) words[32 + threadIdx.x] = words[threadIdx.x] + ready[0];
  }
}

template <bool good>
MASKMILL_KERNEL plain_add(u32* words) {
  if (good) {
    atomicAdd(&words[32], 1U);
  } else {
    words[32] += 1;
  }
}

template <bool good>
MASKMILL_KERNEL missing_wait(u32* words) {
  MASKMILL_SHARED(alignas(16) u32, values, [128]);
  copy_async_16(&values[4 * threadIdx.x], &words[32 + 4 * (threadIdx.x % 8)], true);
  copy_async_commit();
  if (good) copy_async_wait<0>();
  words[threadIdx.x] = values[4 * threadIdx.x];
  if (!good) copy_async_wait<0>();
}

template <bool good>
MASKMILL_KERNEL wait_is_no_barrier(u32* words) {
  MASKMILL_SHARED(alignas(16) u32, values, [128]);
  copy_async_16(&values[4 * threadIdx.x], &words[32 + 4 * (threadIdx.x % 8)], threadIdx.x != 3);
  copy_async_commit();
  copy_async_wait<0>();
  if (good) __syncthreads();
  words[threadIdx.x] = values[4 * (threadIdx.x ^ 1)];
}

}  // namespace

const std::vector<simt::Case>& simt::race_faults() {
  static const std::vector<Case> cases = {
      TWINS(missing_syncwarp, 1, 32),    TWINS(shuffle_is_no_fence, 1, 32),
      TWINS(missing_syncthreads, 1, 64), TWINS(missing_second_barrier, 1, 64),
      TWINS(missing_release, 2, 32),     TWINS(release_too_early, 2, 32),
      TWINS(plain_add, 2, 32),           TWINS(missing_wait, 1, 32),
      TWINS(wait_is_no_barrier, 1, 32),
  };
  return cases;
}

}  // namespace maskmill
