// Folds a set operation over any number of masks of one size.
#pragma once

#include <vector>

#include "core/combine.h"
#include "cpu/buffer.h"

namespace maskmill {

// A sorted list of spans, or of the gaps between them.
struct Bounds {
  const u32* data;
  i64 n;

  [[nodiscard]] const u32* end() const { return data + n; }
};

// Appends `a op b`.
void combine_into(SetOp op, Bounds a, Bounds b, Buffer<u32>& out);

// Keeps its scratch from fold to fold.
class Folder {
 public:
  // The masks of the next fold.
  std::vector<Bounds> lists;

  // Cuts the masks to the pixels from begin to end.
  void clip(u32 begin, u32 end);

  // Appends the fold of at least one mask. The difference takes all later masks from the first.
  void fold(SetOp op, Buffer<u32>& out);

 private:
  void cascade(SetOp op, Buffer<u32>& out);
  void merge_down_to(size_t n, SetOp op);
  void paint(SetOp op, u32 first, u32 last, Buffer<u32>& out);
  void toggle(u32 first, u32 last, Buffer<u32>& out);

  u64* zero_words(u64 n);

  Buffer<u32> clipped_;
  Buffer<u32> levels_[2];
  Buffer<u64> words_;  // all zero between folds
};

}  // namespace maskmill
