// The masks of label maps.
#pragma once

#include "gpu/device.h"
#include "gpu/views.h"
#include "kernels/dense.h"

namespace maskmill::gpu {

struct Labelled {
  MaskColumns masks;
  Column<i32> sizes;   // [n_masks, 2]
  Column<i64> labels;  // [n_masks]
  Column<i64> groups;  // [n_maps + 1]
};

// Reads back twice: how many runs there are to sort, and how many masks they make.
Labelled from_label_map(Device& device, const DenseView& maps, bool is_signed, const i64* ignore,
                        i64 n_ignore);

}  // namespace maskmill::gpu
