// Vertical edges of the outline, linked along the lines between pixel rows. Their ends, sorted
// along each line, are the corners: the first and the second bound a horizontal edge, so do the
// third and the fourth, and so on. Where four pixels meet of which two opposite ones are set, two
// ends share a corner, and which of them comes first decides how the outline turns there.
#include "cpu/outline.h"

#include <algorithm>
#include <utility>

#include "core/search.h"

namespace maskmill {

void Outline::trace(const u32* bounds, i64 n_bounds, i64 height) {
  coords.clear();
  ring_ends.clear();
  part_ends.clear();
  edges_.clear();
  for_each_vertical_edge(bounds, n_bounds, height,
                         [&](const VerticalEdge& edge) { edges_.push(edge); });
  if (edges_.empty()) return;
  sort_ends(height);
  order_corners();
  link();
  label_rings();
  cut_rings();
  find_parts(bounds, n_bounds, height);
  for (i64 k = 0; k < sorted_.size(); ++k) {
    append_ring(sorted_[k]);
    const bool ends_part =
        k + 1 == sorted_.size() || part_of_[sorted_[k]] != part_of_[sorted_[k + 1]];
    if (ends_part) part_ends.push(k + 1);
  }
}

// Edges ascend by column line, so that a stable sort by row line is enough.
void Outline::sort_ends(i64 height) {
  const i64 n = 2 * edges_.size();
  const VerticalEdge* const edges = edges_.data();
  order_.resize(n);
  if (height <= 4 * n + 256) {
    places_.resize(height + 1);
    std::fill(places_.begin(), places_.end(), 0);
    for (i64 end = 0; end < n; ++end) ++places_[edge_end_row(edges, end)];
    i64 total = 0;
    for (i64& place : places_) total += std::exchange(place, total);
    for (i64 end = 0; end < n; ++end) order_[places_[edge_end_row(edges, end)]++] = end;
    return;
  }
  for (i64 end = 0; end < n; ++end) order_[end] = end;
  std::sort(order_.begin(), order_.end(), [edges](i64 a, i64 b) {
    const i32 row_a = edge_end_row(edges, a);
    const i32 row_b = edge_end_row(edges, b);
    return row_a != row_b ? row_a < row_b : a < b;
  });
}

// Foreground pixels that touch at a corner only are not connected: where the one right of the upper
// edge is set, the horizontal edge on the left belongs to the lower edge.
void Outline::order_corners() {
  for (i64 k = 1; k + 1 < order_.size(); k += 2) {
    const i64 a = order_[k];
    const i64 b = order_[k + 1];
    const VerticalEdge& upper = edges_[a / 2];
    const bool shared = (a & 1) != 0 && b == a + 1 && edges_[b / 2].x == upper.x &&
                        edges_[b / 2].top == upper.bottom;
    if (shared && upper.up != 0) std::swap(order_[k], order_[k + 1]);
  }
}

void Outline::link() {
  next_.resize(edges_.size());
  for (i64 k = 0; k < order_.size(); k += 2) {
    const bool leaves = edge_leaves(edges_.data(), order_[k]);
    const i64 head = leaves ? order_[k + 1] : order_[k];
    const i64 tail = leaves ? order_[k] : order_[k + 1];
    next_[head / 2] = tail / 2;
  }
}

void Outline::label_rings() {
  const i64 n = edges_.size();
  ring_of_.resize(n);
  std::fill(ring_of_.begin(), ring_of_.end(), -1);
  roots_.clear();
  for (i64 root = 0; root < n; ++root) {
    if (ring_of_[root] >= 0) continue;
    const i64 ring = roots_.size();
    roots_.push(root);
    for (i64 e = root; ring_of_[e] < 0; e = next_[e]) ring_of_[e] = ring;
  }
}

// A ring that passes a corner twice becomes two.
void Outline::cut_rings() {
  bool cut = false;
  for (i64 k = 1; k + 1 < order_.size(); k += 2) {
    const i64 a = order_[k] / 2;
    const i64 b = order_[k + 1] / 2;
    if (a == b || edges_[a].x != edges_[b].x || ring_of_[a] != ring_of_[b]) continue;
    if (edge_end_row(edges_.data(), order_[k]) != edge_end_row(edges_.data(), order_[k + 1])) {
      continue;
    }
    std::swap(order_[k], order_[k + 1]);
    cut = true;
  }
  if (!cut) return;
  link();
  label_rings();
}

// Numbers the parts and sorts the rings by part. The pixel above the first one of a hole is
// foreground; the edge on top of its run is that of a ring that began before: the outline, or
// another hole of the part.
void Outline::find_parts(const u32* bounds, i64 n_bounds, i64 height) {
  const i64 n_rings = roots_.size();
  const VerticalEdge* const edges = edges_.data();
  part_of_.resize(n_rings);
  places_.clear();
  for (i64 ring = 0; ring < n_rings; ++ring) {
    const VerticalEdge& first = edges[roots_[ring]];
    if (first.up != 0) {
      part_of_[ring] = places_.size();
      places_.push(1);
      continue;
    }
    const i64 column = first.x * height;
    const i64 n_before =
        count_below(bounds, n_bounds, static_cast<u32>(column + first.top));  // flips up to above
    const i64 row = std::max<i64>(i64{bounds[n_before - 1]} - column, 0);
    const i64* const after = std::partition_point(order_.begin(), order_.end(), [&](i64 end) {
      const i32 own = edge_end_row(edges, end);
      return own < row || (own == row && edges[end / 2].x <= first.x);
    });
    part_of_[ring] = part_of_[ring_of_[after[-1] / 2]];
    ++places_[part_of_[ring]];
  }
  i64 total = 0;
  for (i64& place : places_) total += std::exchange(place, total);
  sorted_.resize(n_rings);
  for (i64 ring = 0; ring < n_rings; ++ring) sorted_[places_[part_of_[ring]]++] = ring;
}

void Outline::append_ring(i64 ring) {
  const i64 root = roots_[ring];
  const bool up = edges_[root].up != 0;
  // An outline starts where its first edge ends, a hole where it begins: the upper left corner.
  const auto push = [&](const VerticalEdge& edge, bool top) {
    coords.push(edge.x);
    coords.push(top ? edge.top : edge.bottom);
  };
  const VerticalEdge& first = edges_[root];
  push(first, true);
  if (!up) push(first, false);
  for (i64 e = next_[root]; e != root; e = next_[e]) {
    const VerticalEdge& edge = edges_[e];
    push(edge, edge.up == 0);
    push(edge, edge.up != 0);
  }
  if (up) push(first, false);
  ring_ends.push(coords.size() / 2);
}

}  // namespace maskmill
