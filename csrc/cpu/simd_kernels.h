// The instructions that kernels are written in: one struct Simd for each level of cpu/simd.h.
#pragma once

#include <bit>
#include <cstring>

#include "core/types.h"
#include "cpu/simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static_assert(std::endian::native == std::endian::little, "kernels pack bits into little words");

namespace maskmill {

// Row m holds, two bytes each, the places of the bits of m: shuffles 16-bit lanes to the front.
struct PackTable {
  constexpr PackTable() {
    for (int m = 0; m < 256; ++m) {
      int n = 0;
      for (int k = 0; k < 8; ++k) {
        if ((m >> k & 1) == 0) continue;
        bytes[m][n++] = static_cast<u8>(2 * k);
        bytes[m][n++] = static_cast<u8>(2 * k + 1);
      }
    }
  }
  alignas(16) u8 bytes[256][16] = {};
};
inline constexpr PackTable kPackTable;

// 64 values at a time: bit k of a word stands for value k.
namespace portable {
struct Simd {
  // Bits of the bytes that are not zero.
  static u64 nonzero(const u8* bytes) {
    u64 bits = 0;
    for (int k = 0; k < 64; k += 8) {
      u64 word = 0;
      std::memcpy(&word, bytes + k, 8);
      word |= (word & 0x7F7F7F7F7F7F7F7F) + 0x7F7F7F7F7F7F7F7F;  // bit 7: the byte is not zero
      word = (word >> 7) & 0x0101010101010101;
      bits |= (word * 0x0102040810204080) >> 56 << k;
    }
    return bits;
  }

  // Tells whether 128 bytes differ anywhere.
  static bool differ(const u8* a, const u8* b) { return std::memcmp(a, b, 128) != 0; }

  // Bytes 0 and 1 of the bits.
  static void expand(u64 bits, u8* bytes) {
    for (int k = 0; k < 64; k += 8) {
      u64 word = (bits >> k & 0xFF) * 0x0101010101010101 & 0x8040201008040201;
      word |= (word & 0x7F7F7F7F7F7F7F7F) + 0x7F7F7F7F7F7F7F7F;
      word = (word >> 7) & 0x0101010101010101;
      std::memcpy(bytes + k, &word, 8);
    }
  }

  // Moves the values of the set bits together; gives their end. Up to 8 values beyond are written.
  static i16* pack(const i16* values, u64 bits, i16* out) {
    i16* const end = out + std::popcount(bits);
    while (bits != 0) {
      for (int k = 0; k < 8; ++k) {
        out[k] = values[std::countr_zero(bits) & 63];
        bits &= bits - 1;
      }
      out += 8;
    }
    return end;
  }

  // Copies 64 bytes, or expands bits, past the caches; `to` is aligned to 64. Call fence() when
  // done.
  static void stream(const u8* from, u8* to) { std::memcpy(to, from, 64); }
  static void expand_past(u64 bits, u8* to) { expand(bits, to); }
  static void fence() {}
};
}  // namespace portable

#if defined(__x86_64__)

namespace sse2 {
struct Simd {
  static u64 nonzero(const u8* bytes) {
    u64 zeros = 0;
    for (int k = 0; k < 64; k += 16) {
      const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + k));
      const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_setzero_si128()));
      zeros |= static_cast<u64>(static_cast<u32>(mask)) << k;
    }
    return ~zeros;
  }

  static bool differ(const u8* a, const u8* b) {
    __m128i any = _mm_setzero_si128();
    for (int k = 0; k < 128; k += 16) {
      const __m128i part_a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + k));
      const __m128i part_b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + k));
      any = _mm_or_si128(any, _mm_xor_si128(part_a, part_b));
    }
    return _mm_movemask_epi8(_mm_cmpeq_epi8(any, _mm_setzero_si128())) != 0xFFFF;
  }

  static void expand(u64 bits, u8* bytes) {
    const __m128i own = _mm_set1_epi64x(static_cast<i64>(0x8040201008040201));
    const __m128i one = _mm_set1_epi8(1);
    const __m128i all = _mm_cvtsi64_si128(static_cast<i64>(bits));
    const __m128i twice = _mm_unpacklo_epi8(all, all);
    const __m128i low = _mm_unpacklo_epi16(twice, twice);
    const __m128i high = _mm_unpackhi_epi16(twice, twice);
    const __m128i parts[4] = {_mm_unpacklo_epi32(low, low), _mm_unpackhi_epi32(low, low),
                              _mm_unpacklo_epi32(high, high), _mm_unpackhi_epi32(high, high)};
    for (i64 k = 0; k < 4; ++k) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + 16 * k),
                       _mm_min_epu8(_mm_and_si128(parts[k], own), one));
    }
  }

  static void expand_past(u64 bits, u8* to) {
    alignas(16) u8 bytes[64];
    expand(bits, bytes);
    stream(bytes, to);
  }

  static i16* pack(const i16* values, u64 bits, i16* out) {
    return portable::Simd::pack(values, bits, out);
  }

  static void stream(const u8* from, u8* to) {
    for (int k = 0; k < 64; k += 16) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + k),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k)));
    }
  }
  static void fence() { _mm_sfence(); }
};
}  // namespace sse2

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
namespace avx2 {
struct Simd {
  static u64 nonzero(const u8* bytes) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32));
    const auto zeros_low = static_cast<u32>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, zero)));
    const auto zeros_high = static_cast<u32>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, zero)));
    return ~(static_cast<u64>(zeros_high) << 32 | zeros_low);
  }

  static bool differ(const u8* a, const u8* b) {
    __m256i any = _mm256_setzero_si256();
    for (int k = 0; k < 128; k += 32) {
      const __m256i part_a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + k));
      const __m256i part_b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + k));
      any = _mm256_or_si256(any, _mm256_xor_si256(part_a, part_b));
    }
    return _mm256_testz_si256(any, any) == 0;
  }

  static void expand(u64 bits, u8* bytes) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), expand_half(bits));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes + 32), expand_half(bits >> 32));
  }

  static void expand_past(u64 bits, u8* to) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), expand_half(bits));
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to + 32), expand_half(bits >> 32));
  }

  static __m256i expand_half(u64 bits) {
    const __m256i own = _mm256_set1_epi64x(static_cast<i64>(0x8040201008040201));
    const __m256i which = _mm256_setr_epi64x(0x0000000000000000, 0x0101010101010101,
                                             0x0202020202020202, 0x0303030303030303);
    const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), which);
    return _mm256_min_epu8(_mm256_and_si256(spread, own), _mm256_set1_epi8(1));
  }

  static i16* pack(const i16* values, u64 bits, i16* out) {
    for (int k = 0; k < 64; k += 8) {
      const u64 own = bits >> k & 0xFF;
      const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + k));
      const __m128i places =
          _mm_load_si128(reinterpret_cast<const __m128i*>(kPackTable.bytes[own]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(eight, places));
      out += std::popcount(own);
    }
    return out;
  }

  static void stream(const u8* from, u8* to) {
    for (int k = 0; k < 64; k += 32) {
      _mm256_stream_si256(reinterpret_cast<__m256i*>(to + k),
                          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k)));
    }
  }
  static void fence() { _mm_sfence(); }
};
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#elif defined(__aarch64__)

namespace neon {
struct Simd {
  static u64 nonzero(const u8* bytes) {
    const uint8x16_t own = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
    uint8x16_t parts[4];
    for (i64 k = 0; k < 4; ++k) {
      const uint8x16_t part = vld1q_u8(bytes + 16 * k);
      parts[k] = vandq_u8(vtstq_u8(part, part), own);
    }
    const uint8x16_t halves =
        vpaddq_u8(vpaddq_u8(parts[0], parts[1]), vpaddq_u8(parts[2], parts[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(halves, halves)), 0);
  }

  static bool differ(const u8* a, const u8* b) {
    uint8x16_t any = vdupq_n_u8(0);
    for (int k = 0; k < 128; k += 16) {
      any = vorrq_u8(any, veorq_u8(vld1q_u8(a + k), vld1q_u8(b + k)));
    }
    return vmaxvq_u8(any) != 0;
  }

  static void expand(u64 bits, u8* bytes) {
    const uint8x16_t own = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
    for (i64 k = 0; k < 4; ++k) {
      const auto low = static_cast<u8>(bits >> 16 * k);
      const auto high = static_cast<u8>(bits >> (16 * k + 8));
      const uint8x16_t spread = vcombine_u8(vdup_n_u8(low), vdup_n_u8(high));
      vst1q_u8(bytes + 16 * k, vandq_u8(vtstq_u8(spread, own), vdupq_n_u8(1)));
    }
  }

  static i16* pack(const i16* values, u64 bits, i16* out) {
    for (int k = 0; k < 64; k += 8) {
      const u64 own = bits >> k & 0xFF;
      const uint8x16_t eight = vreinterpretq_u8_s16(vld1q_s16(values + k));
      const uint8x16_t places = vld1q_u8(kPackTable.bytes[own]);
      vst1q_s16(out, vreinterpretq_s16_u8(vqtbl1q_u8(eight, places)));
      out += std::popcount(own);
    }
    return out;
  }

  static void stream(const u8* from, u8* to) { std::memcpy(to, from, 64); }
  static void expand_past(u64 bits, u8* to) { expand(bits, to); }
  static void fence() {}
};
}  // namespace neon

#endif

}  // namespace maskmill
