#pragma once

#include "cpu/views.h"

namespace maskmill {

// Run lengths that nobody has checked.
struct CountsView {
  const int64_t* counts;   // [n_counts]
  const int64_t* offsets;  // [n_masks + 1]
  const int32_t* sizes;    // [n_masks, 2] (height, width)
  int64_t n_masks;
};

// COCO strings that nobody has checked.
struct StringsView {
  const unsigned char* chars;  // [n_chars]
  const int64_t* offsets;      // [n_masks + 1]
  const int32_t* sizes;        // [n_masks, 2] (height, width)
  int64_t n_masks;
};

Ragged<uint32_t> to_counts(const MasksView& masks, int threads);
Ragged<unsigned char> to_coco_strings(const MasksView& masks, int threads);

// Throw StructureError for the first bad record.
MaskColumns from_counts(const CountsView& records, int threads);
MaskColumns from_coco_strings(const StringsView& records, int threads);

}  // namespace maskmill
