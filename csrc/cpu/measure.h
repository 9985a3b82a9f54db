#pragma once

#include "core/measure.h"
#include "cpu/views.h"

namespace maskmill {

void area(const MasksView& masks, int64_t* out, int threads);  // out [n_masks]
void bbox(const MasksView& masks, int64_t* out, int threads);  // out [n_masks, 4] x, y, w, h

// extent_of at the vector level of this machine.
Extent measure_extent(const u32* bounds, i64 n_bounds, Reciprocal by);

}  // namespace maskmill
