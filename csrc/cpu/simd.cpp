#include "cpu/simd.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace maskmill {
namespace {

std::vector<SimdLevel> find_levels() {
  std::vector<SimdLevel> levels{SimdLevel::portable};
#if defined(__x86_64__)
  levels.push_back(SimdLevel::sse2);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") &&
      __builtin_cpu_supports("popcnt")) {
    levels.push_back(SimdLevel::avx2);
  }
#elif defined(__aarch64__)
  levels.push_back(SimdLevel::neon);
#endif
  return levels;
}

SimdLevel first_level() {
  const char* const wanted = std::getenv("MASKMILL_SIMD");
  for (const SimdLevel level : simd_levels()) {
    if (wanted != nullptr && std::strcmp(wanted, name_of(level)) == 0) return level;
  }
  return simd_levels().back();
}

std::atomic<SimdLevel>& current() {
  static std::atomic<SimdLevel> level{first_level()};
  return level;
}

}  // namespace

const char* name_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::portable:
      return "portable";
    case SimdLevel::sse2:
      return "sse2";
    case SimdLevel::neon:
      return "neon";
    case SimdLevel::avx2:
      return "avx2";
  }
  return "";
}

const std::vector<SimdLevel>& simd_levels() {
  static const std::vector<SimdLevel> levels = find_levels();
  return levels;
}

SimdLevel simd_level() { return current().load(std::memory_order_relaxed); }

void force_simd(SimdLevel level) { current().store(level, std::memory_order_relaxed); }

}  // namespace maskmill
