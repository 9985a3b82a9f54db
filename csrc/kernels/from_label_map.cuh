// Masks of label maps: runs of one label down the columns, sorted by map and label.
#pragma once

#include "kernels/from_label_map.h"
#include "kernels/pack.cuh"

namespace maskmill {

MASKMILL_DEVICE i64 load_label(const u8* value, i32 item_size, bool is_signed) {
  switch (item_size) {
    case 1:
      return is_signed ? i64{*reinterpret_cast<const signed char*>(value)} : i64{*value};
    case 2:
      return is_signed ? i64{*reinterpret_cast<const i16*>(value)}
                       : i64{*reinterpret_cast<const u16*>(value)};
    case 4:
      return is_signed ? i64{*reinterpret_cast<const i32*>(value)}
                       : i64{*reinterpret_cast<const u32*>(value)};
    default:
      return *reinterpret_cast<const i64*>(value);
  }
}

// Labels as unsigned numbers in the same order.
MASKMILL_DEVICE u64 order_of_label(i64 label) { return static_cast<u64>(label) ^ (u64{1} << 63); }

MASKMILL_DEVICE bool is_among(const i64* values, i64 n, i64 value) {
  for (i64 k = 0; k < n; ++k) {
    if (values[k] == value) return true;
  }
  return false;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_mark_runs(MarkRunsArgs args) {
  const DenseView& maps = args.maps;
  const i64 map_words = maps.width * args.bits.column_words;
  RunTotals own{0, 0, ~u64{0}, 0};
  for (i64 k = thread_index(); k < maps.n * map_words; k += thread_count()) {
    const i64 map = k / map_words;
    const i64 place = k - map * map_words;
    const i64 x = args.columns_first ? place % maps.width : place / args.bits.column_words;
    const i64 word = args.columns_first ? place / maps.width : place % args.bits.column_words;
    const i64 y = 32 * word;
    const i64 n_rows = maps.height - y < 32 ? maps.height - y : 32;
    const u8* at = pixel_at(maps, map, y, x);
    bool is_first = x == 0 && y == 0;
    i64 before = 0;
    if (!is_first) {
      const u8* const previous =
          y > 0 ? at - maps.stride_y : pixel_at(maps, map, maps.height - 1, x - 1);
      before = load_label(previous, maps.item_size, args.is_signed);
    }
    u32 starts = 0;
    u32 kept = 0;
    for (i64 r = 0; r < n_rows; ++r, at += maps.stride_y) {
      const i64 label = load_label(at, maps.item_size, args.is_signed);
      if (is_first || label != before) {
        starts |= 1U << r;
        if (!is_among(args.ignore, args.n_ignore, label)) {
          kept |= 1U << r;
          const u64 order = order_of_label(label);
          own.lowest = order < own.lowest ? order : own.lowest;
          own.highest = order > own.highest ? order : own.highest;
        }
      }
      is_first = false;
      before = label;
    }
    const i64 to = map * map_words + x * args.bits.column_words + word;
    args.bits.starts[to] = starts;
    args.bits.kept[to] = kept;
    own.n_runs += static_cast<u64>(__popc(starts));
    own.n_kept += static_cast<u64>(__popc(kept));
  }
  own = {warp_sum(own.n_runs), warp_sum(own.n_kept), warp_min(own.lowest), warp_max(own.highest)};
  if (lane_index() == 0 && own.n_runs > 0) {
    atomicAdd(&args.totals->n_runs, own.n_runs);
    atomicAdd(&args.totals->n_kept, own.n_kept);
    atomicMin(&args.totals->lowest, own.lowest);
    atomicMax(&args.totals->highest, own.highest);
  }
}

MASKMILL_DEVICE u32 count_bits(const u32* words, i64 n_words, i64 tile) {
  const i64 first = tile * kRunTile + threadIdx.x * kRunWords;
  u32 n = 0;
  for (i64 k = first; k < first + kRunWords && k < n_words; ++k) {
    n += static_cast<u32>(__popc(words[k]));
  }
  return n;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRunThreads) maskmill_count_marks(CountMarksArgs args) {
  MASKMILL_SHARED(u32, sums, [kRunThreads / kWarp + 1]);
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 n_runs;
    u32 n_kept;
    block_exclusive_scan<kRunThreads>(count_bits(args.bits.starts, args.n_words, tile), sums,
                                      &n_runs);
    block_exclusive_scan<kRunThreads>(count_bits(args.bits.kept, args.n_words, tile), sums,
                                      &n_kept);
    if (threadIdx.x == 0) {
      args.n_runs[tile] = n_runs;
      args.n_kept[tile] = n_kept;
    }
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRunThreads) maskmill_write_runs(WriteRunsArgs args) {
  MASKMILL_SHARED(u32, sums, [kRunThreads / kWarp + 1]);
  const DenseView& maps = args.maps;
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 total;
    i64 run = args.run_offsets[tile] +
              block_exclusive_scan<kRunThreads>(count_bits(args.bits.starts, args.n_words, tile),
                                                sums, &total);
    i64 place =
        args.kept_offsets[tile] + block_exclusive_scan<kRunThreads>(
                                      count_bits(args.bits.kept, args.n_words, tile), sums, &total);
    const i64 first = tile * kRunTile + threadIdx.x * kRunWords;
    for (i64 k = first; k < first + kRunWords && k < args.n_words; ++k) {
      u32 starts = args.bits.starts[k];
      if (starts == 0) continue;
      const u32 kept = args.bits.kept[k];
      const i64 column = k / args.bits.column_words;
      const i64 y = 32 * (k - column * args.bits.column_words);
      const i64 map = column / maps.width;
      const i64 x = column - map * maps.width;
      for (; starts != 0; starts &= starts - 1) {
        const u32 r = static_cast<u32>(__ffs(static_cast<i32>(starts))) - 1;
        args.table.starts[run] = static_cast<u32>(x * maps.height + y + r);
        if ((kept >> r & 1) != 0) {
          args.table.runs[place] = run;
          args.table.labels[place] =
              load_label(pixel_at(maps, map, y + r, x), maps.item_size, args.is_signed);
          args.table.maps[place] = static_cast<i32>(map);
          ++place;
        }
        ++run;
      }
    }
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_make_keys(MakeKeysArgs args) {
  for (i64 k = thread_index(); k < args.n_kept; k += thread_count()) {
    if (args.first) args.places[k] = k;
    const i64 place = args.first ? k : args.places[k];
    u64 key = args.with_map ? static_cast<u64>(args.table.maps[place]) : 0;
    if (args.with_label) {
      const u64 label = order_of_label(args.table.labels[place]) - args.lowest;
      key = args.label_bits < 64 ? key << args.label_bits | label : label;
    }
    args.keys[k] = key;
  }
}

// Whether the run at a place of the sorted ones is the first of its mask.
MASKMILL_DEVICE bool is_head(const SortedRuns& sorted, i64 k) {
  if (k == 0) return true;
  const i64 own = sorted.places[k];
  const i64 before = sorted.places[k - 1];
  return sorted.table.maps[own] != sorted.table.maps[before] ||
         sorted.table.labels[own] != sorted.table.labels[before];
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRunThreads) maskmill_count_heads(CountHeadsArgs args) {
  MASKMILL_SHARED(u32, sums, [kRunThreads / kWarp + 1]);
  const SortedRuns& sorted = args.sorted;
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const i64 k = tile * kRunThreads + threadIdx.x;
    const bool head = k < sorted.n_kept && is_head(sorted, k);
    if (head) atomicAdd(&args.group_sizes[sorted.table.maps[sorted.places[k]]], u64{1});
    u32 total;
    block_exclusive_scan<kRunThreads>(u32{head}, sums, &total);
    if (threadIdx.x == 0) args.out[tile] = total;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRunThreads) maskmill_write_masks(WriteMasksArgs args) {
  MASKMILL_SHARED(u32, sums, [kRunThreads / kWarp + 1]);
  const SortedRuns& sorted = args.sorted;
  if (thread_index() == 0) args.offsets[args.n_masks] = 2 * sorted.n_kept;
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    const i64 k = tile * kRunThreads + threadIdx.x;
    const bool head = k < sorted.n_kept && is_head(sorted, k);
    u32 total;
    const i64 mask =
        args.tile_offsets[tile] + block_exclusive_scan<kRunThreads>(u32{head}, sums, &total);
    if (k >= sorted.n_kept) continue;
    const i64 place = sorted.places[k];
    const i64 run = sorted.table.runs[place];
    // The next run ends this one; the first of the next map begins at 0.
    const u32 next = run + 1 < args.n_runs ? sorted.table.starts[run + 1] : 0;
    const u32 n_pixels = static_cast<u32>(static_cast<i64>(args.height) * args.width);
    args.bounds[2 * k] = sorted.table.starts[run];
    args.bounds[2 * k + 1] = next > 0 ? next : n_pixels;
    if (head) {
      args.offsets[mask] = 2 * k;
      args.sizes[2 * mask] = args.height;
      args.sizes[2 * mask + 1] = args.width;
      args.labels[mask] = sorted.table.labels[place];
    }
  }
}

}  // namespace maskmill
