// Writes 64 neighbouring pixels at a time. Plain loops, which compilers turn into vector code on
// every machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/types.h"

namespace maskmill {

// The value as often as it fits.
template <class T>
u64 splat(T value) {
  u64 word = value;
  for (u64 bits = 8 * sizeof(T); bits < 64; bits *= 2) word |= word << bits;
  return word;
}

// Writes one value, splat into `word`, over 64 pixels.
template <class T>
void paint_all(T* out, u64 word) {
  auto* const to = reinterpret_cast<unsigned char*>(out);
  for (u64 at = 0; at < 64 * sizeof(T); at += 8) std::memcpy(to + at, &word, 8);
}

// Bytes 0x00 or 0xFF of 8 bits.
struct ByteMasks {
  u64 of[256] = {};

  constexpr ByteMasks() {
    for (u64 bits = 0; bits < 256; ++bits) {
      for (u64 k = 0; k < 8; ++k) of[bits] |= (bits >> k & 1) * 0xFF << 8 * k;
    }
  }
};
inline constexpr ByteMasks kByteMasks;

// Writes one value over those of 64 pixels whose bits are set, and the others as they are.
template <class T>
void paint_some(T* out, u64 bits, T value) {
  u64 words[8];
  for (u64 k = 0; k < 8; ++k) words[k] = kByteMasks.of[bits >> 8 * k & 0xFF];
  signed char masks[64];
  std::memcpy(masks, words, 64);
  for (u64 k = 0; k < 64; ++k) {
    const auto mask = static_cast<T>(static_cast<std::make_signed_t<T>>(masks[k]));
    out[k] = static_cast<T>((out[k] & ~mask) | (value & mask));
  }
}

}  // namespace maskmill
