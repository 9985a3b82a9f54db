// Overlap of pairs: a warp a pair, or tiles of bit matrices.
#pragma once

#include "core/iou.h"
#include "core/words.h"
#include "kernels/iou.h"
#include "kernels/ragged.cuh"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_pair_counts(PairCountsArgs args) {
  for (i64 g = thread_index(); g < args.n_groups; g += thread_count()) {
    args.counts[g] =
        (args.groups_a[g + 1] - args.groups_a[g]) * (args.groups_b[g + 1] - args.groups_b[g]);
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_pair_summary(PairSummaryArgs args) {
  const Pairs& pairs = args.pairs;
  const i64 g = thread_index();
  if (g == 0) args.out->n_pairs = pairs.starts[pairs.n_groups];
  if (pairs.n_groups > kFewGroups || g >= pairs.n_groups) return;
  const i64 first_a = pairs.a.groups[g];
  const i64 stop_a = pairs.a.groups[g + 1];
  const i64 first_b = pairs.b.groups[g];
  const i64 stop_b = pairs.b.groups[g + 1];
  const bool none = first_a == stop_a;
  args.out->groups[g] = {stop_a - first_a, stop_b - first_b,
                         pairs.a.offsets[stop_a] - pairs.a.offsets[first_a],
                         pairs.b.offsets[stop_b] - pairs.b.offsets[first_b],
                         none ? 0 : i64{args.sizes_a[2 * first_a]} * args.sizes_a[2 * first_a + 1]};
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_span_lengths(SpanLengthsArgs args) {
  for (i64 s = thread_index(); s < args.n_spans; s += thread_count()) {
    args.lengths[s] = args.bounds[2 * s + 1] - args.bounds[2 * s];
  }
}

struct Pair {
  i64 a, b;  // masks
};

MASKMILL_DEVICE Pair pair_at(const Pairs& pairs, i64 number) {
  const i64 g = row_of(pairs.starts, pairs.n_groups, number);
  const i64 n_b = pairs.b.groups[g + 1] - pairs.b.groups[g];
  const i64 at = number - pairs.starts[g];
  return {pairs.a.groups[g] + at / n_b, pairs.b.groups[g] + at % n_b};
}

MASKMILL_DEVICE i64 area_of(const PairSide& side, i64 mask) {
  return side.covered[side.offsets[mask + 1] / 2] - side.covered[side.offsets[mask] / 2];
}

MASKMILL_DEVICE void store_pair(const Pairs& pairs, i64 number, Pair pair, u32 common) {
  if (pairs.measure == PairMeasure::kIntersection) {
    pairs.common[number] = common;
    return;
  }
  const i64 area_a = area_of(pairs.a, pair.a);
  const i64 area_b = area_of(pairs.b, pair.b);
  const bool crowd = pairs.crowd != nullptr && pairs.crowd[pair.b];
  pairs.ratios[number] = pairs.measure == PairMeasure::kIou ? iou_of(common, area_a, area_b, crowd)
                                                            : dice_of(common, area_a, area_b);
}

struct Mask {
  const u32* bounds;
  const i64* covered;
  i64 n_bounds;
};

MASKMILL_DEVICE Mask mask_at(const PairSide& side, i64 i) {
  const i64 first = side.offsets[i];
  return {side.bounds + first, side.covered + first / 2, side.offsets[i + 1] - first};
}

// Pixels of the mask below a position, but for a constant of the mask and modulo 2**32; `below` is
// how many bounds are below it.
MASKMILL_DEVICE u32 pixels_below(const Mask& mask, i64 below, u32 position) {
  const u32 whole = static_cast<u32>(mask.covered[below / 2]);
  return below % 2 == 0 ? whole : whole + position - mask.bounds[below - 1];
}

// Common pixels, by one warp, which takes the spans of the mask that has fewer.
MASKMILL_DEVICE u32 warp_overlap(const Mask& fewer, const Mask& more) {
  const u32 first = fewer.bounds[0] > more.bounds[0] ? fewer.bounds[0] : more.bounds[0];
  const u32 last_fewer = fewer.bounds[fewer.n_bounds - 1];
  const u32 last_more = more.bounds[more.n_bounds - 1];
  const u32 stop = last_fewer < last_more ? last_fewer : last_more;
  if (first >= stop) return 0;
  const i64 first_span = count_below(fewer.bounds, fewer.n_bounds, first + 1) / 2;
  const i64 stop_span = (count_below(fewer.bounds, fewer.n_bounds, stop) + 1) / 2;
  u32 common = 0;
  for (i64 s = first_span + lane_index(); s < stop_span; s += kWarp) {
    const u32 from = fewer.bounds[2 * s];
    const u32 to = fewer.bounds[2 * s + 1];
    const i64 below = count_below(more.bounds, more.n_bounds, from);
    const i64 between = count_below(more.bounds + below, more.n_bounds - below, to);
    common += pixels_below(more, below + between, to) - pixels_below(more, below, from);
  }
  return warp_sum(common);
}

MASKMILL_DEVICE bool boxes_meet(const i64* a, const i64* b) {
  return a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_pair_walk(PairWalkArgs args) {
  for (i64 number = args.first + warp_index(); number < args.stop; number += warp_count()) {
    const Pair pair = pair_at(args.pairs, number);
    u32 common = 0;
    if (boxes_meet(args.boxes_a + 4 * pair.a, args.boxes_b + 4 * pair.b)) {
      const Mask a = mask_at(args.pairs.a, pair.a);
      const Mask b = mask_at(args.pairs.b, pair.b);
      common = a.n_bounds <= b.n_bounds ? warp_overlap(a, b) : warp_overlap(b, a);
    }
    if (lane_index() == 0) store_pair(args.pairs, number, pair, common);
  }
}

// ---- Bit matrices.

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_pack(PackArgs args) {
  const i64 first = args.groups[args.group];
  const i64 n = args.n_masks * args.n_words;
  for (i64 k = thread_index(); k < n; k += thread_count()) {
    const i64 mask = first + k / args.n_words;
    const i64 word = args.first_word + k % args.n_words;
    const i64 at = args.offsets[mask];
    u32 bits = 0;
    if (word < args.n_all_words) {
      bits =
          word_at(args.bounds + at, args.offsets[mask + 1] - at, static_cast<u32>(32 * word), 32);
    }
    args.out[k] = bits;
  }
}

// Rows and words of one block's share of one tile.
struct TileShare {
  i64 row_a, row_b;  // first
  i64 first_word, stop_word;
};

MASKMILL_DEVICE TileShare tile_share(const BitTiles& tiles, i64 tile_size, i64 number) {
  const i64 n_columns = (tiles.n_b + tile_size - 1) / tile_size;
  const i64 split = number % tiles.n_splits;
  const i64 tile = number / tiles.n_splits;
  const i64 stop = (split + 1) * tiles.split_words;
  return {tile / n_columns * tile_size, tile % n_columns * tile_size, split * tiles.split_words,
          stop < tiles.n_words ? stop : tiles.n_words};
}

MASKMILL_DEVICE i64 tile_count(const BitTiles& tiles, i64 tile_size) {
  const i64 n_rows = (tiles.n_a + tile_size - 1) / tile_size;
  const i64 n_columns = (tiles.n_b + tile_size - 1) / tile_size;
  return n_rows * n_columns * tiles.n_splits;
}

// Blocks that share a tile, and earlier words, add up.
MASKMILL_DEVICE void add_count(const BitTiles& tiles, i64 i, i64 j, u32 count) {
  if (i < tiles.n_a && j < tiles.n_b && count != 0) {
    atomicAdd(&tiles.counts[i * tiles.n_b + j], count);
  }
}

#ifdef MASKMILL_HAS_BINARY_MMA

// Four words more than a stage: aligned to 16 bytes, and no two lanes of a fragment share a bank.
constexpr i64 kStageRow = kStageWords + 4;

MASKMILL_DEVICE void load_stage(u32 (*stage)[kStageRow], const u32* from, i64 first_row, i64 n_rows,
                                i64 n_words, i64 word, i64 stop_word) {
  constexpr u32 kPieces = kStageWords / 4;  // of a row
  for (u32 k = threadIdx.x; k < BinaryMmaArgs::kTile * kPieces; k += BinaryMmaArgs::kThreads) {
    const u32 row = k / kPieces;
    const u32 at = k % kPieces * 4;
    const bool ok = first_row + row < n_rows && word + at < stop_word;
    copy_async_16(&stage[row][at], ok ? from + (first_row + row) * n_words + word + at : from, ok);
  }
}

// Four warps, each 64 by 64 pairs: 4 by 8 fragments.
MASKMILL_KERNEL MASKMILL_BOUNDS(BinaryMmaArgs::kThreads) maskmill_overlap_mma(BinaryMmaArgs args) {
  MASKMILL_SHARED(alignas(16) u32, stage_a, [BinaryMmaArgs::kTile][kStageRow]);
  MASKMILL_SHARED(alignas(16) u32, stage_b, [BinaryMmaArgs::kTile][kStageRow]);
  const u32 warp = threadIdx.x / kWarp;
  const u32 g = lane_index() / 4;
  const u32 t = lane_index() % 4;
  const u32 warp_row = warp % 2 * 64;
  const u32 warp_column = warp / 2 * 64;
  for (i64 tile = blockIdx.x; tile < tile_count(args, BinaryMmaArgs::kTile); tile += gridDim.x) {
    const TileShare share = tile_share(args, BinaryMmaArgs::kTile, tile);
    i32 sums[4][8][4] = {};
    for (i64 word = share.first_word; word < share.stop_word; word += kStageWords) {
      load_stage(stage_a, args.a, share.row_a, args.n_a, args.n_words, word, share.stop_word);
      load_stage(stage_b, args.b, share.row_b, args.n_b, args.n_words, word, share.stop_word);
      copy_async_commit();
      copy_async_wait<0>();
      __syncthreads();
      MASKMILL_UNROLL
      for (u32 k = 0; k < kStageWords; k += 8) {
        u32 a[4][4];
        u32 b[8][2];
        MASKMILL_UNROLL
        for (u32 i = 0; i < 4; ++i) {
          const u32 row = warp_row + i * 16 + g;
          a[i][0] = stage_a[row][k + t];
          a[i][1] = stage_a[row + 8][k + t];
          a[i][2] = stage_a[row][k + t + 4];
          a[i][3] = stage_a[row + 8][k + t + 4];
        }
        MASKMILL_UNROLL
        for (u32 j = 0; j < 8; ++j) {
          const u32 column = warp_column + j * 8 + g;
          b[j][0] = stage_b[column][k + t];
          b[j][1] = stage_b[column][k + t + 4];
        }
        MASKMILL_UNROLL
        for (u32 i = 0; i < 4; ++i) {
          MASKMILL_UNROLL
          for (u32 j = 0; j < 8; ++j) mma_b1(sums[i][j], a[i], b[j]);
        }
      }
      __syncthreads();
    }
    MASKMILL_UNROLL
    for (u32 i = 0; i < 4; ++i) {
      MASKMILL_UNROLL
      for (u32 j = 0; j < 8; ++j) {
        MASKMILL_UNROLL
        for (u32 k = 0; k < 4; ++k) {
          add_count(args, share.row_a + warp_row + i * 16 + g + k / 2 * 8,
                    share.row_b + warp_column + j * 8 + 2 * t + k % 2,
                    static_cast<u32>(sums[i][j][k]));
        }
      }
    }
  }
}

#endif

// A thread has 4 by 4 pairs, 16 rows and columns apart.
MASKMILL_KERNEL MASKMILL_BOUNDS(PopcountArgs::kThreads)
    maskmill_overlap_popcount(PopcountArgs args) {
  constexpr u32 kTile = PopcountArgs::kTile;
  MASKMILL_SHARED(u32, stage_a, [kTile][kStageWords + 1]);
  MASKMILL_SHARED(u32, stage_b, [kTile][kStageWords + 1]);
  const u32 row = threadIdx.x / 16;
  const u32 column = threadIdx.x % 16;
  for (i64 tile = blockIdx.x; tile < tile_count(args, kTile); tile += gridDim.x) {
    const TileShare share = tile_share(args, kTile, tile);
    u32 sums[4][4] = {};
    for (i64 first = share.first_word; first < share.stop_word; first += kStageWords) {
      for (u32 k = threadIdx.x; k < kTile * kStageWords; k += PopcountArgs::kThreads) {
        const u32 at = k / u32{kStageWords};
        const i64 word = first + k % kStageWords;
        const bool some = word < share.stop_word;
        const i64 i = share.row_a + at;
        const i64 j = share.row_b + at;
        stage_a[at][k % kStageWords] = some && i < args.n_a ? args.a[i * args.n_words + word] : 0;
        stage_b[at][k % kStageWords] = some && j < args.n_b ? args.b[j * args.n_words + word] : 0;
      }
      __syncthreads();
      for (u32 k = 0; k < kStageWords; ++k) {
        u32 a[4];
        u32 b[4];
        MASKMILL_UNROLL
        for (u32 i = 0; i < 4; ++i) {
          a[i] = stage_a[row + 16 * i][k];
          b[i] = stage_b[column + 16 * i][k];
        }
        MASKMILL_UNROLL
        for (u32 i = 0; i < 4; ++i) {
          MASKMILL_UNROLL
          for (u32 j = 0; j < 4; ++j) sums[i][j] += static_cast<u32>(__popc(a[i] & b[j]));
        }
      }
      __syncthreads();
    }
    MASKMILL_UNROLL
    for (u32 i = 0; i < 4; ++i) {
      MASKMILL_UNROLL
      for (u32 j = 0; j < 4; ++j) {
        add_count(args, share.row_a + row + 16 * i, share.row_b + column + 16 * j, sums[i][j]);
      }
    }
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_pair_finish(PairFinishArgs args) {
  for (i64 number = args.first + thread_index(); number < args.stop; number += thread_count()) {
    store_pair(args.pairs, number, pair_at(args.pairs, number), args.counts[number - args.first]);
  }
}

}  // namespace maskmill
