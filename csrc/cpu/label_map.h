#pragma once

#include "cpu/views.h"

namespace maskmill {

// Row-major maps, end to end, and what is painted on them.
struct Painting {
  const int64_t* labels;  // [n_masks]
  const int64_t* order;  // [n_masks] permutes the masks within each group: later ones cover earlier
  const int64_t* groups;  // [n_maps + 1]
  const int32_t* sizes;   // [n_maps, 2] (height, width)
  int64_t n_maps;
  int64_t background;
  void* out;      // [sum of height * width], overwritten
  int item_size;  // 1, 2, 4 or 8 bytes a value
};

void label_map(const MasksView& masks, const Painting& painting, int threads);

struct Labelled {
  MaskColumns masks;
  Buffer<int64_t> labels;  // [n_masks], ascending within a map
  Buffer<int64_t> groups;  // [n_maps + 1]
};

// All labels of each map but those of `ignore` (sorted).
Labelled from_label_map(const StackView& maps, bool is_signed, const int64_t* ignore,
                        int64_t n_ignore, int threads);

}  // namespace maskmill
