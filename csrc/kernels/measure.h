// Parameters of the kernels of area and bounding box.
#pragma once

#include "core/types.h"

namespace maskmill {

struct AreaArgs {
  static constexpr const char* kKernel = "maskmill_area";
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  i64 n_masks;
  i64* out;  // [n_masks]
};

struct BboxArgs {
  static constexpr const char* kKernel = "maskmill_bbox";
  const u32* bounds;
  const i64* offsets;  // [n_masks + 1]
  const i32* sizes;    // [n_masks, 2]
  i64 n_masks;
  i64* out;  // [n_masks, 4] x, y, width, height
};

}  // namespace maskmill
