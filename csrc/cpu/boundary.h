#pragma once

#include "cpu/views.h"

namespace maskmill {

// Foreground less what is within radii[i] (chessboard distance) of background or of the border.
MaskColumns erode(const MasksView& masks, const int64_t* radii, int threads);

// Foreground and what is within radii[i] of it.
MaskColumns dilate(const MasksView& masks, const int64_t* radii, int threads);

}  // namespace maskmill
