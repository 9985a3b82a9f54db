// Parameters of the kernels of rasterize.
//
// A mask is drawn inside a box of pixel columns and rows that holds all crossings. Its pixels are
// numbered down the columns: `stride` numbers a column, one more than rows unless the box is as
// high as the image, so that spans end inside the column. Any range of these numbers can be drawn
// by itself: a strip is as long as shared memory has bits, and a block draws one strip at a time.
#pragma once

#include "core/rasterize.h"
#include "core/types.h"

namespace maskmill {

constexpr u32 kRasterThreads = 128;
constexpr u32 kStripWords = 2048;
// The first bit of a strip is the pixel before it.
constexpr u32 kStripPixels = 32 * kStripWords - 1;

struct RasterBox {
  i32 left, top;
  i32 n_columns, n_rows;
};

struct PolygonColumns {
  const double* coords;     // [n_vertices, 2] x, y
  const i64* ring_offsets;  // [n_rings + 1]
  const i64* part_offsets;  // [n_parts + 1]
  const i64* mask_offsets;  // [n_masks + 1]
  const i32* sizes;         // [n_masks, 2]
  i64 n_masks;
};

struct RasterBoxesArgs {
  static constexpr const char* kKernel = "maskmill_raster_boxes";
  PolygonColumns polygons;
  RasterRule rule;
  RasterBox* boxes;  // [n_masks]
  i64* n_strips;     // [n_masks]
};

// Items are what blocks draw: runs of strips of one mask, as many as keep the number of items
// below n_masks + n_more.
struct RasterItemsArgs {
  static constexpr const char* kKernel = "maskmill_raster_items";
  const i64* strip_offsets;  // [n_masks + 1]
  i64 n_masks;
  i64 n_more;    // items
  i64* n_items;  // [n_masks]
};

struct RasterOwnersArgs {
  static constexpr const char* kKernel = "maskmill_raster_owners";
  const i64* item_offsets;  // [n_masks + 1]
  i64 n_masks;
  i64* owners;  // [items] the mask of each
};

struct Raster {
  PolygonColumns polygons;
  const RasterBox* boxes;    // [n_masks]
  const i64* strip_offsets;  // [n_masks + 1]
  const i64* item_offsets;   // [n_masks + 1]
  const i64* owners;         // [n_most]
  i64 n_more, n_most;        // items
  i64* counts;               // [n_most + 1] bounds of each item, after the scan before it
  u32* bounds;               // of the result, null while they are counted
};

struct RasterizeCocoArgs : Raster {
  static constexpr const char* kKernel = "maskmill_rasterize_coco";
};

struct RasterizeCenterArgs : Raster {
  static constexpr const char* kKernel = "maskmill_rasterize_center";
};

struct RasterOffsetsArgs {
  static constexpr const char* kKernel = "maskmill_raster_offsets";
  const i64* item_offsets;  // [n_masks + 1]
  const i64* counts;        // [n_most + 1]
  i64 n_masks;
  i64* out;  // [n_masks + 1]
};

}  // namespace maskmill
