#pragma once

#include "core/rasterize.h"
#include "cpu/views.h"

namespace maskmill {

MaskColumns rasterize(const PolygonsView& polygons, RasterRule rule, int threads);

}  // namespace maskmill
