// Vector instructions of the inner loops, chosen when the program runs. All levels give the same
// bits: none has a fused multiply-add, and contraction is off anyway. Tests force each.
//
// There are two ways to write them:
// - Loops that the compiler turns into vectors by itself: a function marked MASKMILL_AVX2 is
//   compiled for AVX2 together with all that it calls, and has a twin without the mark; use_avx2()
//   chooses.
// - Loops that need particular instructions ("kernels"): written once, in terms of the struct Simd,
//   in a file that cpu/for_each_simd.h compiles for every level; MASKMILL_KERNEL(name) chooses.
#pragma once

#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define MASKMILL_AVX2 __attribute__((target("avx2"), flatten))
#else
#define MASKMILL_AVX2
#endif

#if defined(__x86_64__)
#define MASKMILL_KERNEL(name)                                             \
  (::maskmill::simd_level() == ::maskmill::SimdLevel::avx2   ? avx2::name \
   : ::maskmill::simd_level() == ::maskmill::SimdLevel::sse2 ? sse2::name \
                                                             : portable::name)
#elif defined(__aarch64__)
#define MASKMILL_KERNEL(name) \
  (::maskmill::simd_level() == ::maskmill::SimdLevel::neon ? neon::name : portable::name)
#else
#define MASKMILL_KERNEL(name) (portable::name)
#endif

namespace maskmill {

enum class SimdLevel { portable, sse2, neon, avx2 };

const char* name_of(SimdLevel level);

// Levels that this machine runs, slowest first.
const std::vector<SimdLevel>& simd_levels();

// The level in use: the last of them, unless the environment names another in MASKMILL_SIMD or one
// is forced.
SimdLevel simd_level();
void force_simd(SimdLevel level);

inline bool use_avx2() { return simd_level() == SimdLevel::avx2; }

}  // namespace maskmill
