// Loops over a few values at a time, which the compiler turns into vectors.
#pragma once

#include <cstdint>

// Before a short loop inside another: GCC would unroll it, and then find no vectors.
#if defined(__GNUC__) && !defined(__clang__)
#define MASKMILL_LANES _Pragma("GCC unroll 1")
#else
#define MASKMILL_LANES
#endif

namespace maskmill {

// Such loops run past the end of their data by up to kLanes - 1 values and need that much room.
constexpr int32_t kLanes = 8;

constexpr int64_t whole_lanes(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

}  // namespace maskmill
