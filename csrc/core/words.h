// Pixels as bits.
#pragma once

#include "core/search.h"
#include "core/types.h"

namespace maskmill {

// Bit k of the result is the parity of bits 0 to k.
MASKMILL_HD u32 prefix_parity(u32 bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  return bits ^ (bits << 16);
}

// Up to 32 pixels of a mask from the position `first` on, the first one in the lowest bit.
MASKMILL_HD u32 word_at(const u32* bounds, i64 n_bounds, u32 first, u32 n_pixels) {
  i64 k = count_below(bounds, n_bounds, first);
  u32 flips = static_cast<u32>(k & 1);
  for (; k < n_bounds && bounds[k] - first < n_pixels; ++k) flips ^= 1U << (bounds[k] - first);
  const u32 all = n_pixels < 32 ? (1U << n_pixels) - 1 : 0xffffffffU;
  return prefix_parity(flips) & all;
}

}  // namespace maskmill
