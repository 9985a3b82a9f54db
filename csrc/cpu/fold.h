// Folds a set operation over any number of masks of one size.
#pragma once

#include <vector>

#include "core/combine.h"
#include "cpu/buffer.h"
#include "cpu/views.h"

namespace maskmill {

struct Bounds {
  const u32* data;
  int64_t n;
};

// Appends `a op b`.
void combine_into(SetOp op, Bounds a, Bounds b, Buffer<u32>& out);

// Keeps its scratch from group to group.
class Folder {
 public:
  // Appends the fold of masks begin to end. No masks give an empty mask, or a full one for the
  // intersection. The difference takes all later masks from the first.
  void fold(const MasksView& masks, int64_t begin, int64_t end, SetOp op, u32 n_pixels,
            Buffer<u32>& out);

 private:
  void cascade(SetOp op, Buffer<u32>& out);

  std::vector<Bounds> lists_;
  Buffer<u32> levels_[2];
};

}  // namespace maskmill
