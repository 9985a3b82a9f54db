// Run lengths and COCO strings of masks: a thread a run.
#pragma once

#include "core/strings.h"
#include "kernels/ragged.cuh"
#include "kernels/strings.h"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_count_runs(CountRunsArgs args) {
  for (i64 i = thread_index(); i < args.n_masks; i += thread_count()) {
    const i64 start = args.offsets[i];
    args.out[i] = run_count(args.bounds + start, args.offsets[i + 1] - start,
                            static_cast<u32>(pixel_count(args.sizes, i)));
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_to_counts(ToCountsArgs args) {
  const RunsView& runs = args.runs;
  for (i64 k = thread_index(); k < args.n_runs; k += thread_count()) {
    const i64 i = row_of(runs.run_offsets, runs.n_masks, k);
    const i64 start = runs.offsets[i];
    args.out[k] = run_length(runs.bounds + start, runs.offsets[i + 1] - start,
                             static_cast<u32>(pixel_count(runs.sizes, i)), k - runs.run_offsets[i]);
  }
}

// Calls each(mask, run, number) for the runs of a tile that belong to this thread.
template <class Each>
MASKMILL_DEVICE void for_each_number(const RunsView& runs, i64 tile, const Each& each) {
  constexpr u32 per_thread = kStringTile / kStringThreads;
  const i64 n_runs = runs.run_offsets[runs.n_masks];
  const i64 first = tile * kStringTile + threadIdx.x * per_thread;
  const i64 stop = first + per_thread < n_runs ? first + per_thread : n_runs;
  if (first >= stop) return;
  i64 i = row_of(runs.run_offsets, runs.n_masks, first);
  for (i64 k = first; k < stop; ++k) {
    if (k == runs.run_offsets[i + 1]) ++i;  // no mask is without runs
    const i64 start = runs.offsets[i];
    const i64 run = k - runs.run_offsets[i];
    each(i, run,
         run_number(runs.bounds + start, runs.offsets[i + 1] - start,
                    static_cast<u32>(pixel_count(runs.sizes, i)), run));
  }
}

MASKMILL_DEVICE u32 count_chars(const RunsView& runs, i64 tile) {
  u32 n = 0;
  for_each_number(runs, tile,
                  [&](i64, i64, i64 number) { n += static_cast<u32>(number_length(number)); });
  return n;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kStringThreads) maskmill_count_chars(CountCharsArgs args) {
  MASKMILL_SHARED(u32, sums, [kStringThreads / kWarp + 1]);
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 total;
    block_exclusive_scan<kStringThreads>(count_chars(args.runs, tile), sums, &total);
    if (threadIdx.x == 0) args.out[tile] = total;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kStringThreads) maskmill_to_strings(ToStringsArgs args) {
  MASKMILL_SHARED(u32, sums, [kStringThreads / kWarp + 1]);
  if (thread_index() == 0) args.offsets[args.runs.n_masks] = args.tile_offsets[args.n_tiles];
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 total;
    const u32 before =
        block_exclusive_scan<kStringThreads>(count_chars(args.runs, tile), sums, &total);
    i64 at = args.tile_offsets[tile] + before;
    for_each_number(args.runs, tile, [&](i64 mask, i64 run, i64 number) {
      if (run == 0) args.offsets[mask] = at;
      const int length = number_length(number);
      u64 chars = number_to_chars(number, length);
      for (int c = 0; c < length; ++c) {
        args.chars[at + c] = static_cast<u8>(chars);
        chars >>= 8;
      }
      at += length;
    });
  }
}

}  // namespace maskmill
