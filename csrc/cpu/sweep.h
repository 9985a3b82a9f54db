// Chains to sorted flips: a sweep over the columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "cpu/buffer.h"
#include "cpu/chains.h"
#include "cpu/lanes.h"

namespace maskmill {

// The chains over the column at hand.
struct Sweep {
  Buffer<const int32_t*> rows;  // from the column on
  Buffer<int32_t> stops;
};

inline void order(int32_t& a, int32_t& b) {
  const int32_t low = a < b ? a : b;
  b = a < b ? b : a;
  a = low;
}

// The flips of columns [first, first + n) under two chains, column by column, sorted; n is a
// multiple of kLanes.
inline void flip_two(const int32_t* __restrict a, const int32_t* __restrict b, int32_t first,
                     int64_t n, uint32_t height, uint32_t* __restrict out) {
  for (int64_t k = 0; k < n; ++k) {
    int32_t row0 = a[k];
    int32_t row1 = b[k];
    order(row0, row1);
    const uint32_t base = (static_cast<uint32_t>(first) + static_cast<uint32_t>(k)) * height;
    out[2 * k] = base + static_cast<uint32_t>(row0);
    out[2 * k + 1] = base + static_cast<uint32_t>(row1);
  }
}

inline void flip_four(const int32_t* __restrict a, const int32_t* __restrict b,
                      const int32_t* __restrict c, const int32_t* __restrict d, int32_t first,
                      int64_t n, uint32_t height, uint32_t* __restrict out) {
  for (int64_t k = 0; k < n; ++k) {
    int32_t row0 = a[k];
    int32_t row1 = b[k];
    int32_t row2 = c[k];
    int32_t row3 = d[k];
    order(row0, row1);
    order(row2, row3);
    order(row0, row2);
    order(row1, row3);
    order(row1, row2);
    const uint32_t base = (static_cast<uint32_t>(first) + static_cast<uint32_t>(k)) * height;
    out[4 * k] = base + static_cast<uint32_t>(row0);
    out[4 * k + 1] = base + static_cast<uint32_t>(row1);
    out[4 * k + 2] = base + static_cast<uint32_t>(row2);
    out[4 * k + 3] = base + static_cast<uint32_t>(row3);
  }
}

// Orders the rows of each of kLanes columns: Batcher's merge exchange for any number of chains
// (Knuth, The Art of Computer Programming, 5.2.2, algorithm M).
constexpr int64_t kMostLines = 16;

inline void order_lines(int32_t (*lines)[kLanes], int64_t n) {
  int64_t top = 1;
  while (2 * top < n) top *= 2;
  for (int64_t p = top; p > 0; p /= 2) {
    int64_t q = top;
    int64_t r = 0;
    int64_t d = p;
    for (;;) {
      for (int64_t i = 0; i + d < n; ++i) {
        if ((i & p) != r) continue;
        int32_t* const a = lines[i];
        int32_t* const b = lines[i + d];
        MASKMILL_LANES
        for (int32_t k = 0; k < kLanes; ++k) order(a[k], b[k]);
      }
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
}

inline void flip_many(const int32_t* const* rows, int64_t n, int32_t first, int32_t n_columns,
                      uint32_t height, uint32_t* out) {
  if (n <= kMostLines) {
    for (int32_t c = 0; c < n_columns; c += kLanes) {
      int32_t lines[kMostLines][kLanes];
      for (int64_t i = 0; i < n; ++i) std::memcpy(lines[i], rows[i] + c, sizeof(lines[i]));
      order_lines(lines, n);
      const int32_t count = std::min(kLanes, n_columns - c);
      for (int32_t k = 0; k < count; ++k) {
        const uint32_t base = static_cast<uint32_t>(first + c + k) * height;
        for (int64_t i = 0; i < n; ++i) *out++ = base + static_cast<uint32_t>(lines[i][k]);
      }
    }
    return;
  }
  for (int32_t c = 0; c < n_columns; ++c, out += n) {
    const uint32_t base = static_cast<uint32_t>(first + c) * height;
    for (int64_t i = 0; i < n; ++i) out[i] = base + static_cast<uint32_t>(rows[i][c]);
    std::sort(out, out + n);
  }
}

inline void sort_by_first(Chain* list, int64_t n) {
  if (n > 32) {
    std::sort(list, list + n, [](const Chain& a, const Chain& b) { return a.first < b.first; });
    return;
  }
  for (int64_t i = 1; i < n; ++i) {
    const Chain chain = list[i];
    int64_t at = i;
    for (; at > 0 && list[at - 1].first > chain.first; --at) list[at] = list[at - 1];
    list[at] = chain;
  }
}

// Writes the flips of all chains in ascending order, equal ones included: chains.n_crossings of
// them, and up to kSweepMargin that mean nothing.
constexpr int64_t kSweepMargin = int64_t{4} * kLanes;

inline void sweep_chains(Chains& chains, uint32_t height, Sweep& sweep, uint32_t* out) {
  Chain* const list = chains.list.data();
  const int64_t n = chains.list.size();
  const int32_t* const rows = chains.rows.data();
  if (n == 2) {  // half of all rings: out and back
    const int32_t first = list[0].first;
    flip_two(rows + list[0].at, rows + list[1].at, first, whole_lanes(list[0].stop - first), height,
             out);
    return;
  }
  sort_by_first(list, n);
  sweep.rows.resize(n);
  sweep.stops.resize(n);
  const int32_t** const over = sweep.rows.data();
  int32_t* const stops = sweep.stops.data();
  int64_t n_over = 0;
  int64_t next = 0;
  int32_t column = 0;
  int32_t n_columns = 0;
  for (;;) {
    int32_t stop = INT32_MAX;
    int64_t n_kept = 0;
    for (int64_t k = 0; k < n_over; ++k) {
      const int32_t own = stops[k];
      over[n_kept] = over[k] + n_columns;
      stops[n_kept] = own;
      n_kept += own > column ? 1 : 0;
      stop = own > column && own < stop ? own : stop;
    }
    n_over = n_kept;
    if (n_over == 0) {
      if (next == n) return;
      column = list[next].first;
    }
    for (; next < n && list[next].first == column; ++next, ++n_over) {
      over[n_over] = rows + list[next].at;
      stops[n_over] = list[next].stop;
      stop = std::min(stop, list[next].stop);
    }
    if (next < n) stop = std::min(stop, list[next].first);
    n_columns = stop - column;
    const int64_t n_whole = whole_lanes(n_columns);
    if (n_over == 2) {
      flip_two(over[0], over[1], column, n_whole, height, out);
    } else if (n_over == 4) {
      flip_four(over[0], over[1], over[2], over[3], column, n_whole, height, out);
    } else {
      flip_many(over, n_over, column, n_columns, height, out);
    }
    out += n_over * n_columns;
    column = stop;
  }
}

// Appends sorted flips less those that cancel: of equal ones, all pairs. Reads up to kLanes - 1
// flips past the end.
inline void append_distinct(const uint32_t* flips, int64_t n, Buffer<uint32_t>& out) {
  if (n == 0) return;
  uint32_t* const begin = out.room(n + kLanes);
  begin[0] = flips[0];
  uint32_t* end = begin + 1;
  for (int64_t i = 1; i < n; i += kLanes) {
    uint32_t equal = 0;
    MASKMILL_LANES
    for (int32_t k = 0; k < kLanes; ++k) equal |= flips[i + k - 1] == flips[i + k] ? 1U : 0U;
    const int64_t count = std::min<int64_t>(kLanes, n - i);
    if (equal == 0) {
      std::memcpy(end, flips + i, kLanes * sizeof(uint32_t));
      end += count;
      continue;
    }
    for (int64_t k = i; k < i + count; ++k) {
      *end = flips[k];
      end += end > begin && end[-1] == flips[k] ? -1 : 1;
    }
  }
  out.advance(end - begin);
}

}  // namespace maskmill
