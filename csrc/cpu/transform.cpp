#include "cpu/transform.h"

#include <algorithm>
#include <utility>

#include "core/edges.h"
#include "core/transform.h"
#include "cpu/parallel.h"
#include "cpu/span_writer.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 13;  // bounds a piece: about 100 us

struct Gather {
  AxisMap rows, columns;
  int64_t height, width;  // of the result
};

// Writes the rectangles [first, stop), of one column or of the same whole columns, wherever the
// result takes them from.
void write_columns(const Rectangle* first, const Rectangle* stop, const Gather& to,
                   SpanWriter& out) {
  const Range across = indices_from(to.columns, first->left, first->right, to.width);
  if (stop - first == 1) {
    const Range down = indices_from(to.rows, first->top, first->bottom, to.height);
    if (down.first >= down.stop || across.first >= across.stop) return;
    if (down.first == 0 && down.stop == to.height) {
      out.push(across.first * to.height, across.stop * to.height);
      return;
    }
    for (int64_t x = across.first; x < across.stop; ++x) {
      out.push(x * to.height + down.first, x * to.height + down.stop);
    }
    return;
  }
  for (int64_t x = across.first; x < across.stop; ++x) {
    for (int64_t k = 0; k < stop - first; ++k) {
      const Rectangle& at = to.rows.step < 0 ? stop[-1 - k] : first[k];
      const Range down = indices_from(to.rows, at.top, at.bottom, to.height);
      if (down.first < down.stop) {
        out.push(x * to.height + down.first, x * to.height + down.stop);
      }
    }
  }
}

void gather_mask(const uint32_t* bounds, int64_t n_bounds, int64_t height, const Gather& to,
                 Buffer<Rectangle>& rectangles, Buffer<uint32_t>& out) {
  rectangles.clear();
  for (int64_t k = 0; k < n_bounds; k += 2) {
    for_each_rectangle(bounds[k], bounds[k + 1], height,
                       [&](const Rectangle& at) { rectangles.push(at); });
  }
  SpanWriter writer(out);
  const Rectangle* const begin = rectangles.begin();
  const Rectangle* const end = rectangles.end();
  if (to.columns.step > 0) {
    for (const Rectangle* first = begin; first < end;) {
      const Rectangle* stop = first + 1;
      while (stop < end && stop->left == first->left) ++stop;
      write_columns(first, stop, to, writer);
      first = stop;
    }
  } else {
    for (const Rectangle* stop = end; stop > begin;) {
      const Rectangle* first = stop - 1;
      while (first > begin && first[-1].left == first->left) --first;
      write_columns(first, stop, to, writer);
      stop = first;
    }
  }
}

struct TransposeScratch {
  Buffer<VerticalEdge> edges;
  Buffer<int64_t> places;
  Buffer<uint32_t> flips;
};

// A vertical edge is a flip in each row that it passes. Edges ascend by column line, so that
// dealing them out to the rows sorts them.
void transpose_mask(const uint32_t* bounds, int64_t n_bounds, int64_t height, int64_t width,
                    TransposeScratch& scratch, Buffer<uint32_t>& out) {
  if (height == 1 || width == 1) {
    out.append(bounds, n_bounds);
    return;
  }
  scratch.edges.clear();
  for_each_vertical_edge(bounds, n_bounds, height,
                         [&](const VerticalEdge& edge) { scratch.edges.push(edge); });
  if (scratch.edges.empty()) return;
  Buffer<int64_t>& places = scratch.places;
  places.resize(height + 1);
  std::fill(places.begin(), places.end(), 0);
  for (const VerticalEdge& edge : scratch.edges) {
    ++places[edge.top];
    --places[edge.bottom];
  }
  int64_t depth = 0;
  int64_t total = 0;
  for (int64_t y = 0; y < height; ++y) {
    depth += places[y];
    places[y] = total;
    total += depth;
  }
  scratch.flips.resize(total);
  for (const VerticalEdge& edge : scratch.edges) {
    for (int64_t y = edge.top; y < edge.bottom; ++y) {
      scratch.flips[places[y]++] = static_cast<uint32_t>(y * width + edge.x);
    }
  }
  SpanWriter writer(out);  // joins the end of a row and the start of the next
  for (int64_t k = 0; k < total; k += 2) writer.push(scratch.flips[k], scratch.flips[k + 1]);
}

}  // namespace

MaskColumns gather(const MasksView& masks, const int64_t* rows, const int64_t* columns,
                   const int32_t* sizes, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, kGrain);
  return build_ragged_with<uint32_t, Buffer<Rectangle>>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& out, Buffer<Rectangle>& scratch) {
        const Gather to{{rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]},
                        {columns[3 * i], columns[3 * i + 1], columns[3 * i + 2]},
                        sizes[2 * i],
                        sizes[2 * i + 1]};
        gather_mask(masks.begin(i), masks.n_bounds(i), masks.height(i), to, scratch, out);
      });
}

MaskColumns transpose(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, kGrain);
  return build_ragged_with<uint32_t, TransposeScratch>(
      threads, cuts, [&](int64_t i, Buffer<uint32_t>& out, TransposeScratch& scratch) {
        transpose_mask(masks.begin(i), masks.n_bounds(i), masks.height(i), masks.width(i), scratch,
                       out);
      });
}

}  // namespace maskmill
