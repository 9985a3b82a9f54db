// Bits packed into 64-bit words, the lowest first.
#pragma once

#include <bit>

#include "core/types.h"

namespace maskmill {

// Sets bits start to stop, at least one.
inline void set_bits(u64* words, u64 start, u64 stop) {
  u64* const first = words + start / 64;
  u64* const last = words + (stop - 1) / 64;
  const u64 from = ~u64{0} << (start % 64);
  const u64 upto = ~u64{0} >> (63 - (stop - 1) % 64);
  if (first == last) {
    *first |= from & upto;
    return;
  }
  *first |= from;
  *last |= upto;
  for (u64* word = first + 1; word < last; ++word) {
    asm volatile("" : "+r"(word));  // or it becomes a call of memset, for a word or two
    *word = ~u64{0};
  }
}

// Writes the positions of the bits of a word, and gives the end of what it wrote.
inline u32* list_bits(u64 bits, u32 position, u32* out) {
  for (; bits != 0; bits &= bits - 1) {
    *out++ = position + static_cast<u32>(std::countr_zero(bits));
  }
  return out;
}

}  // namespace maskmill
