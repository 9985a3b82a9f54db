// Masks made ready for overlaps with many others.
#pragma once

#include "core/reciprocal.h"
#include "core/types.h"
#include "cpu/buffer.h"
#include "cpu/views.h"

namespace maskmill {

// How the common pixels of a pair are counted. All give the same number.
enum class Method : u8 {
  kWalk,     // along both run lists: nothing to prepare
  kColumns,  // spans cut at column boundaries: vectors of columns
  kBits,     // one bit a pixel: for masks of very many spans
};

// Columns are taken 16 at a time, in blocks that are the same for all masks: block k holds columns
// 16 k to 16 k + 15. A slice of a mask is one span, or none, of each column of a block: 16 first
// rows, then 16 rows after the last; a column without a span has 0 there. Where a column has
// several spans, the block has several slices.
constexpr i64 kBlock = 16;
constexpr i64 kSlice = 2 * kBlock;

class Prepared {
 public:
  // Reads masks begin to end, which have one size. Whatever the method, masks that do not suit it
  // or the memory it may take are left to be walked.
  void prepare(const MasksView& masks, int64_t begin, int64_t end, Method method);

  // Gathers the slices of all masks block by block.
  void gather_slices();

  Method method = Method::kWalk;
  i64 begin = 0;  // row of the first mask
  i64 n = 0;
  u32 height = 0;

  // Boxes, half-open. An empty mask has one that meets no other.
  Buffer<i32> left, right, top, bottom;
  Buffer<u32> area;

  // What the methods prepare of each mask; masks that have nothing are walked.
  struct Shape {
    i64 first = 0;   // its first slice, or word
    i64 n = 0;       // its slices, or words
    i64 origin = 0;  // words: the first is that of pixel 64 * origin
  };
  Buffer<Shape> shapes;

  struct Slices {
    Buffer<i32> block;  // of each slice
    Buffer<u16> rows;   // kSlice values of each
  };
  Slices slices;  // mask by mask, blocks ascending

  // The slices again, block by block: those of first_block + k are offsets[k] to offsets[k + 1].
  i64 first_block = 0;
  Buffer<i64> offsets;
  Buffer<i32> mask;  // of each slice
  [[nodiscard]] const u16* gathered() const { return gathered_.data() + gathered_start_; }

  Buffer<u64> words;  // a bit each for pixels 64 k to 64 k + 63, from first pixel to last

 private:
  Buffer<u16> scratch_;
  Buffer<u16> gathered_;
  i64 gathered_start_ = 0;  // where a cache line starts
};

}  // namespace maskmill
