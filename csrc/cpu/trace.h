#pragma once

#include "cpu/views.h"

namespace maskmill {

struct PolygonColumns {
  Buffer<double> coords;  // [n_vertices, 2]
  Buffer<int64_t> ring_offsets, part_offsets, mask_offsets;
};

// Outlines and holes of masks less than 2**22 pixels wide and high; vertices are dropped within
// `tolerance` pixels.
PolygonColumns trace(const MasksView& masks, double tolerance, int threads);

}  // namespace maskmill
