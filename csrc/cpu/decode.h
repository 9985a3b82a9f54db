#pragma once

#include "cpu/views.h"

namespace maskmill {

// A writable stack of bytes in any strides.
struct MutableStackView {
  unsigned char* data;
  int64_t n, height, width;
  int64_t stride_n, stride_y, stride_x;
};

// Writes 0 and 1 over all of out; the masks have its height and width.
void decode(const MasksView& masks, const MutableStackView& out, int threads);

}  // namespace maskmill
