// Bounds to dense masks: 32 rows of a column at a time.
#pragma once

#include "core/words.h"
#include "kernels/decode.h"
#include "kernels/pack.cuh"

namespace maskmill {

// The pixels of a column from row 32 * word on; zeros beyond the mask.
MASKMILL_DEVICE u32 decode_word(const DecodeView& view, i64 mask, i64 x, i64 word) {
  const i64 left = view.height - 32 * word;
  if (x >= view.width || left <= 0) return 0;
  const i64 start = view.offsets[mask];
  return word_at(view.bounds + start, view.offsets[mask + 1] - start,
                 static_cast<u32>(x * view.height + 32 * word),
                 static_cast<u32>(left < 32 ? left : 32));
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kDecodeThreads) maskmill_decode_rows(DecodeRowsArgs args) {
  MASKMILL_SHARED(u32, words, [kDecodeWords][kDecodeColumns]);
  const DecodeView& view = args.view;
  const u32 lane = lane_index();
  const u32 warp = threadIdx.x / kWarp;
  const i64 across = divide_up(view.width, kDecodeColumns);
  const i64 down = divide_up(view.height, 32 * kDecodeWords);
  for (i64 tile = blockIdx.x; tile < view.n * down * across; tile += gridDim.x) {
    const i64 mask = tile / (down * across);
    const i64 tile_x = tile % across * kDecodeColumns;
    const i64 first_word = tile / across % down * kDecodeWords;
    for (u32 k = threadIdx.x; k < kDecodeColumns * kDecodeWords; k += kDecodeThreads) {
      words[k / kDecodeColumns][k % kDecodeColumns] =
          decode_word(view, mask, tile_x + k % kDecodeColumns, first_word + k / kDecodeColumns);
    }
    __syncthreads();
    const i64 x = tile_x + 4 * lane;
    const i64 y = 32 * (first_word + warp);
    const i64 n_columns = view.width - x < 4 ? view.width - x : 4;
    const i64 n_rows = view.height - y < 32 ? view.height - y : 32;
    u8* const to = view.out + mask * view.stride_n + y * view.stride_y + x;
    const bool whole =
        n_columns == 4 && reinterpret_cast<u64>(to) % 4 == 0 && view.stride_y % 4 == 0;
    u32 own[4];
    MASKMILL_UNROLL
    for (u32 c = 0; c < 4; ++c) own[c] = words[warp][4 * lane + c];
    for (i64 r = 0; r < n_rows; ++r) {
      const u32 four = (own[0] >> r & 1) | (own[1] >> r & 1) << 8 | (own[2] >> r & 1) << 16 |
                       (own[3] >> r & 1) << 24;
      u8* const at = to + r * view.stride_y;
      if (whole) {
        *reinterpret_cast<u32*>(at) = four;
      } else {
        for (i64 c = 0; c < n_columns; ++c) at[c] = static_cast<u8>(four >> 8 * c & 1);
      }
    }
    __syncthreads();
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kDecodeThreads) maskmill_decode_strided(DecodeStridedArgs args) {
  const DecodeView& view = args.view;
  const i64 column_words = divide_up(view.height, 32);
  const i64 mask_words = column_words * view.width;
  for (i64 k = thread_index(); k < view.n * mask_words; k += thread_count()) {
    const i64 mask = k / mask_words;
    const i64 place = k - mask * mask_words;
    const i64 x = args.columns_first ? place % view.width : place / column_words;
    const i64 word = args.columns_first ? place / view.width : place % column_words;
    const u32 pixels = decode_word(view, mask, x, word);
    const i64 y = 32 * word;
    const i64 n_rows = view.height - y < 32 ? view.height - y : 32;
    u8* const to = view.out + mask * view.stride_n + y * view.stride_y + x * view.stride_x;
    for (i64 r = 0; r < n_rows; ++r) to[r * view.stride_y] = static_cast<u8>(pixels >> r & 1);
  }
}

}  // namespace maskmill
