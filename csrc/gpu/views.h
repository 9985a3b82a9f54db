// What drivers see of the caller's columns, and what they give back. All pointers are device
// memory.
#pragma once

#include "core/types.h"
#include "gpu/device.h"

namespace maskmill::gpu {

struct MasksView {
  const u32* bounds;   // [n_bounds]
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2] (height, width); null where an operation needs none
  i64 n_masks;
  i64 n_bounds;
};

// Masks that a driver gives back.
struct MaskColumns {
  Column<u32> bounds;
  Column<i64> offsets;  // [n_masks + 1]
};

}  // namespace maskmill::gpu
