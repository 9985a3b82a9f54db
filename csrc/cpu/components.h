#pragma once

#include "cpu/views.h"

namespace maskmill {

struct ComponentColumns {
  MaskColumns masks;        // one row a component
  Buffer<int64_t> offsets;  // [n_masks + 1]: components of each mask
};

// Connected components of each mask, in the order of their first pixel; `diagonal` tells whether
// pixels that touch at a corner are connected.
ComponentColumns components(const MasksView& masks, bool diagonal, int threads);

}  // namespace maskmill
