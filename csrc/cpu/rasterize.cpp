#include "cpu/rasterize.h"

#include <algorithm>

#include "core/rasterize.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 12;  // vertices a piece

template <class Row>
void flip(const int32_t from, const int32_t to, const u32 height, Buffer<u32>& flips,
          const Row& row) {
  for (int32_t c = std::min(from, to); c < std::max(from, to); ++c) {
    flips.push(static_cast<u32>(c) * height + static_cast<u32>(row(c)));
  }
}

struct Coco {
  static double snap(double v) { return coco_snap(v); }
  static int32_t column(double x, int32_t width) { return coco_column(x, 0, width); }
  static void edge(double x0, double y0, double x1, double y1, int32_t from, int32_t to,
                   int32_t height, Buffer<u32>& flips) {
    const CocoEdge e = coco_edge(x0, y0, x1, y1);
    flip(from, to, static_cast<u32>(height), flips, [&](int32_t c) {
      return e.steep ? coco_steep_row(e, c, height) : coco_flat_row(e, c, height);
    });
  }
};

struct Center {
  static double snap(double v) { return center_snap(v); }
  static int32_t column(double x, int32_t width) { return center_column(x, 0, width); }
  static void edge(double x0, double y0, double x1, double y1, int32_t from, int32_t to,
                   int32_t height, Buffer<u32>& flips) {
    const CenterEdge e = center_edge(x0, y0, x1, y1);
    const bool small = center_is_small(e);
    flip(from, to, static_cast<u32>(height), flips, [&](int32_t c) {
      return small ? center_row<double>(e, c, height) : center_row<i64>(e, c, height);
    });
  }
};

template <class Rule>
void flip_ring(const double* coords, int64_t n, int32_t height, int32_t width, Buffer<u32>& flips) {
  if (n == 0) return;
  double x0 = Rule::snap(coords[2 * n - 2]);
  double y0 = Rule::snap(coords[2 * n - 1]);
  int32_t from = Rule::column(x0, width);
  for (int64_t v = 0; v < n; ++v) {
    const double x1 = Rule::snap(coords[2 * v]);
    const double y1 = Rule::snap(coords[2 * v + 1]);
    const int32_t to = Rule::column(x1, width);
    if (from != to) Rule::edge(x0, y0, x1, y1, from, to, height, flips);
    x0 = x1;
    y0 = y1;
    from = to;
  }
}

// Equal flips cancel in pairs.
void append_distinct(const Buffer<u32>& sorted, Buffer<u32>& out) {
  const int64_t first = out.size();
  for (const u32 flip : sorted) {
    if (out.size() > first && out[out.size() - 1] == flip) {
      out.resize(out.size() - 1);
    } else {
      out.push(flip);
    }
  }
}

// Spans of both, joined where they touch.
void unite(const u32* a, const u32* a_end, const u32* b, const u32* b_end, Buffer<u32>& out) {
  const int64_t first = out.size();
  while (a < a_end || b < b_end) {
    const bool take_a = b == b_end || (a < a_end && *a <= *b);
    const u32*& next = take_a ? a : b;
    if (out.size() > first && next[0] <= out[out.size() - 1]) {
      out[out.size() - 1] = std::max(out[out.size() - 1], next[1]);
    } else {
      out.push(next[0]);
      out.push(next[1]);
    }
    next += 2;
  }
}

template <class Rule>
MaskColumns rasterize_by(const PolygonsView& polygons, int threads) {
  Buffer<int64_t> vertices(polygons.n_masks + 1);
  for (int64_t i = 0; i <= polygons.n_masks; ++i) {
    vertices[i] = polygons.ring_offsets[polygons.part_offsets[polygons.mask_offsets[i]]];
  }
  const auto cuts = split_rows(threads, polygons.n_masks, vertices.data(), 8, kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t i, Buffer<u32>& out) {
    thread_local Buffer<u32> flips, part, united;
    const int32_t height = polygons.sizes[2 * i];
    const int32_t width = polygons.sizes[2 * i + 1];
    united.clear();
    for (int64_t p = polygons.mask_offsets[i]; p < polygons.mask_offsets[i + 1]; ++p) {
      flips.clear();
      for (int64_t r = polygons.part_offsets[p]; r < polygons.part_offsets[p + 1]; ++r) {
        const int64_t first = polygons.ring_offsets[r];
        flip_ring<Rule>(polygons.coords + 2 * first, polygons.ring_offsets[r + 1] - first, height,
                        width, flips);
      }
      std::sort(flips.begin(), flips.end());
      part.clear();
      append_distinct(flips, part);
      flips.clear();
      unite(united.begin(), united.end(), part.begin(), part.end(), flips);
      std::swap(united, flips);
    }
    out.append(united.data(), united.size());
  });
}

}  // namespace

MaskColumns rasterize(const PolygonsView& polygons, RasterRule rule, int threads) {
  return rule == RasterRule::coco ? rasterize_by<Coco>(polygons, threads)
                                  : rasterize_by<Center>(polygons, threads);
}

}  // namespace maskmill
