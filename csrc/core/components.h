// Connected components: which spans of a mask hang together.
#pragma once

#include "core/types.h"

namespace maskmill {

// A stretch of foreground that is connected in itself, as positions [start, stop).
struct Stretch {
  i64 start, stop;
};

// A span that goes on in the next column is two stretches unless it reaches its own neighbours
// there: with 4 neighbours a pixel it is longer than a column, with 8 at least as long. Calls
// emit(stretch) for one or two.
template <class Emit>
MASKMILL_HD void split_span(i64 start, i64 stop, i64 height, bool diagonal, const Emit& emit) {
  const i64 seam = (start / height + 1) * height;
  const bool whole = stop <= seam || stop - start > height || (diagonal && stop - start == height);
  if (whole) {
    emit(Stretch{start, stop});
  } else {
    emit(Stretch{start, seam});
    emit(Stretch{seam, stop});
  }
}

// Positions in the next column that touch a stretch, beside those of stretches that it is: one
// column on, and one pixel more at each end if diagonals count and the column goes on there.
MASKMILL_HD Stretch reach_of(Stretch at, i64 height, bool diagonal) {
  const bool up = diagonal && at.start % height != 0;
  const bool down = diagonal && at.stop % height != 0;
  return {at.start + height - (up ? 1 : 0), at.stop + height + (down ? 1 : 0)};
}

// Calls join(a, b) for every pair of stretches that touch, both lists ascending: reaches[a] meets
// stretches[b]. Reaches of neighbours overlap by one position at most.
template <class Join>
MASKMILL_HD void for_each_touch(const Stretch* reaches, const Stretch* stretches, i64 n,
                                const Join& join) {
  i64 a = 0;
  i64 b = 0;
  while (b < n) {  // the last reach lies beyond the last stretch
    if (reaches[a].stop <= stretches[b].start) {
      ++a;
    } else if (stretches[b].stop <= reaches[a].start) {
      ++b;
    } else {
      join(a, b);
      if (reaches[a].stop <= stretches[b].stop) {
        ++a;
      } else {
        ++b;
      }
    }
  }
}

// Roots of a forest in which no node has a parent above itself: the smallest of each tree.
MASKMILL_HD i64 find_root(i64* parents, i64 node) {
  while (parents[node] != node) {
    parents[node] = parents[parents[node]];
    node = parents[node];
  }
  return node;
}

MASKMILL_HD void join_trees(i64* parents, i64 a, i64 b) {
  const i64 root_a = find_root(parents, a);
  const i64 root_b = find_root(parents, b);
  if (root_a < root_b) {
    parents[root_b] = root_a;
  } else {
    parents[root_a] = root_b;
  }
}

}  // namespace maskmill
