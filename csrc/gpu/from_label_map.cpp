#include "gpu/from_label_map.h"

#include <bit>
#include <cstdlib>

#include "gpu/scan.h"
#include "gpu/sort.h"
#include "kernels/from_label_map.h"

namespace maskmill::gpu {
namespace {

i64 divide_up(i64 n, i64 by) { return (n + by - 1) / by; }

struct Runs {
  Column<u32> starts;
  Column<i64> runs, labels;
  Column<i32> maps;
  RunTotals totals;

  [[nodiscard]] i64 n_runs() const { return starts.size; }
  [[nodiscard]] i64 n_kept() const { return runs.size; }
  [[nodiscard]] RunsTable table() const {
    return {starts.data(), runs.data(), labels.data(), maps.data()};
  }
};

// All runs of all maps, and those that are kept.
Runs find_runs(Device& device, const DenseView& maps, bool is_signed, const i64* ignore,
               i64 n_ignore) {
  const i64 column_words = divide_up(maps.height, 32);
  const i64 n_words = maps.n * maps.width * column_words;
  const Column<u32> starts = device.allocate_column<u32>(n_words);
  const Column<u32> kept = device.allocate_column<u32>(n_words);
  const RunBits bits{starts.data(), kept.data(), column_words};
  const Column<RunTotals> totals = device.zeros<RunTotals>(1);
  device.fill(&totals.data()->lowest, 0xFF, sizeof(u64));
  const bool columns_first = std::abs(maps.stride_x) <= std::abs(maps.stride_y);
  const i64 n_blocks = divide_up(n_words, kRunThreads);
  const i64 resident = device.n_resident_blocks();
  device.launch(
      n_blocks < resident ? n_blocks : resident, kRunThreads,
      MarkRunsArgs{maps, is_signed, columns_first, ignore, n_ignore, bits, totals.data()});

  const i64 n_tiles = divide_up(n_words, kRunTile);
  const Column<i64> run_offsets = device.allocate_column<i64>(n_tiles + 1);
  const Column<i64> kept_offsets = device.allocate_column<i64>(n_tiles + 1);
  device.launch_blocks(
      n_tiles, CountMarksArgs{bits, n_words, n_tiles, run_offsets.data(), kept_offsets.data()},
      kRunThreads);
  counts_to_offsets(device, run_offsets);
  counts_to_offsets(device, kept_offsets);

  Runs runs{};
  device.read(&runs.totals, totals.data(), sizeof runs.totals);
  const auto n_kept = static_cast<i64>(runs.totals.n_kept);
  runs.starts = device.allocate_column<u32>(static_cast<i64>(runs.totals.n_runs));
  runs.runs = device.allocate_column<i64>(n_kept);
  runs.labels = device.allocate_column<i64>(n_kept);
  runs.maps = device.allocate_column<i32>(n_kept);
  device.launch_blocks(n_tiles,
                       WriteRunsArgs{maps, is_signed, bits, n_words, n_tiles, run_offsets.data(),
                                     kept_offsets.data(), runs.table()},
                       kRunThreads);
  return runs;
}

// Places of the kept runs in the order of maps, labels and positions.
Column<i64> sort_runs(Device& device, const Runs& runs, i64 n_maps) {
  const i64 n = runs.n_kept();
  const u64 range = n > 0 ? runs.totals.highest - runs.totals.lowest : 0;
  const int label_bits = static_cast<int>(std::bit_width(range));
  const int map_bits =
      static_cast<int>(std::bit_width(static_cast<u64>(n_maps > 0 ? n_maps - 1 : 0)));
  Pairs pairs{device.allocate_column<u64>(n), device.allocate_column<i64>(n)};
  const auto make_keys = [&](bool with_map, bool with_label, bool first) {
    device.launch_threads(n, MakeKeysArgs{runs.table(), n, with_map, with_label, runs.totals.lowest,
                                          static_cast<u32>(label_bits), first, pairs.values.data(),
                                          pairs.keys.data()});
  };
  if (label_bits + map_bits <= 64) {
    make_keys(true, true, true);
    return sort_pairs(device, pairs, label_bits + map_bits).values;
  }
  make_keys(false, true, true);
  pairs = sort_pairs(device, pairs, label_bits);
  make_keys(true, false, false);
  return sort_pairs(device, pairs, map_bits).values;
}

}  // namespace

Labelled from_label_map(Device& device, const DenseView& maps, bool is_signed, const i64* ignore,
                        i64 n_ignore) {
  const Runs runs = find_runs(device, maps, is_signed, ignore, n_ignore);
  const Column<i64> places = sort_runs(device, runs, maps.n);
  const i64 n_kept = runs.n_kept();
  const SortedRuns sorted{runs.table(), places.data(), n_kept};
  const i64 n_tiles = divide_up(n_kept, kRunThreads);
  const Column<i64> tile_offsets = device.allocate_column<i64>(n_tiles + 1);
  const Column<i64> groups = device.zeros<i64>(maps.n + 1);
  device.launch_blocks(
      n_tiles,
      CountHeadsArgs{sorted, n_tiles, tile_offsets.data(), reinterpret_cast<u64*>(groups.data())},
      kRunThreads);
  counts_to_offsets(device, groups);
  const i64 n_masks = counts_to_offsets_and_total(device, tile_offsets);
  Labelled out{{device.allocate_column<u32>(2 * n_kept), device.zeros<i64>(n_masks + 1)},
               device.allocate_column<i32>(2 * n_masks),
               device.allocate_column<i64>(n_masks),
               groups};
  device.launch_blocks(n_tiles,
                       WriteMasksArgs{sorted, runs.n_runs(), n_tiles, tile_offsets.data(),
                                      static_cast<i32>(maps.height), static_cast<i32>(maps.width),
                                      n_masks, out.masks.bounds.data(), out.masks.offsets.data(),
                                      out.sizes.data(), out.labels.data()},
                       kRunThreads);
  return out;
}

}  // namespace maskmill::gpu
