// Polygons to masks.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"
#include "kernels/rasterize.h"

namespace maskmill::gpu {

MaskColumns rasterize(Device& device, const PolygonColumns& polygons, RasterRule rule);

}  // namespace maskmill::gpu
