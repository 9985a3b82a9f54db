// Where two rows of values differ.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/types.h"

namespace maskmill {

// Bit j is set where a[j] != b[j], for the first n <= 64 values. Most pixels of a label map equal
// their neighbours, so that all 64 are first compared at once. Plain loops: compilers turn both
// into vector code.
template <class T>
u64 changes(const T* a, const T* b, int64_t n) {
  if (n == 64) {
    T any = 0;
    for (int j = 0; j < 64; ++j) any = static_cast<T>(any | (a[j] ^ b[j]));
    if (any == 0) return 0;
    unsigned char differs[64];
    for (int j = 0; j < 64; ++j) differs[j] = a[j] != b[j] ? 1 : 0;
    u64 bits = 0;
    for (u64 k = 0; k < 64; k += 8) {
      u64 word = 0;
      std::memcpy(&word, differs + k, 8);
      bits |= (word * 0x0102040810204080) >> 56 << k;  // the bytes, 0 or 1, side by side
    }
    return bits;
  }
  u64 bits = 0;
  for (int64_t j = 0; j < n; ++j) bits |= u64{a[j] != b[j]} << j;
  return bits;
}

template <class Visit>
void for_each_bit(u64 bits, const Visit& visit) {
  for (; bits != 0; bits &= bits - 1) visit(std::countr_zero(bits));
}

}  // namespace maskmill
