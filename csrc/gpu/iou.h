// Intersection area, IoU and dice of pairs.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"
#include "kernels/iou.h"

namespace maskmill::gpu {

// Two batches whose masks are paired inside groups, offsets [n_groups + 1] of rows. All masks of a
// group have one size.
struct PairsView {
  MasksView a, b;
  const i64* groups_a;
  const i64* groups_b;
  i64 n_groups;
};

// A warp a pair, or products of bit matrices without and with tensor cores.
enum class Method : u8 { kWalk, kPopcount, kBinaryMma };

struct PairOptions {
  PairMeasure measure;
  const bool* crowd;  // [masks of b], or null
  // For tests; by default what costs least, and few enough bits to stay in the cache.
  const Method* method = nullptr;
  int64_t chunk_words = 0;  // a multiple of 4
};

// i64 or double, as the measure asks for: row-major matrices, group after group.
struct PairColumn {
  Column<i64> common;
  Column<double> ratios;
};

PairColumn measure_pairs(Device& device, const PairsView& pairs, const PairOptions& options);

}  // namespace maskmill::gpu
