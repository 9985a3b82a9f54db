#include "cpu/rasterize.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cpu/chains.h"
#include "cpu/parallel.h"
#include "cpu/simd.h"
#include "cpu/sweep.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 11;  // vertices a piece: about 100 us
constexpr int64_t kStripVertices = 1
                                   << 13;  // vertices of a mask that are worth a strip of their own

// What one thread works on: all columns of a mask, or some.
struct Strip {
  int64_t mask;
  int32_t low, high;  // columns [low, high)
};

struct Scratch {
  Chains chains;
  Sweep sweep;
  Buffer<uint32_t> flips;
  // Sorted spans of each part, end to end, and where they end.
  Buffer<uint32_t> spans, united;
  Buffer<int64_t> ends, united_ends;
};

// Appends the spans of one part.
template <class Rule>
void append_part(const PolygonsView& polygons, const Strip& strip, int64_t part, Scratch& scratch,
                 Buffer<uint32_t>& out) {
  const int32_t height = polygons.sizes[2 * strip.mask];
  Chains& chains = scratch.chains;
  chains.clear();
  for (int64_t r = polygons.part_offsets[part]; r < polygons.part_offsets[part + 1]; ++r) {
    const int64_t first = polygons.ring_offsets[r];
    add_ring<Rule>(polygons.coords + 2 * first, polygons.ring_offsets[r + 1] - first,
                   polygons.n_vertices - first, height, strip.low, strip.high, chains);
  }
  if (chains.list.empty()) return;
  scratch.flips.resize(chains.n_crossings + kSweepMargin);
  sweep_chains(chains, static_cast<uint32_t>(height), scratch.sweep, scratch.flips.data());
  append_distinct(scratch.flips.data(), chains.n_crossings, out);
}

// Appends the union of two lists of sorted spans, joined where they touch.
void append_union(const uint32_t* a, const uint32_t* a_end, const uint32_t* b,
                  const uint32_t* b_end, Buffer<uint32_t>& out) {
  uint32_t* const begin = out.room((a_end - a) + (b_end - b));
  uint32_t* end = begin;
  while (a < a_end || b < b_end) {
    const bool take_a = b == b_end || (a < a_end && *a <= *b);
    const uint32_t*& next = take_a ? a : b;
    if (end > begin && next[0] <= end[-1]) {
      end[-1] = std::max(end[-1], next[1]);
    } else {
      *end++ = next[0];
      *end++ = next[1];
    }
    next += 2;
  }
  out.advance(end - begin);
}

// Unites neighbours until one list is left: each span is copied log2(parts) times.
void unite(Scratch& scratch) {
  while (scratch.ends.size() > 1) {
    scratch.united.clear();
    scratch.united_ends.clear();
    const uint32_t* const spans = scratch.spans.data();
    const int64_t n = scratch.ends.size();
    int64_t start = 0;
    for (int64_t i = 0; i < n; i += 2) {
      const int64_t middle = scratch.ends[i];
      const int64_t end = scratch.ends[std::min(i + 1, n - 1)];
      append_union(spans + start, spans + middle, spans + middle, spans + end, scratch.united);
      scratch.united_ends.push(scratch.united.size());
      start = end;
    }
    std::swap(scratch.spans, scratch.united);
    std::swap(scratch.ends, scratch.united_ends);
  }
}

template <class Rule>
void append_strip(const PolygonsView& polygons, const Strip& strip, Scratch& scratch,
                  Buffer<uint32_t>& out) {
  const int64_t first = polygons.mask_offsets[strip.mask];
  const int64_t stop = polygons.mask_offsets[strip.mask + 1];
  if (stop - first == 1) {
    append_part<Rule>(polygons, strip, first, scratch, out);
    return;
  }
  scratch.spans.clear();
  scratch.ends.clear();
  for (int64_t part = first; part < stop; ++part) {
    append_part<Rule>(polygons, strip, part, scratch, scratch.spans);
    scratch.ends.push(scratch.spans.size());
  }
  unite(scratch);
  out.append(scratch.spans.data(), scratch.spans.size());
}

template <class Rule>
void append_strips(const PolygonsView& polygons, const Strip* strips, int64_t first, int64_t stop,
                   Buffer<uint32_t>& bounds, int64_t* ends) {
  Scratch scratch;
  for (int64_t i = first; i < stop; ++i) {
    append_strip<Rule>(polygons, strips[i], scratch, bounds);
    ends[i] = bounds.size();
    reserve_ahead(i + 1 - first, stop - first, bounds);
  }
}

template <class Rule>
MASKMILL_AVX2 void append_strips_avx2(const PolygonsView& polygons, const Strip* strips,
                                      int64_t first, int64_t stop, Buffer<uint32_t>& bounds,
                                      int64_t* ends) {
  append_strips<Rule>(polygons, strips, first, stop, bounds, ends);
}

// One strip a mask; several where a mask of many vertices is worth several threads.
void cut_into_strips(const PolygonsView& polygons, int threads, Buffer<Strip>& strips,
                     Buffer<int64_t>& weights) {
  weights.push(0);
  for (int64_t i = 0; i < polygons.n_masks; ++i) {
    const auto first_vertex = [&](int64_t mask) {
      return polygons.ring_offsets[polygons.part_offsets[polygons.mask_offsets[mask]]];
    };
    const int64_t n_vertices = first_vertex(i + 1) - first_vertex(i);
    const int64_t width = polygons.sizes[2 * i + 1];
    const int64_t most = threads <= 1 ? 1 : std::min<int64_t>(int64_t{2} * threads, width);
    const int64_t n = std::clamp<int64_t>(n_vertices / kStripVertices, 1, most);
    for (int64_t s = 0; s < n; ++s) {
      strips.push(
          {i, static_cast<int32_t>(width * s / n), static_cast<int32_t>(width * (s + 1) / n)});
      weights.push(weights[weights.size() - 1] + n_vertices / n);
    }
  }
}

// Joins the strips of each mask: a flip at the end of one strip and the start of the next cancels.
MaskColumns join_strips(const Buffer<Strip>& strips, int64_t n_masks, MaskColumns&& columns) {
  if (strips.size() == n_masks) return std::move(columns);
  uint32_t* const bounds = columns.values.data();
  Buffer<int64_t> offsets(n_masks + 1);
  offsets[0] = 0;
  int64_t size = 0;
  for (int64_t i = 0; i < strips.size(); ++i) {
    int64_t first = columns.offsets[i];
    const int64_t stop = columns.offsets[i + 1];
    const int64_t mask = strips[i].mask;
    if (first < stop && size > offsets[mask] && bounds[size - 1] == bounds[first]) {
      --size;
      ++first;
    }
    if (size < first) {
      std::memmove(bounds + size, bounds + first,
                   static_cast<size_t>(stop - first) * sizeof(uint32_t));
    }
    size += stop - first;
    offsets[mask + 1] = size;
  }
  columns.values.resize(size);
  columns.offsets = std::move(offsets);
  return std::move(columns);
}

template <class Rule>
MaskColumns rasterize_by(const PolygonsView& polygons, int threads) {
  Buffer<Strip> strips;
  Buffer<int64_t> weights;
  cut_into_strips(polygons, threads, strips, weights);
  const auto cuts = split_rows(threads, strips.size(), weights.data(), 8, kGrain);
  MaskColumns columns = build_ragged_pieces<uint32_t>(
      threads, cuts, [&](int64_t first, int64_t stop, Buffer<uint32_t>& bounds, int64_t* ends) {
        if (use_avx2()) {
          append_strips_avx2<Rule>(polygons, strips.data(), first, stop, bounds, ends);
        } else {
          append_strips<Rule>(polygons, strips.data(), first, stop, bounds, ends);
        }
      });
  return join_strips(strips, polygons.n_masks, std::move(columns));
}

}  // namespace

MaskColumns rasterize(const PolygonsView& polygons, RasterRule rule, int threads) {
  return rule == RasterRule::coco ? rasterize_by<CocoRule>(polygons, threads)
                                  : rasterize_by<CenterRule>(polygons, threads);
}

}  // namespace maskmill
