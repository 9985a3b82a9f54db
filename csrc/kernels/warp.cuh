// Sums and scans of a warp and of a block.
#pragma once

#include "kernels/device.h"

namespace maskmill {

template <class T>
MASKMILL_DEVICE T warp_sum(T value) {
  MASKMILL_UNROLL
  for (int d = 16; d != 0; d /= 2) value += __shfl_xor_sync(kAllLanes, value, d);
  return value;
}

template <class T>
MASKMILL_DEVICE T warp_min(T value) {
  MASKMILL_UNROLL
  for (int d = 16; d != 0; d /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, d);
    value = other < value ? other : value;
  }
  return value;
}

template <class T>
MASKMILL_DEVICE T warp_max(T value) {
  MASKMILL_UNROLL
  for (int d = 16; d != 0; d /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, d);
    value = other > value ? other : value;
  }
  return value;
}

// Sum of the lanes up to and with this one.
template <class T>
MASKMILL_DEVICE T warp_inclusive_scan(T value) {
  const u32 lane = lane_index();
  MASKMILL_UNROLL
  for (u32 d = 1; d < kWarp; d *= 2) {
    const T other = __shfl_up_sync(kAllLanes, value, d);
    if (lane >= d) value += other;
  }
  return value;
}

// Sum of the threads before this one in a block of n_threads, a multiple of 32; `total` gets the
// sum of all. `sums` is shared, n_threads / 32 + 1 long, and free again at the end.
template <u32 n_threads, class T>
MASKMILL_DEVICE T block_exclusive_scan(T value, T* sums, T* total) {
  constexpr u32 n_warps = n_threads / kWarp;
  const u32 lane = lane_index();
  const u32 warp = threadIdx.x / kWarp;
  const T upto = warp_inclusive_scan(value);
  if (lane == kWarp - 1) sums[warp] = upto;
  __syncthreads();
  if (warp == 0) {
    const T own = lane < n_warps ? sums[lane] : 0;
    const T warps = warp_inclusive_scan(own);
    __syncwarp();
    if (lane < n_warps) sums[lane] = warps - own;
    if (lane == n_warps - 1) sums[n_warps] = warps;
  }
  __syncthreads();
  const T before = sums[warp] + upto - value;
  *total = sums[n_warps];
  __syncthreads();
  return before;
}

}  // namespace maskmill
