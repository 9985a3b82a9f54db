// Parameters of the kernels that encode dense masks.
#pragma once

#include "kernels/dense.h"

namespace maskmill {

// Pixels as bits: 32 rows of a column a word, the first one in the lowest bit; columns padded with
// zeros to whole words, one column after the other.
//
// A chunk of a stack: the columns [first_x, first_x + n_columns) of each of n_masks masks. Either
// all columns, or one mask; first_x is a multiple of kPackColumns.
struct BitsView {
  u32* data;
  i64 first_mask, n_masks;
  i64 first_x, n_columns;
  i64 column_words;
};

constexpr u32 kPackThreads = 256;
constexpr u32 kPackColumns = 128;
constexpr u32 kPackWords = 8;  // a warp packs one row of words

// Tiles of kPackColumns columns by kPackWords words; bytes, adjacent along x.
struct PackRowsArgs {
  static constexpr const char* kKernel = "maskmill_pack_rows";
  DenseView dense;
  BitsView bits;
};

// Tiles of 32 columns by kPackWords words, for values that lie closer along x.
struct PackStridedArgs {
  static constexpr const char* kKernel = "maskmill_pack_strided";
  DenseView dense;
  BitsView bits;
};

// A warp 32 words, for values that lie closer along y.
struct PackColumnsArgs {
  static constexpr const char* kKernel = "maskmill_pack_columns";
  DenseView dense;
  BitsView bits;
};

constexpr u32 kFlipWords = 4;  // words a thread
constexpr u32 kFlipTile = kFlipWords * kPackThreads;

struct CountChangesArgs {
  static constexpr const char* kKernel = "maskmill_count_changes";
  DenseView dense;
  BitsView bits;
  i64 n_tiles;
  i64* out;  // [n_tiles]
};

struct WriteChangesArgs {
  static constexpr const char* kKernel = "maskmill_write_changes";
  DenseView dense;
  BitsView bits;
  i64 n_tiles;
  const i64* tile_offsets;  // [n_tiles + 1] of this chunk
  u32* bounds;
  i64* offsets;  // [n + 1]
  i32* sizes;    // [n, 2]
};

}  // namespace maskmill
