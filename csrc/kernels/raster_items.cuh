// What there is to draw of polygons: boxes of masks, and the strips that blocks share.
#pragma once

#include "core/rasterize.h"
#include "kernels/ragged.cuh"
#include "kernels/rasterize.h"
#include "kernels/warp.cuh"

namespace maskmill {

MASKMILL_DEVICE i64 first_vertex(const PolygonColumns& polygons, i64 part) {
  return polygons.ring_offsets[polygons.part_offsets[part]];
}

// Pixel numbers of a column of the box.
MASKMILL_DEVICE i64 stride_of(const RasterBox& box, i32 height) {
  return box.n_rows == height ? i64{height} : i64{box.n_rows} + 1;
}

// Pixel numbers of the box, and one where its last span may end.
MASKMILL_DEVICE i64 length_of(const RasterBox& box, i32 height) {
  return box.n_columns * stride_of(box, height) + 1;
}

// A warp a mask.
MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_raster_boxes(RasterBoxesArgs args) {
  const PolygonColumns& polygons = args.polygons;
  for (i64 i = warp_index(); i < polygons.n_masks; i += warp_count()) {
    const i32 height = polygons.sizes[2 * i];
    const i32 width = polygons.sizes[2 * i + 1];
    const i64 stop = first_vertex(polygons, polygons.mask_offsets[i + 1]);
    i32 left = width;
    i32 right = 0;
    i32 top = height;
    i32 bottom = 0;
    for (i64 v = first_vertex(polygons, polygons.mask_offsets[i]) + lane_index(); v < stop;
         v += kWarp) {
      const double x = polygons.coords[2 * v];
      const i32 column = args.rule == RasterRule::coco ? coco_column(coco_snap(x), 0, width)
                                                       : center_column(center_snap(x), 0, width);
      const i32 row = static_cast<i32>(polygons.coords[2 * v + 1]);
      left = column < left ? column : left;
      right = column > right ? column : right;
      // Two rows hold what either rule rounds, and three at the end.
      top = row - 2 < top ? row - 2 : top;
      bottom = row + 3 > bottom ? row + 3 : bottom;
    }
    left = warp_min(left);
    right = warp_max(right);
    top = clamp_i32(warp_min(top), 0, height);
    bottom = clamp_i32(warp_max(bottom), 0, height);
    if (lane_index() == 0) {
      const bool some = left < right && top < bottom;
      const RasterBox box{left, top, right - left, bottom - top};
      args.boxes[i] = box;
      args.n_strips[i] = some ? (length_of(box, height) + kStripPixels - 1) / kStripPixels : 0;
    }
  }
}

MASKMILL_DEVICE i64 strips_an_item(const i64* strip_offsets, i64 n_masks, i64 n_more) {
  const i64 strips = (strip_offsets[n_masks] + n_more - 1) / n_more;
  return strips > 1 ? strips : 1;
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_raster_items(RasterItemsArgs args) {
  const i64 most = strips_an_item(args.strip_offsets, args.n_masks, args.n_more);
  for (i64 i = thread_index(); i < args.n_masks; i += thread_count()) {
    args.n_items[i] = (args.strip_offsets[i + 1] - args.strip_offsets[i] + most - 1) / most;
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_raster_owners(RasterOwnersArgs args) {
  const i64 n_items = args.item_offsets[args.n_masks];
  for (i64 item = thread_index(); item < n_items; item += thread_count()) {
    args.owners[item] = row_of(args.item_offsets, args.n_masks, item);
  }
}

MASKMILL_KERNEL MASKMILL_BOUNDS(256) maskmill_raster_offsets(RasterOffsetsArgs args) {
  for (i64 i = thread_index(); i <= args.n_masks; i += thread_count()) {
    args.out[i] = args.counts[args.item_offsets[i]];
  }
}

}  // namespace maskmill
