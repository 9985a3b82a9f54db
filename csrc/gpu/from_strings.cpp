#include "kernels/from_strings.h"

#include "gpu/scan.h"
#include "gpu/strings.h"
#include "kernels/from_counts.h"

namespace maskmill::gpu {
namespace {

i64 tiles_of(i64 n, i64 tile) { return (n + tile - 1) / tile; }

// What a call reads back: offsets of the tiles of counts, whose last is the number of bounds, and
// the first records that break a rule of the text and of the counts.
class Summary {
 public:
  Summary(Device& device, i64 n_counts)
      : n_tiles_(tiles_of(n_counts, kFlipThreads)),
        memory_(device.allocate_column<i64>(n_tiles_ + 3)) {
    device.fill(bad_text(), 0xFF, 2 * sizeof(u64));
  }

  [[nodiscard]] i64 n_tiles() const { return n_tiles_; }
  [[nodiscard]] Column<i64> tile_offsets() const { return {memory_.memory, n_tiles_ + 1}; }
  [[nodiscard]] u64* bad_text() const {
    return reinterpret_cast<u64*>(memory_.data() + n_tiles_ + 1);
  }
  [[nodiscard]] u64* bad_counts() const { return bad_text() + 1; }

  struct Values {
    i64 n_bounds;
    u64 bad_text, bad_counts;
  };
  Values read(Device& device) const {
    Values values{};
    device.read(&values, memory_.data() + n_tiles_, sizeof values);
    return values;
  }

 private:
  i64 n_tiles_;
  Column<i64> memory_;
};

// Masks of the counts in `ends` [n + 1], which become sums.
FromRecords from_clipped(Device& device, const CountsView& records, const Column<i64>& ends,
                         const Summary& summary) {
  counts_to_offsets(device, ends);
  const Column<i64> tile_offsets = summary.tile_offsets();
  const i64 n_tiles = summary.n_tiles();
  // A block of rows that own nothing is looked at too.
  const i64 n_blocks = n_tiles > 0 ? n_tiles : tiles_of(records.n_rows, kFlipThreads);
  device.launch_blocks(
      n_blocks,
      CountFlipsArgs{records, ends.data(), n_tiles, tile_offsets.data(), summary.bad_counts()},
      kFlipThreads);
  counts_to_offsets(device, tile_offsets);
  const Summary::Values found = summary.read(device);
  const u64 bad = found.bad_text < found.bad_counts ? found.bad_text : found.bad_counts;
  if (bad < static_cast<u64>(records.n_rows)) return {{}, static_cast<i64>(bad)};
  const Column<u32> bounds = device.allocate_column<u32>(found.n_bounds);
  const Column<i64> offsets = device.zeros<i64>(records.n_rows + 1);
  device.launch_blocks(n_tiles,
                       WriteFlipsArgs{records, ends.data(), tile_offsets.data(), n_tiles,
                                      bounds.data(), offsets.data()},
                       kFlipThreads);
  return {{bounds, offsets}};
}

}  // namespace

FromRecords from_counts(Device& device, const RecordsView<i64>& records) {
  const Summary summary(device, records.n_values);
  const CountsView view{records.offsets, records.sizes, records.n_masks, summary.bad_text()};
  const Column<i64> ends = device.allocate_column<i64>(records.n_values + 1);
  device.launch_threads(records.n_values, ClipCountsArgs{view, records.values, records.n_values,
                                                         ends.data(), summary.bad_counts()});
  return from_clipped(device, view, ends, summary);
}

FromRecords from_coco_strings(Device& device, const RecordsView<u8>& records) {
  // As many numbers as characters at most: how many there are, only the device knows.
  const i64 n_chars = records.n_values;
  const i64 n_masks = records.n_masks;
  const Summary summary(device, n_chars);
  const CountsView strings{records.offsets, records.sizes, n_masks, summary.bad_text()};
  const i64 n_threads = tiles_of(n_chars, kCharsPerThread);
  device.launch_threads(
      n_threads > n_masks ? n_threads : n_masks,
      CheckCharsArgs{records.values, n_chars, records.offsets, n_masks, summary.bad_text()});

  const i64 n_tiles = tiles_of(n_chars, kCharTile);
  const Column<i64> tile_offsets = device.allocate_column<i64>(n_tiles + 1);
  device.launch_blocks(n_tiles,
                       CountNumbersArgs{records.values, strings, n_tiles, tile_offsets.data()},
                       kCharThreads);
  counts_to_offsets(device, tile_offsets);
  const i64 chain = (n_chars + 1) / 2;
  const Column<i64> numbers = device.zeros<i64>(2 * chain + 1);
  const Column<i64> number_offsets = device.zeros<i64>(n_masks + 1);
  const ChainsView chains{numbers.data(), chain};
  device.launch_blocks(n_tiles,
                       ReadNumbersArgs{records.values, strings, tile_offsets.data(), n_tiles,
                                       chains, number_offsets.data()},
                       kCharThreads);
  counts_to_offsets(device, numbers);

  const CountsView counts{number_offsets.data(), records.sizes, n_masks, summary.bad_text()};
  const Column<i64> ends = device.allocate_column<i64>(n_chars + 1);
  device.launch_threads(
      n_chars, UndoDifferencesArgs{counts, chains, n_chars, ends.data(), summary.bad_counts()});
  return from_clipped(device, counts, ends, summary);
}

}  // namespace maskmill::gpu
