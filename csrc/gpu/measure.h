// Area and bounding box.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"

namespace maskmill::gpu {

Column<i64> area(Device& device, const MasksView& masks);
Column<i64> bbox(Device& device, const MasksView& masks);

}  // namespace maskmill::gpu
