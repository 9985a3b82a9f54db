#pragma once

#include "cpu/views.h"

namespace maskmill {

// Pixel (y, x) of result i is that of mask i at the source row and column that `rows` and `columns`
// give, [n_masks, 3] (step, shift, divisor) each; background if that is outside. sizes [n_masks, 2]
// are those of the results.
MaskColumns gather(const MasksView& masks, const int64_t* rows, const int64_t* columns,
                   const int32_t* sizes, int threads);

// Rows and columns exchanged.
MaskColumns transpose(const MasksView& masks, int threads);

}  // namespace maskmill
