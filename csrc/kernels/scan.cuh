// Exclusive prefix sums of any length in one pass: decoupled look-back (Merrill and Garland, 2016).
#pragma once

#include "kernels/scan.h"
#include "kernels/warp.cuh"

namespace maskmill {

// State of a tile: two bits that tell what the other 62 hold.
constexpr int kScanFlagShift = 62;
constexpr u64 kScanValue = (u64{1} << kScanFlagShift) - 1;
constexpr u64 kScanOwnSum = u64{1} << kScanFlagShift;  // the sum of the tile
constexpr u64 kScanPrefix = u64{2} << kScanFlagShift;  // the sum of all tiles up to it

// Sum of all tiles before `tile`, by one warp: 32 of them a step, back to one that knows its
// prefix.
MASKMILL_DEVICE i64 scan_look_back(const u64* tiles, i64 tile) {
  i64 sum = 0;
  for (i64 last = tile - 1;; last -= kWarp) {
    const i64 at = last - lane_index();
    u64 state = kScanPrefix;  // before the first tile: 0
    if (at >= 0) {
      while ((state = load_acquire(&tiles[at])) == 0) pause();
    }
    const u32 known = __ballot_sync(kAllLanes, (state & kScanPrefix) != 0);
    const u32 stop = known != 0 ? static_cast<u32>(__ffs(static_cast<i32>(known))) - 1 : kWarp - 1;
    const u64 value = lane_index() <= stop ? state & kScanValue : 0;
    sum += static_cast<i64>(warp_sum(value));
    if (known != 0) return sum;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kScanThreads) maskmill_scan(ScanArgs args) {
  MASKMILL_SHARED(i64, sums, [kScanThreads / kWarp + 1]);
  MASKMILL_SHARED(i64, before, [1]);
  MASKMILL_SHARED(u32, ticket, [1]);
  // Tiles are numbered in the order in which blocks start, so a block waits only for running ones.
  if (threadIdx.x == 0) ticket[0] = atomicAdd(args.ticket, 1U);
  __syncthreads();
  const i64 tile = ticket[0];
  const i64 first = tile * kScanTile + threadIdx.x * 4;
  i64 values[4];
  i64 own = 0;
  MASKMILL_UNROLL
  for (i64 k = 0; k < 4; ++k) {
    values[k] = first + k < args.n ? args.in[first + k] : 0;
    own += values[k];
  }
  i64 total;
  i64 at = block_exclusive_scan<kScanThreads>(own, sums, &total);
  if (threadIdx.x < kWarp) {
    const u64 own_sum = static_cast<u64>(total) & kScanValue;
    if (tile > 0 && threadIdx.x == 0) store_release(&args.tiles[tile], kScanOwnSum | own_sum);
    const i64 earlier = tile > 0 ? scan_look_back(args.tiles, tile) : 0;
    if (threadIdx.x == 0) {
      const u64 sum = (static_cast<u64>(earlier) + own_sum) & kScanValue;
      store_release(&args.tiles[tile], kScanPrefix | sum);
      before[0] = earlier;
    }
  }
  __syncthreads();
  at += before[0];
  MASKMILL_UNROLL
  for (i64 k = 0; k < 4; ++k) {
    if (first + k <= args.n) args.out[first + k] = at;
    at += values[k];
  }
}

}  // namespace maskmill
