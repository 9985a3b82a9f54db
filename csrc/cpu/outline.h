// The rings of one mask.
#pragma once

#include "core/trace.h"
#include "cpu/buffer.h"

namespace maskmill {

class Outline {
 public:
  void trace(const u32* bounds, i64 n_bounds, i64 height);

  // Parts in the order of their first pixel; their rings lie end to end, the outline first.
  Buffer<i32> coords;     // [n_vertices, 2]
  Buffer<i64> ring_ends;  // in vertices
  Buffer<i64> part_ends;  // in rings

 private:
  void sort_ends(i64 height);
  void order_corners();
  void link();
  void label_rings();
  void cut_rings();
  void find_parts(const u32* bounds, i64 n_bounds, i64 height);
  void append_ring(i64 ring);

  Buffer<VerticalEdge> edges_;
  Buffer<i64> order_;    // ends by row line and column line: pairs are horizontal edges
  Buffer<i64> next_;     // edge that follows an edge
  Buffer<i64> ring_of_;  // ring of an edge
  Buffer<i64> roots_;    // first edge of each ring, ascending
  Buffer<i64> part_of_;  // part of each ring
  Buffer<i64> places_;   // for counting
  Buffer<i64> sorted_;   // rings by part
};

}  // namespace maskmill
