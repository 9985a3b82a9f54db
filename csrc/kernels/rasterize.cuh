// Polygons to bounds: a block draws the crossings of one strip into bits in shared memory.
//
// A crossing flips the pixels of its column from its row on. A column has an even number of
// crossings, so flips add up across columns, too, and a range of pixels needs those of its own
// columns alone: crossings before the range flip its first pixel. The flips of a mask of one part
// are its bounds; the parts of other masks are filled first, and united.
#pragma once

#include "core/rasterize.h"
#include "core/words.h"
#include "kernels/ragged.cuh"
#include "kernels/raster_items.cuh"
#include "kernels/rasterize.h"
#include "kernels/warp.cuh"

namespace maskmill {

struct CocoCrossings {
  using Edge = CocoEdge;
  MASKMILL_DEVICE double snap(double v) { return coco_snap(v); }
  MASKMILL_DEVICE i32 column(double x, i32 low, i32 high) { return coco_column(x, low, high); }
  MASKMILL_DEVICE Edge edge(double x0, double y0, double x1, double y1) {
    return coco_edge(x0, y0, x1, y1);
  }
  MASKMILL_DEVICE i32 row(const Edge& edge, i32 column, i32 height) {
    return coco_row(edge, 5.0 * column, height);
  }
};

struct CenterCrossings {
  using Edge = CenterEdge;
  MASKMILL_DEVICE double snap(double v) { return center_snap(v); }
  MASKMILL_DEVICE i32 column(double x, i32 low, i32 high) { return center_column(x, low, high); }
  MASKMILL_DEVICE Edge edge(double x0, double y0, double x1, double y1) {
    return center_edge(x0, y0, x1, y1);
  }
  MASKMILL_DEVICE i32 row(const Edge& edge, i32 column, i32 height) {
    return center_row<i64>(edge, 256.0 * column, height);
  }
};

struct Strip {
  RasterBox box;
  i32 height;
  u32 stride;
  i64 origin;  // number of the pixel of bit 0
  u32 n_bits;
  i32 low, high;  // columns of the image
};

MASKMILL_DEVICE Strip strip_at(const RasterBox& box, i32 height, i64 number) {
  const i64 stride = stride_of(box, height);
  const i64 origin = number * kStripPixels - 1;
  const i64 length = length_of(box, height);
  const i64 next = origin + 1 + kStripPixels;
  const i64 stop = next < length ? next : length;
  const i64 low = origin < 0 ? 0 : origin / stride;
  const i64 high = (stop - 1) / stride + 1;
  return {box,
          height,
          static_cast<u32>(stride),
          origin,
          static_cast<u32>(stop - origin),
          box.left + static_cast<i32>(low),
          box.left + static_cast<i32>(high < box.n_columns ? high : box.n_columns)};
}

// What a block shares.
template <class Rule>
struct RasterShared {
  u32* flips;                  // [kStripWords]
  u32* filled;                 // [kStripWords]
  typename Rule::Edge* edges;  // [kRasterThreads]
  i32* columns;                // [kRasterThreads] where each edge starts
  u32* starts;                 // [kRasterThreads] crossings of the edges before each
  u32* sums;                   // [kRasterThreads / kWarp + 1]
};

template <class Rule>
MASKMILL_DEVICE void flip_crossing(const Strip& strip, const typename Rule::Edge& edge, i32 column,
                                   u32* flips) {
  const RasterBox& box = strip.box;
  const i32 row = clamp_i32(Rule::row(edge, column, strip.height) - box.top, 0, box.n_rows);
  const i64 number = i64{column - box.left} * strip.stride + row;
  const i64 bit = number > strip.origin ? number - strip.origin : 0;
  if (bit < strip.n_bits) atomicXor(&flips[bit / 32], 1U << (bit % 32));
}

// Flips the crossings of one part; gives whether there are any. A thread sets up an edge, then
// crossings are dealt out to threads whatever edge they belong to.
template <class Rule>
MASKMILL_DEVICE bool flip_part(const PolygonColumns& polygons, i64 part, const Strip& strip,
                               const RasterShared<Rule>& shared) {
  const i64 first_ring = polygons.part_offsets[part];
  const i64* rings = polygons.ring_offsets + first_ring;
  const i64 n_rings = polygons.part_offsets[part + 1] - first_ring;
  bool any = false;
  for (i64 first = rings[0]; first < rings[n_rings]; first += kRasterThreads) {
    const i64 v = first + threadIdx.x;
    u32 n = 0;
    if (v < rings[n_rings]) {
      const i64 ring = row_of(rings, n_rings, v);
      const i64 next = v + 1 < rings[ring + 1] ? v + 1 : rings[ring];
      const double x0 = Rule::snap(polygons.coords[2 * v]);
      const double x1 = Rule::snap(polygons.coords[2 * next]);
      const i32 from = Rule::column(x0, strip.low, strip.high);
      const i32 to = Rule::column(x1, strip.low, strip.high);
      n = static_cast<u32>(from < to ? to - from : from - to);
      if (n > 0) {
        shared.edges[threadIdx.x] = Rule::edge(x0, Rule::snap(polygons.coords[2 * v + 1]), x1,
                                               Rule::snap(polygons.coords[2 * next + 1]));
        shared.columns[threadIdx.x] = from < to ? from : to;
      }
    }
    u32 total;
    shared.starts[threadIdx.x] = block_exclusive_scan<kRasterThreads>(n, shared.sums, &total);
    __syncthreads();
    for (u32 k = threadIdx.x; k < total; k += kRasterThreads) {
      u32 owner = 0;
      MASKMILL_UNROLL
      for (u32 d = kRasterThreads / 2; d != 0; d /= 2) {
        if (shared.starts[owner + d] <= k) owner += d;
      }
      flip_crossing<Rule>(strip, shared.edges[owner],
                          shared.columns[owner] + static_cast<i32>(k - shared.starts[owner]),
                          shared.flips);
    }
    __syncthreads();
    any = any || total > 0;
  }
  return any;
}

// Adds what the flips fill, and clears them.
template <class Rule>
MASKMILL_DEVICE void fill_part(u32 n_words, const RasterShared<Rule>& shared) {
  u32 n_flips = 0;
  for (u32 first = 0; first < n_words; first += kRasterThreads) {
    const u32 word = first + threadIdx.x;
    const u32 flips = word < n_words ? shared.flips[word] : 0;
    u32 total;
    const u32 before =
        block_exclusive_scan<kRasterThreads>(static_cast<u32>(__popc(flips)), shared.sums, &total);
    if (word < n_words) {
      const u32 inside = (n_flips + before) % 2 == 0 ? 0 : kAllLanes;
      shared.filled[word] |= prefix_parity(flips) ^ inside;
      shared.flips[word] = 0;
    }
    n_flips += total;
  }
}

// Draws a strip; gives how many bounds there are after it. They are written if there is a place.
template <class Rule>
MASKMILL_DEVICE i64 draw_strip(const PolygonColumns& polygons, i64 mask, const Strip& strip,
                               const RasterShared<Rule>& shared, u32* bounds, i64 n_bounds) {
  const u32 n_words = (strip.n_bits + 31) / 32;
  const i64 first_part = polygons.mask_offsets[mask];
  const i64 stop_part = polygons.mask_offsets[mask + 1];
  const bool unites = stop_part - first_part > 1;
  for (u32 word = threadIdx.x; word < n_words; word += kRasterThreads) {
    shared.flips[word] = 0;
    shared.filled[word] = 0;
  }
  for (i64 part = first_part; part < stop_part; ++part) {
    if (flip_part<Rule>(polygons, part, strip, shared) && unites) fill_part<Rule>(n_words, shared);
  }
  __syncthreads();
  for (u32 first = 0; first < n_words; first += kRasterThreads) {
    const u32 word = first + threadIdx.x;
    u32 changes = 0;
    if (word < n_words) {
      changes = shared.flips[word];
      if (unites) {
        const u32 filled = shared.filled[word];
        changes = filled ^ (filled << 1 | (word > 0 ? shared.filled[word - 1] >> 31 : 0));
      }
      if (word == 0) changes &= ~1U;
      if (word == n_words - 1 && strip.n_bits % 32 != 0) changes &= (1U << (strip.n_bits % 32)) - 1;
    }
    u32 total;
    const u32 before = block_exclusive_scan<kRasterThreads>(static_cast<u32>(__popc(changes)),
                                                            shared.sums, &total);
    if (bounds != nullptr) {
      u32* out = bounds + n_bounds + before;
      for (; changes != 0; changes &= changes - 1) {
        const u32 bit = static_cast<u32>(__ffs(static_cast<i32>(changes))) - 1;
        const u32 number = static_cast<u32>(strip.origin + 32 * i64{word} + bit);
        const u32 column = number / strip.stride;
        *out++ = (static_cast<u32>(strip.box.left) + column) * static_cast<u32>(strip.height) +
                 static_cast<u32>(strip.box.top) + number % strip.stride;
      }
    }
    n_bounds += total;
  }
  return n_bounds;
}

template <class Rule>
MASKMILL_DEVICE void draw_items(const Raster& args, const RasterShared<Rule>& shared) {
  const i64 n_masks = args.polygons.n_masks;
  const i64 n_items = args.item_offsets[n_masks];
  const i64 most = strips_an_item(args.strip_offsets, n_masks, args.n_more);
  const bool counts = args.bounds == nullptr;
  for (i64 item = blockIdx.x; item < args.n_most; item += gridDim.x) {
    i64 n_bounds = counts ? 0 : args.counts[item];
    if (item < n_items && (counts || args.counts[item + 1] != n_bounds)) {
      const i64 mask = args.owners[item];
      const i64 n_strips = args.strip_offsets[mask + 1] - args.strip_offsets[mask];
      const i64 first = (item - args.item_offsets[mask]) * most;
      for (i64 k = first; k < first + most && k < n_strips; ++k) {
        const Strip strip = strip_at(args.boxes[mask], args.polygons.sizes[2 * mask], k);
        n_bounds = draw_strip<Rule>(args.polygons, mask, strip, shared, args.bounds, n_bounds);
      }
    }
    if (counts && threadIdx.x == 0) args.counts[item] = n_bounds;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRasterThreads) maskmill_rasterize_coco(RasterizeCocoArgs args) {
  MASKMILL_SHARED(u32, flips, [kStripWords]);
  MASKMILL_SHARED(u32, filled, [kStripWords]);
  MASKMILL_SHARED(CocoEdge, edges, [kRasterThreads]);
  MASKMILL_SHARED(i32, columns, [kRasterThreads]);
  MASKMILL_SHARED(u32, starts, [kRasterThreads]);
  MASKMILL_SHARED(u32, sums, [kRasterThreads / kWarp + 1]);
  draw_items<CocoCrossings>(args, {flips, filled, edges, columns, starts, sums});
}

MASKMILL_KERNEL MASKMILL_BOUNDS(kRasterThreads)
    maskmill_rasterize_center(RasterizeCenterArgs args) {
  MASKMILL_SHARED(u32, flips, [kStripWords]);
  MASKMILL_SHARED(u32, filled, [kStripWords]);
  MASKMILL_SHARED(CenterEdge, edges, [kRasterThreads]);
  MASKMILL_SHARED(i32, columns, [kRasterThreads]);
  MASKMILL_SHARED(u32, starts, [kRasterThreads]);
  MASKMILL_SHARED(u32, sums, [kRasterThreads / kWarp + 1]);
  draw_items<CenterCrossings>(args, {flips, filled, edges, columns, starts, sums});
}

}  // namespace maskmill
