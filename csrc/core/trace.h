// Masks to polygons: the ends of vertical edges, and how far a vertex lies from a segment.
#pragma once

#include "core/edges.h"
#include "core/types.h"

namespace maskmill {

// End 2e is the top of edge e, end 2e + 1 its bottom.
MASKMILL_HD i32 edge_end_row(const VerticalEdge* edges, i64 end) {
  const VerticalEdge& edge = edges[end / 2];
  return (end & 1) != 0 ? edge.bottom : edge.top;
}

// An edge that runs up leaves its bottom.
MASKMILL_HD bool edge_leaves(const VerticalEdge* edges, i64 end) {
  return (end & 1) == i64{edges[end / 2].up};
}

// Squared distance of point p from the segment from a to b, a vertex each: int32 x, y below 2**22.
// Integers are exact; doubles are rounded in this order.
MASKMILL_HD double squared_distance(const i32* p, const i32* a, const i32* b) {
  const i64 along_x = i64{b[0]} - a[0];
  const i64 along_y = i64{b[1]} - a[1];
  const i64 x = i64{p[0]} - a[0];
  const i64 y = i64{p[1]} - a[1];
  const i64 length = along_x * along_x + along_y * along_y;
  const i64 dot = x * along_x + y * along_y;
  if (dot <= 0) return static_cast<double>(x * x + y * y);
  if (dot >= length) {
    const i64 beyond_x = i64{p[0]} - b[0];
    const i64 beyond_y = i64{p[1]} - b[1];
    return static_cast<double>(beyond_x * beyond_x + beyond_y * beyond_y);
  }
  const double cross = static_cast<double>(x * along_y - y * along_x);
  return cross * cross / static_cast<double>(length);
}

// Of the vertices (first, stop) between vertex `first` and vertex `stop`, the farthest from their
// segment: of several the nearest to the middle, of two such the first.
struct Farthest {
  i64 index;
  double distance;  // squared; negative if there are no vertices
};

MASKMILL_HD Farthest farthest_vertex(const i32* ring, i64 first, i64 stop, const i32* end) {
  Farthest best{first, -1.0};
  i64 best_off = 0;
  for (i64 k = first + 1; k < stop; ++k) {
    const double distance = squared_distance(ring + 2 * k, ring + 2 * first, end);
    const i64 side = 2 * k - first - stop;
    const i64 off = side < 0 ? -side : side;
    if (distance > best.distance || (distance == best.distance && off < best_off)) {
      best = {k, distance};
      best_off = off;
    }
  }
  return best;
}

}  // namespace maskmill
