#pragma once

#include "cpu/views.h"

namespace maskmill {

void area(const MasksView& masks, int64_t* out, int threads);  // out [n_masks]
void bbox(const MasksView& masks, int64_t* out, int threads);  // out [n_masks, 4] x, y, w, h

}  // namespace maskmill
