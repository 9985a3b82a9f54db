// Vertical edges of the outline of a mask: where a pixel differs from its left neighbour.
#pragma once

#include "core/types.h"

namespace maskmill {

// A vertical edge on the line x between two pixel columns, from row line top to row line bottom.
// It runs up if the foreground is right of it, down if left. End 2e is the top of edge e, end 2e +
// 1 its bottom.
struct VerticalEdge {
  i32 x, top, bottom, up;
};

// Calls emit(edge) for all vertical edges of a mask in ascending order of (x, top): the spans in
// which the mask and the mask moved by one column differ, cut where a column ends and where the
// foreground changes sides.
template <class Emit>
MASKMILL_HD void for_each_vertical_edge(const u32* bounds, i64 n, i64 height, const Emit& emit) {
  i64 i = 0;     // flips of the mask passed: an odd number is inside
  i64 j = 0;     // flips of the moved mask passed
  i64 from = 0;  // where the last flip was
  i64 x = 0;
  i64 column = 0;  // position of (row 0, column x)
  while (j < n) {
    const i64 moved = bounds[j] + height;
    const i64 own = i < n ? i64{bounds[i]} : moved;
    const i64 to = own < moved ? own : moved;
    if (((i ^ j) & 1) != 0) {
      while (from < to) {
        if (from - column >= height) {
          x = from / height;
          column = x * height;
        }
        const i64 stop = to - column < height ? to : column + height;
        emit(VerticalEdge{static_cast<i32>(x), static_cast<i32>(from - column),
                          static_cast<i32>(stop - column), static_cast<i32>(i & 1)});
        from = stop;
      }
    }
    from = to;
    i += i < n && own == to;
    j += moved == to;
  }
}

}  // namespace maskmill
