// Set operations.
#pragma once

#include "core/combine.h"
#include "gpu/device.h"
#include "gpu/views.h"

namespace maskmill::gpu {

// Mask by mask; either batch may hold one mask that serves all of the other.
MaskColumns combine(Device& device, const MasksView& a, const MasksView& b, SetOp op);
MaskColumns complement(Device& device, const MasksView& masks);
// groups [n_groups + 1], sizes [n_groups, 2].
MaskColumns merge(Device& device, const MasksView& masks, const i64* groups, i64 n_groups, SetOp op,
                  const i32* sizes);

}  // namespace maskmill::gpu
