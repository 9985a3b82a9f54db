// Dense values to bits.
#pragma once

#include "kernels/encode.h"
#include "kernels/warp.cuh"

namespace maskmill {

template <class T>
MASKMILL_DEVICE bool is_set(const u8* value) {
  return *reinterpret_cast<const T*>(value) != 0;
}

MASKMILL_DEVICE bool is_set(const u8* value, i32 item_size) {
  switch (item_size) {
    case 1:
      return is_set<u8>(value);
    case 2:
      return is_set<u16>(value);
    case 4:
      return is_set<u32>(value);
    default:
      return is_set<u64>(value);
  }
}

MASKMILL_DEVICE const u8* pixel_at(const DenseView& dense, i64 mask, i64 y, i64 x) {
  return dense.data + mask * dense.stride_n + y * dense.stride_y + x * dense.stride_x;
}

MASKMILL_DEVICE i64 divide_up(i64 n, i64 by) { return (n + by - 1) / by; }

// Calls each(mask, x, word) for the first mask, column and word of each tile of this block.
template <class Each>
MASKMILL_DEVICE void for_each_tile(const BitsView& bits, i64 tile_columns, const Each& each) {
  const i64 across = divide_up(bits.n_columns, tile_columns);
  const i64 down = divide_up(bits.column_words, kPackWords);
  for (i64 tile = blockIdx.x; tile < bits.n_masks * down * across; tile += gridDim.x) {
    each(tile / (down * across), tile % across * tile_columns, tile / across % down * kPackWords);
  }
}

// Word of the column x of the chunk.
MASKMILL_DEVICE u32* word_of(const BitsView& bits, i64 mask, i64 x, i64 word) {
  return bits.data + (mask * bits.n_columns + x) * bits.column_words + word;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPackThreads) maskmill_pack_rows(PackRowsArgs args) {
  MASKMILL_SHARED(u32, words, [4][kWarp][kPackWords + 1]);
  const DenseView& dense = args.dense;
  const BitsView& bits = args.bits;
  const u32 lane = lane_index();
  const u32 warp = threadIdx.x / kWarp;
  for_each_tile(bits, kPackColumns, [&](i64 mask, i64 tile_x, i64 first_word) {
    const i64 x = tile_x + 4 * lane;
    const i64 y = 32 * (first_word + warp);
    const u8* const from = pixel_at(dense, bits.first_mask + mask, y, bits.first_x + x);
    const bool whole =
        x + 4 <= bits.n_columns && reinterpret_cast<u64>(from) % 4 == 0 && dense.stride_y % 4 == 0;
    u32 own[4] = {0, 0, 0, 0};
    MASKMILL_UNROLL
    for (u32 group = 0; group < 4; ++group) {
      u32 rows = 0;  // eight rows of a column a byte
      MASKMILL_UNROLL
      for (u32 r = 0; r < 8; ++r) {
        const i64 row = 8 * group + r;
        u32 four = 0;
        if (y + row < dense.height) {
          const u8* const at = from + row * dense.stride_y;
          if (whole) {
            four = *reinterpret_cast<const u32*>(at);
          } else {
            for (i64 c = 0; c < 4 && x + c < bits.n_columns; ++c) four |= u32{at[c]} << 8 * c;
          }
        }
        const u32 high = ((four & 0x7f7f7f7fU) + 0x7f7f7f7fU) | four;  // bit 7 of what is not 0
        rows |= (high >> 7 & 0x01010101U) << r;
      }
      MASKMILL_UNROLL
      for (u32 c = 0; c < 4; ++c) own[c] |= (rows >> 8 * c & 0xffU) << 8 * group;
    }
    MASKMILL_UNROLL
    for (u32 c = 0; c < 4; ++c) words[c][lane][warp] = own[c];
    __syncthreads();
    // Eight threads write the words of one column, which are adjacent.
    for (u32 k = threadIdx.x; k < kPackColumns * kPackWords; k += kPackThreads) {
      const u32 column = k / kPackWords;
      const i64 word = first_word + k % kPackWords;
      if (tile_x + column < bits.n_columns && word < bits.column_words) {
        *word_of(bits, mask, tile_x + column, word) = words[column % 4][column / 4][k % kPackWords];
      }
    }
    __syncthreads();
  });
}

template <class T>
MASKMILL_DEVICE u32 pack_word(const DenseView& dense, const u8* from, i64 n_rows) {
  u32 word = 0;
  for (i64 r = 0; r < n_rows; ++r) word |= u32{is_set<T>(from + r * dense.stride_y)} << r;
  return word;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPackThreads) maskmill_pack_strided(PackStridedArgs args) {
  MASKMILL_SHARED(u32, words, [kWarp][kPackWords + 1]);
  const DenseView& dense = args.dense;
  const BitsView& bits = args.bits;
  const u32 lane = lane_index();
  const u32 warp = threadIdx.x / kWarp;
  for_each_tile(bits, kWarp, [&](i64 mask, i64 tile_x, i64 first_word) {
    const i64 x = tile_x + lane;
    const i64 y = 32 * (first_word + warp);
    const u8* const from = pixel_at(dense, bits.first_mask + mask, y, bits.first_x + x);
    const i64 left = x < bits.n_columns ? dense.height - y : 0;
    const i64 n_rows = left < 32 ? left : 32;
    switch (dense.item_size) {
      case 1:
        words[lane][warp] = pack_word<u8>(dense, from, n_rows);
        break;
      case 2:
        words[lane][warp] = pack_word<u16>(dense, from, n_rows);
        break;
      case 4:
        words[lane][warp] = pack_word<u32>(dense, from, n_rows);
        break;
      default:
        words[lane][warp] = pack_word<u64>(dense, from, n_rows);
    }
    __syncthreads();
    const u32 column = threadIdx.x / kPackWords;
    const i64 word = first_word + threadIdx.x % kPackWords;
    if (tile_x + column < bits.n_columns && word < bits.column_words) {
      *word_of(bits, mask, tile_x + column, word) = words[column][threadIdx.x % kPackWords];
    }
    __syncthreads();
  });
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPackThreads) maskmill_pack_columns(PackColumnsArgs args) {
  const DenseView& dense = args.dense;
  const BitsView& bits = args.bits;
  const i64 n_words = bits.n_masks * bits.n_columns * bits.column_words;
  for (i64 first = warp_index() * kWarp; first < n_words; first += warp_count() * kWarp) {
    u32 own = 0;
    for (u32 k = 0; k < kWarp && first + k < n_words; ++k) {
      const i64 column = (first + k) / bits.column_words;
      const i64 y = 32 * (first + k - column * bits.column_words) + lane_index();
      const i64 mask = column / bits.n_columns;
      const i64 x = column - mask * bits.n_columns;
      const bool set =
          y < dense.height &&
          is_set(pixel_at(dense, bits.first_mask + mask, y, bits.first_x + x), dense.item_size);
      const u32 word = __ballot_sync(kAllLanes, set);
      if (k == lane_index()) own = word;
    }
    if (first + lane_index() < n_words) bits.data[first + lane_index()] = own;
  }
}

}  // namespace maskmill
