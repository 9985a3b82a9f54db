#include "gpu/sort.h"

#include <utility>

#include "gpu/scan.h"
#include "kernels/sort.h"

namespace maskmill::gpu {

Pairs sort_pairs(Device& device, Pairs pairs, int n_bits) {
  const i64 n = pairs.keys.size;
  const i64 n_tiles = (n + kSortTile - 1) / kSortTile;
  Pairs sorted{device.allocate_column<u64>(n), device.allocate_column<i64>(n)};
  const Column<i64> offsets = device.allocate_column<i64>(kDigits * n_tiles + 1);
  for (int bit = 0; bit < n_bits; bit += kDigitBits) {
    const u32 shift = static_cast<u32>(bit);
    device.launch_blocks(n_tiles,
                         CountDigitsArgs{pairs.keys.data(), n, n_tiles, shift, offsets.data()},
                         kSortThreads);
    counts_to_offsets(device, offsets);
    device.launch_blocks(
        n_tiles,
        ScatterDigitsArgs{pairs.keys.data(), pairs.values.data(), n, n_tiles, shift, offsets.data(),
                          sorted.keys.data(), sorted.values.data()},
        kSortThreads);
    std::swap(pairs, sorted);
  }
  return pairs;
}

}  // namespace maskmill::gpu
