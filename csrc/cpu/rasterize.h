#pragma once

#include "cpu/views.h"

namespace maskmill {

enum class RasterRule { coco, center };

MaskColumns rasterize(const PolygonsView& polygons, RasterRule rule, int threads);

}  // namespace maskmill
