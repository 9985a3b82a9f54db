// The same code for two instruction sets, chosen at run time.
//
// A function marked MASKMILL_AVX2 is compiled for AVX2 together with all that it calls; its twin
// without the mark is compiled for every machine. Both give the same bits: the set has no fused
// multiply-add, and contraction is off anyway. MASKMILL_SIMD=portable in the environment forces the
// twin.
#pragma once

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define MASKMILL_HAS_AVX2 1
#define MASKMILL_AVX2 __attribute__((target("avx2"), flatten))
#else
#define MASKMILL_HAS_AVX2 0
#define MASKMILL_AVX2
#endif

namespace maskmill {

inline bool use_avx2() {
#if MASKMILL_HAS_AVX2
  static const bool use = [] {
    const char* forced = std::getenv("MASKMILL_SIMD");
    return __builtin_cpu_supports("avx2") != 0 &&
           (forced == nullptr || std::strcmp(forced, "portable") != 0);
  }();
  return use;
#else
  return false;
#endif
}

}  // namespace maskmill
