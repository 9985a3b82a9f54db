// Dense stacks of images as kernels see them.
#pragma once

#include "core/types.h"

namespace maskmill {

// A stack (n, height, width) of values of 1, 2, 4 or 8 bytes in any strides (in bytes), aligned.
struct DenseView {
  const u8* data;
  i64 n, height, width;
  i64 stride_n, stride_y, stride_x;
  i32 item_size;
};

}  // namespace maskmill
