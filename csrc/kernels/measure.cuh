// Area and bounding box: a warp a mask.
#pragma once

#include "core/measure.h"
#include "kernels/measure.h"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_area(AreaArgs args) {
  for (i64 i = warp_index(); i < args.n_masks; i += warp_count()) {
    const i64 stop = args.offsets[i + 1];
    u32 own = 0;  // all pixels are fewer than 2**32
    for (i64 k = args.offsets[i] + 2 * lane_index(); k < stop; k += 2 * kWarp) {
      own += args.bounds[k + 1] - args.bounds[k];
    }
    own = warp_sum(own);
    if (lane_index() == 0) args.out[i] = own;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_bbox(BboxArgs args) {
  for (i64 i = warp_index(); i < args.n_masks; i += warp_count()) {
    const u32* bounds = args.bounds + args.offsets[i];
    const i64 n_bounds = args.offsets[i + 1] - args.offsets[i];
    const Reciprocal by = reciprocal(static_cast<u32>(args.sizes[2 * i]));
    Extent extent;
    for (i64 k = 2 * lane_index(); k < n_bounds; k += 2 * kWarp) {
      const Extent span = extent_of(bounds + k, 2, by);
      extent.top = span.top < extent.top ? span.top : extent.top;
      extent.bottom = span.bottom > extent.bottom ? span.bottom : extent.bottom;
    }
    extent.top = warp_min(extent.top);
    extent.bottom = warp_max(extent.bottom);
    if (lane_index() == 0) {
      const Box box = mask_bbox(bounds, n_bounds, by, extent);
      args.out[4 * i] = box.x;
      args.out[4 * i + 1] = box.y;
      args.out[4 * i + 2] = box.width;
      args.out[4 * i + 3] = box.height;
    }
  }
}

}  // namespace maskmill
