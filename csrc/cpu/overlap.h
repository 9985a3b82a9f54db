// Common pixels of one mask with each of a batch.
#pragma once

#include "cpu/prepared.h"

namespace maskmill {

// The masks of a batch whose boxes meet that of one mask, and what they have in common with it.
// Everything else has nothing.
class Hits {
 public:
  // b has gathered its slices.
  void find(const MasksView& masks_a, const Prepared& a, i64 i, const MasksView& masks_b,
            const Prepared& b);

  i64 n = 0;
  Buffer<i32> index;
  Buffer<u32> common;

 private:
  Buffer<u16> lanes_;
};

}  // namespace maskmill
