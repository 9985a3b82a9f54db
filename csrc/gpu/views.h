// What drivers see of the caller's columns. All pointers are device memory.
#pragma once

#include "core/types.h"

namespace maskmill::gpu {

struct MasksView {
  const u32* bounds;   // [n_bounds]
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2] (height, width); null where an operation needs none
  i64 n_masks;
  i64 n_bounds;
};

}  // namespace maskmill::gpu
