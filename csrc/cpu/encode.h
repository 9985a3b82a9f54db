#pragma once

#include "cpu/views.h"

namespace maskmill {

// Masks of the non-zero items of a stack. All masks have the stack's height and width.
MaskColumns encode(const StackView& dense, int threads);

}  // namespace maskmill
