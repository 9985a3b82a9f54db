// Label maps: a block a tile, the last mask painted first, until the tile is full.
#pragma once

#include "core/search.h"
#include "core/words.h"
#include "kernels/label_map.h"
#include "kernels/ragged.cuh"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_DEVICE i64 tiles_across(i64 width) { return (width + kPaintThreads - 1) / kPaintThreads; }

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_count_map_tiles(CountTilesArgs args) {
  for (i64 g = thread_index(); g < args.n_maps; g += thread_count()) {
    const i64 height = args.sizes[2 * g];
    const i64 width = args.sizes[2 * g + 1];
    args.n_pixels[g] = height * width;
    args.n_tiles[g] = (height + kPaintRows - 1) / kPaintRows * tiles_across(width);
  }
}

// A mask that has pixels in the columns of a tile: the spans of it that reach into them.
struct PaintedSpans {
  const u32* bounds;
  i64 n_bounds;
  i64 label;
};

MASKMILL_DEVICE PaintedSpans spans_in(const LabelMapArgs& args, i64 place, u64 begin, u64 end) {
  const i64 mask = args.order[place];
  const i64 start = args.offsets[mask];
  const u32* const bounds = args.bounds + start;
  const i64 n = args.offsets[mask + 1] - start;
  const i64 first = count_below(bounds, n, static_cast<u32>(begin) + 1) & ~i64{1};
  const i64 stop = count_below(bounds + first, n - first, static_cast<u32>(end));
  return {bounds + first, stop, args.labels[mask]};
}

MASKMILL_DEVICE void store_label(u8* out, i64 at, i64 label, i32 item_size) {
  switch (item_size) {
    case 1:
      out[at] = static_cast<u8>(label);
      break;
    case 2:
      reinterpret_cast<u16*>(out)[at] = static_cast<u16>(label);
      break;
    case 4:
      reinterpret_cast<u32*>(out)[at] = static_cast<u32>(label);
      break;
    default:
      reinterpret_cast<i64*>(out)[at] = label;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPaintThreads) maskmill_label_map(LabelMapArgs args) {
  MASKMILL_SHARED(i64, painted, [kPaintRows][kPaintThreads]);
  MASKMILL_SHARED(PaintedSpans, batch, [kPaintThreads]);
  MASKMILL_SHARED(u32, sums, [kPaintThreads / kWarp + 1]);
  const i64 n_tiles = args.tile_offsets[args.n_maps];
  for (i64 tile = blockIdx.x; tile < n_tiles; tile += gridDim.x) {
    const i64 g = row_of(args.tile_offsets, args.n_maps, tile);
    const i64 height = args.sizes[2 * g];
    const i64 width = args.sizes[2 * g + 1];
    const i64 across = tiles_across(width);
    const i64 own = tile - args.tile_offsets[g];
    const i64 left = own % across * kPaintThreads;
    const i64 right = left + kPaintThreads < width ? left + kPaintThreads : width;
    const i64 top = own / across * kPaintRows;
    const u32 n_rows = static_cast<u32>(height - top < kPaintRows ? height - top : kPaintRows);
    const i64 x = left + threadIdx.x;
    const u32 all = n_rows < 32 ? (1U << n_rows) - 1 : 0xffffffffU;
    u32 free = x < right ? all : 0;
    for (u32 r = 0; r < n_rows; ++r) painted[r][threadIdx.x] = args.background;
    // Masks in batches: each thread looks up one of them, then each column asks those that are
    // there, from the last painted to the first.
    for (i64 last = args.groups[g + 1]; last > args.groups[g]; last -= kPaintThreads) {
      const i64 place = last - 1 - threadIdx.x;
      PaintedSpans spans{nullptr, 0, 0};
      if (place >= args.groups[g]) {
        spans = spans_in(args, place, static_cast<u64>(left * height),
                         static_cast<u64>(right * height));
      }
      u32 n_there;
      const u32 slot = block_exclusive_scan<kPaintThreads>(u32{spans.n_bounds > 0}, sums, &n_there);
      if (spans.n_bounds > 0) batch[slot] = spans;
      __syncthreads();
      for (u32 k = 0; k < n_there && free != 0; ++k) {
        u32 fresh = free & word_at(batch[k].bounds, batch[k].n_bounds,
                                   static_cast<u32>(x * height + top), n_rows);
        free ^= fresh;
        for (; fresh != 0; fresh &= fresh - 1) {
          painted[__ffs(static_cast<i32>(fresh)) - 1][threadIdx.x] = batch[k].label;
        }
      }
      if (__syncthreads_or(free != 0) == 0) break;
    }
    if (x < right) {
      const i64 first = args.map_offsets[g] + top * width + x;
      for (u32 r = 0; r < n_rows; ++r) {
        store_label(args.out, first + r * width, painted[r][threadIdx.x], args.item_size);
      }
    }
  }
}

}  // namespace maskmill
