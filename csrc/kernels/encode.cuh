// Bits to bounds: where a pixel differs from the one before it.
#pragma once

#include "kernels/pack.cuh"

namespace maskmill {

// Words of a chunk, with the place of each.
struct PlacedWord {
  i64 mask, x, word;  // in the chunk
};

// Calls each(place, changes, ends) for the words of a tile that belong to this thread: `changes`
// has a bit for each pixel that differs from the one before it; `ends` tells that the mask ends
// with this word and is set up to the last pixel.
template <class Each>
MASKMILL_DEVICE void for_each_word(const DenseView& dense, const BitsView& bits, i64 tile,
                                   const Each& each) {
  const i64 n_words = bits.n_masks * bits.n_columns * bits.column_words;
  const i64 first = tile * kFlipTile + threadIdx.x * kFlipWords;
  if (first >= n_words) return;
  const i64 stop = first + kFlipWords < n_words ? first + kFlipWords : n_words;
  const i64 column = first / bits.column_words;
  PlacedWord at{column / bits.n_columns, column % bits.n_columns, first % bits.column_words};
  const u32 tail = static_cast<u32>(dense.height % 32);  // rows in the last word; 0: all
  const u32 last_row = tail == 0 ? 31 : tail - 1;
  u32 before = first > 0 ? bits.data[first - 1] : 0;
  for (i64 k = first; k < stop; ++k) {
    const u32 word = bits.data[k];
    const bool is_last = at.word + 1 == bits.column_words;
    u32 carry;
    if (at.word > 0) {
      carry = before >> 31;
    } else if (at.x > 0) {
      carry = before >> last_row & 1;
    } else if (bits.first_x > 0) {
      carry = is_set(pixel_at(dense, bits.first_mask, dense.height - 1, bits.first_x - 1),
                     dense.item_size);
    } else {
      carry = 0;
    }
    u32 changes = word ^ (word << 1 | carry);
    if (is_last && tail != 0) changes &= (1U << tail) - 1;
    const bool ends = is_last && bits.first_x + at.x + 1 == dense.width;
    each(at, changes, ends && (word >> last_row & 1) != 0);
    before = word;
    if (is_last) {
      at.word = 0;
      if (++at.x == bits.n_columns) {
        at.x = 0;
        ++at.mask;
      }
    } else {
      ++at.word;
    }
  }
}

MASKMILL_DEVICE u32 count_changes(const DenseView& dense, const BitsView& bits, i64 tile) {
  u32 n = 0;
  for_each_word(dense, bits, tile, [&](const PlacedWord&, u32 changes, bool ends) {
    n += static_cast<u32>(__popc(changes)) + ends;
  });
  return n;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPackThreads) maskmill_count_changes(CountChangesArgs args) {
  MASKMILL_SHARED(u32, sums, [kPackThreads / kWarp + 1]);
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 total;
    block_exclusive_scan<kPackThreads>(count_changes(args.dense, args.bits, tile), sums, &total);
    if (threadIdx.x == 0) args.out[tile] = total;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kPackThreads) maskmill_write_changes(WriteChangesArgs args) {
  MASKMILL_SHARED(u32, sums, [kPackThreads / kWarp + 1]);
  const DenseView& dense = args.dense;
  const BitsView& bits = args.bits;
  for (i64 tile = blockIdx.x; tile < args.n_tiles; tile += gridDim.x) {
    u32 total;
    const u32 before =
        block_exclusive_scan<kPackThreads>(count_changes(dense, bits, tile), sums, &total);
    i64 at = args.tile_offsets[tile] + before;
    for_each_word(dense, bits, tile, [&](const PlacedWord& place, u32 changes, bool ends) {
      const i64 mask = bits.first_mask + place.mask;
      const i64 x = bits.first_x + place.x;
      if (x == 0 && place.word == 0) {
        args.offsets[mask] = at;
        args.sizes[2 * mask] = static_cast<i32>(dense.height);
        args.sizes[2 * mask + 1] = static_cast<i32>(dense.width);
      }
      const u32 first = static_cast<u32>(x * dense.height + 32 * place.word);
      for (; changes != 0; changes &= changes - 1) {
        args.bounds[at++] = first + static_cast<u32>(__ffs(static_cast<i32>(changes))) - 1;
      }
      if (ends) args.bounds[at++] = static_cast<u32>(dense.height * dense.width);
      if (mask + 1 == dense.n && x + 1 == dense.width && place.word + 1 == bits.column_words) {
        args.offsets[dense.n] = at;
      }
    });
  }
}

}  // namespace maskmill
