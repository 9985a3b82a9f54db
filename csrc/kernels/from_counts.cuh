// Counts to bounds: a thread a count.
#pragma once

#include "core/strings.h"
#include "kernels/from_counts.h"
#include "kernels/ragged.cuh"
#include "kernels/scan.cuh"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_DEVICE i64 rows_to_read(const CountsView& records) {
  const u64 bad = records.known_bad[0];
  return bad < static_cast<u64>(records.n_rows) ? static_cast<i64>(bad) : records.n_rows;
}

MASKMILL_DEVICE void report_bad(u64* bad, i64 row) { atomicMin(bad, static_cast<u64>(row)); }

// The count, or 0 if no mask of the row's size may hold it.
MASKMILL_DEVICE i64 clip_count(const CountsView& records, i64 row, i64 count, u64* bad) {
  if (is_possible_count(count, pixel_count(records.sizes, row))) return count;
  report_bad(bad, row);
  return 0;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_clip_counts(ClipCountsArgs args) {
  for (i64 k = thread_index(); k < args.n_counts; k += thread_count()) {
    const i64 row = row_of(args.records.offsets, args.records.n_rows, k);
    args.out[k] = clip_count(args.records, row, args.counts[k], args.bad);
  }
}

// Sums are right modulo 2**62, so a difference of two that is at most n_pixels is right.
MASKMILL_DEVICE i64 sum_between(const i64* ends, i64 first, i64 stop) {
  return static_cast<i64>(static_cast<u64>(ends[stop] - ends[first]) & kScanValue);
}

// Whether count k of [start, stop) ends with a bound. Flips at one place cancel in pairs, and the
// last of an odd number stays.
MASKMILL_DEVICE bool is_bound(const i64* ends, i64 start, i64 stop, i64 k) {
  // An odd number of counts ends with background, whose end is no flip.
  const i64 last_flip = stop - (stop - start) % 2 - 1;
  const i64 end = ends[k + 1];
  if (k > last_flip || (k < last_flip && ends[k + 2] == end)) return false;
  i64 first = start;  // flip at this place
  for (i64 n = k - start; n > 0;) {
    const i64 half = n / 2;
    if (ends[first + half + 1] == end) {
      n = half;
    } else {
      first += half + 1;
      n -= half + 1;
    }
  }
  return (k - first) % 2 == 0;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kFlipThreads) maskmill_count_flips(CountFlipsArgs args) {
  MASKMILL_SHARED(u32, sums, [kFlipThreads / kWarp + 1]);
  const CountsView& records = args.records;
  const i64 n_rows = rows_to_read(records);
  for (i64 row = thread_index(); row < n_rows; row += thread_count()) {
    if (records.offsets[row] == records.offsets[row + 1]) report_bad(args.bad, row);
  }
  const i64 n_counts = records.offsets[n_rows];
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const i64 k = tile * kFlipThreads + threadIdx.x;
    u32 own = 0;
    if (k < n_counts) {
      const i64 row = row_of(records.offsets, n_rows, k);
      const i64 start = records.offsets[row];
      const i64 stop = records.offsets[row + 1];
      const i64 n_pixels = pixel_count(records.sizes, row);
      const i64 end = sum_between(args.ends, start, k + 1);
      if (end > n_pixels || (k + 1 == stop && end != n_pixels)) report_bad(args.bad, row);
      own = is_bound(args.ends, start, stop, k);
    }
    u32 total;
    block_exclusive_scan<kFlipThreads>(own, sums, &total);
    if (threadIdx.x == 0) args.out[tile] = total;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kFlipThreads) maskmill_write_flips(WriteFlipsArgs args) {
  MASKMILL_SHARED(u32, sums, [kFlipThreads / kWarp + 1]);
  const CountsView& records = args.records;
  const i64 n_counts = records.offsets[records.n_rows];
  if (thread_index() == 0) args.offsets[records.n_rows] = args.tile_offsets[args.n_tiles];
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const i64 k = tile * kFlipThreads + threadIdx.x;
    i64 row = 0;
    i64 start = 0;
    u32 own = 0;
    if (k < n_counts) {
      row = row_of(records.offsets, records.n_rows, k);
      start = records.offsets[row];
      own = is_bound(args.ends, start, records.offsets[row + 1], k);
    }
    u32 total;
    const i64 at = args.tile_offsets[tile] + block_exclusive_scan<kFlipThreads>(own, sums, &total);
    if (own != 0) args.bounds[at] = static_cast<u32>(sum_between(args.ends, start, k + 1));
    if (k < n_counts && k == start) args.offsets[row] = at;
  }
}

}  // namespace maskmill
