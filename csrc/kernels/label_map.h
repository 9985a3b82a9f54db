// Parameters of the kernels that paint label maps.
#pragma once

#include "core/types.h"

namespace maskmill {

struct CountTilesArgs {
  static constexpr const char* kKernel = "maskmill_count_map_tiles";
  const i32* sizes;  // [n_maps, 2]
  i64 n_maps;
  i64* n_pixels;  // [n_maps]
  i64* n_tiles;   // [n_maps]
};

constexpr u32 kPaintThreads = 128;  // one column of a tile each
constexpr u32 kPaintRows = 32;

struct LabelMapArgs {
  static constexpr const char* kKernel = "maskmill_label_map";
  const u32* bounds;
  const i64* offsets;       // [n_masks + 1]
  const i64* labels;        // [n_masks]
  const i64* order;         // [n_masks]: place of each mask that is painted, group by group
  const i64* groups;        // [n_maps + 1]
  const i32* sizes;         // [n_maps, 2]
  const i64* map_offsets;   // [n_maps + 1], in pixels
  const i64* tile_offsets;  // [n_maps + 1]
  i64 n_maps;
  i64 background;
  u8* out;  // all maps, row-major, one after the other
  i32 item_size;
};

}  // namespace maskmill
