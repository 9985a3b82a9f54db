#include "gpu/encode.h"

#include <algorithm>
#include <vector>

#include "gpu/scan.h"
#include "kernels/encode.h"

namespace maskmill::gpu {
namespace {

i64 divide_up(i64 n, i64 by) { return (n + by - 1) / by; }

i64 n_words(const BitsView& bits) { return bits.n_masks * bits.n_columns * bits.column_words; }

i64 n_tiles(const BitsView& bits) { return divide_up(n_words(bits), kFlipTile); }

// Chunks of at most about so many words: of whole masks, or of columns of one mask.
std::vector<BitsView> split(const DenseView& dense, i64 most_words) {
  std::vector<BitsView> chunks;
  if (dense.n == 0) return chunks;
  const i64 column_words = divide_up(dense.height, 32);
  const i64 masks = most_words / (column_words * dense.width);
  if (masks > 0) {
    for (i64 i = 0; i < dense.n; i += masks) {
      chunks.push_back({nullptr, i, std::min(masks, dense.n - i), 0, dense.width, column_words});
    }
    return chunks;
  }
  const i64 columns = std::max(most_words / column_words / kPackColumns, i64{1}) * kPackColumns;
  for (i64 i = 0; i < dense.n; ++i) {
    for (i64 x = 0; x < dense.width; x += columns) {
      chunks.push_back({nullptr, i, 1, x, std::min(columns, dense.width - x), column_words});
    }
  }
  return chunks;
}

void pack(Device& device, const DenseView& dense, const BitsView& bits) {
  const i64 across = std::abs(dense.stride_x);
  const i64 down = std::abs(dense.stride_y);
  const auto tiles = [&](i64 columns) {
    return bits.n_masks * divide_up(bits.n_columns, columns) *
           divide_up(bits.column_words, kPackWords);
  };
  if (dense.item_size == 1 && dense.stride_x == 1) {
    device.launch_blocks(tiles(kPackColumns), PackRowsArgs{dense, bits}, kPackThreads);
  } else if (across <= down) {
    device.launch_blocks(tiles(32), PackStridedArgs{dense, bits}, kPackThreads);
  } else {
    device.launch_threads(n_words(bits), PackColumnsArgs{dense, bits}, kPackThreads);
  }
}

}  // namespace

Encoded encode(Device& device, const DenseView& dense, i64 most_words) {
  std::vector<BitsView> chunks = split(dense, most_words);
  i64 most = 0;
  i64 all_tiles = 0;
  for (const BitsView& chunk : chunks) {
    most = std::max(most, n_words(chunk));
    all_tiles += n_tiles(chunk);
  }
  const Column<u32> bits = device.allocate_column<u32>(most);
  const Column<i64> tile_offsets = device.allocate_column<i64>(all_tiles + 1);
  i64* counts = tile_offsets.data();
  for (BitsView& chunk : chunks) {
    chunk.data = bits.data();
    pack(device, dense, chunk);
    device.launch_blocks(n_tiles(chunk), CountChangesArgs{dense, chunk, n_tiles(chunk), counts},
                         kPackThreads);
    counts += n_tiles(chunk);
  }
  const i64 n_bounds = counts_to_offsets_and_total(device, tile_offsets);
  const Column<u32> bounds = device.allocate_column<u32>(n_bounds);
  const Column<i64> offsets = device.zeros<i64>(dense.n + 1);
  const Column<i32> sizes = device.allocate_column<i32>(2 * dense.n);
  const i64* own_offsets = tile_offsets.data();
  for (const BitsView& chunk : chunks) {
    if (chunks.size() > 1) pack(device, dense, chunk);
    device.launch_blocks(n_tiles(chunk),
                         WriteChangesArgs{dense, chunk, n_tiles(chunk), own_offsets, bounds.data(),
                                          offsets.data(), sizes.data()},
                         kPackThreads);
    own_offsets += n_tiles(chunk);
  }
  return {{bounds, offsets}, sizes};
}

}  // namespace maskmill::gpu
