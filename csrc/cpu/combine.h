#pragma once

#include "core/combine.h"
#include "cpu/views.h"

namespace maskmill {

// Pairwise; one of the batches may hold a single mask that serves all of the other.
MaskColumns combine(const MasksView& a, const MasksView& b, SetOp op, int threads);

MaskColumns complement(const MasksView& masks, int threads);

// Folds `op` over masks groups[g] to groups[g + 1]. sizes [n_groups, 2]: (height, width).
MaskColumns merge(const MasksView& masks, const int64_t* groups, int64_t n_groups, SetOp op,
                  const int32_t* sizes, int threads);

}  // namespace maskmill
