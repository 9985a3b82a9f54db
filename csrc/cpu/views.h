// What operations see of the caller's arrays, and the columns that they give back.
#pragma once

#include <cstdint>

#include "cpu/buffer.h"

namespace maskmill {

struct MasksView {
  const uint32_t* bounds;  // [n_bounds]
  const int64_t* offsets;  // [n_masks + 1]
  const int32_t* sizes;    // [n_masks, 2] (height, width); null where an operation needs none
  int64_t n_masks;

  [[nodiscard]] const uint32_t* begin(int64_t i) const { return bounds + offsets[i]; }
  [[nodiscard]] const uint32_t* end(int64_t i) const { return bounds + offsets[i + 1]; }
  [[nodiscard]] int64_t n_bounds(int64_t i) const { return offsets[i + 1] - offsets[i]; }
  [[nodiscard]] int64_t height(int64_t i) const { return sizes[2 * i]; }
  [[nodiscard]] int64_t width(int64_t i) const { return sizes[2 * i + 1]; }
};

struct PolygonsView {
  const double* coords;         // [n_vertices, 2] x, y
  const int64_t* ring_offsets;  // [n_rings + 1]
  const int64_t* part_offsets;  // [n_parts + 1]
  const int64_t* mask_offsets;  // [n_masks + 1]
  const int32_t* sizes;         // [n_masks, 2] (height, width)
  int64_t n_masks;
  int64_t n_vertices;
};

// A dense stack in any strides (in bytes).
struct StackView {
  const unsigned char* data;
  int64_t n, height, width;
  int64_t stride_n, stride_y, stride_x;
  int item_size;  // 1, 2, 4 or 8
};

// Ragged values: row i owns values[offsets[i]:offsets[i + 1]].
template <class T>
struct Ragged {
  Buffer<T> values;
  Buffer<int64_t> offsets;
};

using MaskColumns = Ragged<uint32_t>;

}  // namespace maskmill
