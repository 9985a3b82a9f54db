// Parameters of the scan kernel.
#pragma once

#include "core/types.h"

namespace maskmill {

constexpr u32 kScanThreads = 256;
constexpr u32 kScanTile = 4 * kScanThreads;

struct ScanArgs {
  static constexpr const char* kKernel = "maskmill_scan";
  const i64* in;  // [n]; sums that are negative or reach 2**62 are right modulo 2**62
  i64* out;       // [n + 1]; may be `in`
  i64 n;
  u64* tiles;   // [n / kScanTile + 1], zero
  u32* ticket;  // [1], zero
};

}  // namespace maskmill
