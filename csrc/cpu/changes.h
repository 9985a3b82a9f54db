// Where two rows of values differ.
#pragma once

#include <bit>
#include <cstdint>

namespace maskmill {

// Bit j is set where a[j] != b[j], for the first n <= 64 values.
template <class T>
uint64_t changes(const T* a, const T* b, int64_t n) {
  uint64_t bits = 0;
  for (int64_t j = 0; j < n; ++j) bits |= uint64_t{a[j] != b[j]} << j;
  return bits;
}

template <class Visit>
void for_each_bit(uint64_t bits, const Visit& visit) {
  for (; bits != 0; bits &= bits - 1) visit(std::countr_zero(bits));
}

}  // namespace maskmill
