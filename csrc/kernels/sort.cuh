// A stable radix sort, least digit first.
#pragma once

#include "kernels/sort.h"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_DEVICE u32 digit_of(u64 key, u32 shift) {
  return static_cast<u32>(key >> shift) & (kDigits - 1);
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kSortThreads) maskmill_count_digits(CountDigitsArgs args) {
  MASKMILL_SHARED(u32, counts, [kDigits]);
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    counts[threadIdx.x] = 0;
    __syncthreads();
    for (u32 k = threadIdx.x; k < kSortTile; k += kSortThreads) {
      const i64 at = tile * kSortTile + k;
      if (at < args.n) atomicAdd(&counts[digit_of(args.keys[at], args.shift)], 1U);
    }
    __syncthreads();
    args.out[threadIdx.x * args.n_tiles + tile] = counts[threadIdx.x];
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kSortThreads) maskmill_scatter_digits(ScatterDigitsArgs args) {
  constexpr u32 n_warps = kSortThreads / kWarp;
  MASKMILL_SHARED(u32, counts, [n_warps][kDigits]);
  MASKMILL_SHARED(i64, next, [kDigits]);  // where the next of a digit goes
  const u32 warp = threadIdx.x / kWarp;
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    next[threadIdx.x] = args.offsets[threadIdx.x * args.n_tiles + tile];
    for (u32 k = threadIdx.x; k < kSortTile; k += kSortThreads) {
      const i64 at = tile * kSortTile + k;
      const bool exists = at < args.n;
      const u64 key = exists ? args.keys[at] : 0;
      const u32 digit = digit_of(key, args.shift);
      for (u32 w = 0; w < n_warps; ++w) counts[w][threadIdx.x] = 0;
      __syncthreads();
      // Lanes with the same digit; those beyond the end are a kind of their own.
      const u32 same = __match_any_sync(kAllLanes, exists ? digit : kDigits);
      const u32 rank = static_cast<u32>(__popc(same & ((1U << lane_index()) - 1)));
      if (exists && rank == 0) counts[warp][digit] = static_cast<u32>(__popc(same));
      __syncthreads();
      // One thread a digit: counts of the warps become where each begins.
      i64 start = next[threadIdx.x];
      u32 before = 0;
      for (u32 w = 0; w < n_warps; ++w) {
        const u32 own = counts[w][threadIdx.x];
        counts[w][threadIdx.x] = before;
        before += own;
      }
      __syncthreads();
      if (exists) {
        const i64 to = next[digit] + counts[warp][digit] + rank;
        args.out_keys[to] = key;
        args.out_values[to] = args.values[at];
      }
      __syncthreads();
      next[threadIdx.x] = start + before;
    }
  }
}

}  // namespace maskmill
