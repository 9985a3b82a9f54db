// A ring as chains: stretches of its boundary that run only right or only left.
//
// A chain crosses each column of a range once, so its crossings are an array of rows over columns,
// and need no sorting by column. Rows are computed kLanes at a time, past the end of an edge: what
// is too much is overwritten by the next edge of the chain, or lies in a margin.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rasterize.h"
#include "cpu/buffer.h"
#include "cpu/lanes.h"

namespace maskmill {

struct Chain {
  int32_t first, stop;  // columns [first, stop)
  int64_t at;           // the row of column `first` in the scratch of rows
};

// The rules, as seen from here. Edges lie in groups of kLanes, field by field.
struct CocoRule {
  static double snap(double v) { return coco_snap(v); }
  static int32_t column(double x, int32_t low, int32_t high) { return coco_column(x, low, high); }
  static bool is_small(const double* /*x*/, const double* /*y*/, int64_t /*n*/) { return true; }

  struct Edges {
    double base[kLanes], along[kLanes], shift[kLanes], x[kLanes], slope[kLanes], rest[kLanes],
        drop[kLanes];
  };

  static void set_up(const double* __restrict x, const double* __restrict y,
                     Edges& __restrict edges) {
    MASKMILL_LANES
    for (int32_t k = 0; k < kLanes; ++k) {
      const CocoEdge e = coco_edge(x[k], y[k], x[k + 1], y[k + 1]);
      edges.base[k] = e.base;
      edges.along[k] = e.along;
      edges.shift[k] = e.shift;
      edges.x[k] = e.x;
      edges.slope[k] = e.slope;
      edges.rest[k] = e.rest;
      edges.drop[k] = e.drop;
    }
  }

  // Rows of edge i of the group over columns [column, column + n), n a multiple of kLanes.
  static void rows(const Edges& edges, int64_t i, bool /*small*/, int32_t column, int32_t n,
                   int32_t height, int32_t* out) {
    const CocoEdge e{edges.base[i],  edges.along[i], edges.shift[i], edges.x[i],
                     edges.slope[i], edges.rest[i],  edges.drop[i]};
    for (int32_t c = 0; c < n; c += kLanes) {
      const double line = 5.0 * (column + c);
      MASKMILL_LANES
      for (int32_t k = 0; k < kLanes; ++k) out[c + k] = coco_row(e, line + 5.0 * k, height);
    }
  }
};

struct CenterRule {
  static double snap(double v) { return center_snap(v); }
  static int32_t column(double x, int32_t low, int32_t high) { return center_column(x, low, high); }

  // Doubles are exact for this ring.
  static bool is_small(const double* x, const double* y, int64_t n) {
    int32_t magnitude = 0;
    for (int64_t v = 0; v < n; ++v) {
      const auto whole_x = static_cast<int32_t>(x[v]);
      const auto whole_y = static_cast<int32_t>(y[v]);
      magnitude |= (whole_x < 0 ? -whole_x : whole_x) | (whole_y < 0 ? -whole_y : whole_y);
    }
    return magnitude < kCenterSmall;
  }

  struct Edges {
    double shift[kLanes], y[kLanes], run[kLanes], rise[kLanes], slope[kLanes];
  };

  static void set_up(const double* __restrict x, const double* __restrict y,
                     Edges& __restrict edges) {
    MASKMILL_LANES
    for (int32_t k = 0; k < kLanes; ++k) {
      const CenterEdge e = center_edge(x[k], y[k], x[k + 1], y[k + 1]);
      edges.shift[k] = e.shift;
      edges.y[k] = e.y;
      edges.run[k] = e.run;
      edges.rise[k] = e.rise;
      edges.slope[k] = e.slope;
    }
  }

  static void rows(const Edges& edges, int64_t i, bool small, int32_t column, int32_t n,
                   int32_t height, int32_t* out) {
    const CenterEdge e{edges.shift[i], edges.y[i], edges.run[i], edges.rise[i], edges.slope[i]};
    if (!small) {
      for (int32_t c = 0; c < n; ++c) {
        out[c] = center_row<i64>(e, 256.0 * (column + c), height);
      }
      return;
    }
    for (int32_t c = 0; c < n; c += kLanes) {
      const double line = 256.0 * (column + c);
      MASKMILL_LANES
      for (int32_t k = 0; k < kLanes; ++k) {
        out[c + k] = center_row<double>(e, line + 256.0 * k, height);
      }
    }
  }
};

struct Chains {
  Buffer<Chain> list;
  Buffer<int32_t> rows;
  int64_t n_crossings = 0;

  // The ring at hand, on the grid; its first vertex is repeated at the end.
  Buffer<double> x, y;
  Buffer<int32_t> columns;
  Buffer<std::byte> edges;

  void clear() {
    list.clear();
    rows.clear();
    n_crossings = 0;
  }
};

template <class Rule>
void snap_vertices(const double* coords, int64_t n, int32_t low, int32_t high, double* __restrict x,
                   double* __restrict y, int32_t* __restrict columns) {
  for (int64_t v = 0; v < n; ++v) {
    const double snapped = Rule::snap(coords[2 * v]);
    x[v] = snapped;
    y[v] = Rule::snap(coords[2 * v + 1]);
    columns[v] = Rule::column(snapped, low, high);
  }
}

// Appends the chains of one ring of n vertices over the columns [low, high). `n_readable` vertices
// lie in memory from `coords` on.
template <class Rule>
void add_ring(const double* coords, int64_t n, int64_t n_readable, int32_t height, int32_t low,
              int32_t high, Chains& chains) {
  if (n < 3) return;  // there and back: every crossing cancels
  const int64_t n_whole = whole_lanes(n);
  const int64_t room = n_whole + kLanes;
  chains.x.resize(room);
  chains.y.resize(room);
  chains.columns.resize(room);
  double* const x = chains.x.data();
  double* const y = chains.y.data();
  int32_t* const columns = chains.columns.data();
  if (n_whole <= n_readable) {
    snap_vertices<Rule>(coords, n_whole, low, high, x, y, columns);
  } else {
    snap_vertices<Rule>(coords, n, low, high, x, y, columns);
  }
  for (int64_t k = 0; k < kLanes; ++k) {
    x[n + k] = x[0];
    y[n + k] = y[0];
    columns[n + k] = columns[0];
  }
  uint64_t n_flips = 0;
  for (int64_t v = 0; v < n_whole; ++v) {
    const int32_t step = columns[v + 1] - columns[v];
    n_flips += static_cast<uint32_t>(step < 0 ? -step : step);
  }
  const auto n_crossings = static_cast<int64_t>(n_flips);
  if (n_crossings == 0) return;
  using Edges = typename Rule::Edges;
  chains.edges.resize(n_whole / kLanes * static_cast<int64_t>(sizeof(Edges)));
  Edges* const edges = reinterpret_cast<Edges*>(chains.edges.data());
  for (int64_t v = 0; v < n_whole; v += kLanes) Rule::set_up(x + v, y + v, edges[v / kLanes]);
  const bool small = Rule::is_small(x, y, n_whole);

  // Start at a turn, so that no chain is cut in two. The ring closes: it runs both ways.
  int64_t start = 0;
  while (columns[start + 1] == columns[start]) ++start;
  if (columns[start + 1] > columns[start]) {
    while (columns[start + 1] >= columns[start]) ++start;
  } else {
    while (columns[start + 1] <= columns[start]) ++start;
  }

  // Chains that run right fill the upper half of the room upwards, the others the lower half
  // downwards: either way the next edge of a chain continues the rows of the last.
  const int64_t at = chains.rows.size();
  chains.rows.resize(at + n_crossings + int64_t{2} * kLanes);
  chains.n_crossings += n_crossings;
  int32_t* const rows = chains.rows.data();
  int64_t up = at + kLanes + n_crossings / 2;
  int64_t down = up;
  int32_t direction = 0;
  const auto walk = [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      const int32_t from = columns[v];
      const int32_t to = columns[v + 1];
      if (from < to) {
        if (direction <= 0) chains.list.push({from, from, up});
        direction = 1;
        const auto n_columns = static_cast<int32_t>(whole_lanes(to - from));
        Rule::rows(edges[v / kLanes], v % kLanes, small, from, n_columns, height, rows + up);
        up += to - from;
        chains.list[chains.list.size() - 1].stop = to;
      } else if (from > to) {
        if (direction >= 0) chains.list.push({from, from, down});
        direction = -1;
        const auto n_columns = static_cast<int32_t>(whole_lanes(from - to));
        Rule::rows(edges[v / kLanes], v % kLanes, small, from - n_columns, n_columns, height,
                   rows + down - n_columns);
        down -= from - to;
        Chain& chain = chains.list[chains.list.size() - 1];
        chain.first = to;
        chain.at = down;
      }
    }
  };
  walk(start, n);
  walk(0, start);
}

}  // namespace maskmill
