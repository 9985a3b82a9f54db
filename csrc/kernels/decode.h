// Parameters of the kernels that decode masks.
#pragma once

#include "core/types.h"

namespace maskmill {

// Masks of one size and the bytes that they are written to, in any strides.
struct DecodeView {
  const u32* bounds;
  const i64* offsets;  // [n + 1]
  u8* out;
  i64 n, height, width;
  i64 stride_n, stride_y, stride_x;
};

constexpr u32 kDecodeThreads = 256;
constexpr u32 kDecodeColumns = 128;
constexpr u32 kDecodeWords = 8;  // a warp writes the rows of one row of words

// Tiles of kDecodeColumns columns by kDecodeWords words, for pixels that are adjacent along x.
struct DecodeRowsArgs {
  static constexpr const char* kKernel = "maskmill_decode_rows";
  DecodeView view;
};

// A thread 32 rows of a column. `columns_first` where pixels lie closer along x.
struct DecodeStridedArgs {
  static constexpr const char* kKernel = "maskmill_decode_strided";
  DecodeView view;
  bool columns_first;
};

}  // namespace maskmill
