#include "gpu/iou.h"

#include <algorithm>
#include <cmath>

#include "gpu/measure.h"
#include "gpu/scan.h"

namespace maskmill::gpu {
namespace {

// Bits of all masks of a group that are multiplied at once: they stay in the cache.
constexpr int64_t kChunkBytes = int64_t{32} << 20;

int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }
int64_t round_up(int64_t value, int64_t to) { return divide_up(value, to) * to; }

// Pixels of all spans before each span.
Column<i64> sum_spans(Device& device, const MasksView& masks) {
  const int64_t n_spans = masks.n_bounds / 2;
  Column<i64> covered = device.allocate_column<i64>(n_spans + 1);
  device.launch_threads(n_spans, SpanLengthsArgs{masks.bounds, n_spans, covered.data()});
  counts_to_offsets(device, covered);
  return covered;
}

// Costs in steps of one lane, roughly: a word of a product, a step of a search. A warp takes the
// spans of one mask and searches the other for both ends; words are packed by a search, too.
Method cheapest(const Device& device, const GroupSummary& group) {
  const auto n_a = static_cast<double>(group.n_a);
  const auto n_b = static_cast<double>(group.n_b);
  if (group.n_a == 0 || group.n_b == 0) return Method::kWalk;
  const double bounds_a = static_cast<double>(group.n_bounds_a) / n_a;
  const double bounds_b = static_cast<double>(group.n_bounds_b) / n_b;
  const double words = static_cast<double>(group.n_pixels) / 32;
  const double fewer = std::min(bounds_a, bounds_b);
  const double search = std::log2(std::max(bounds_a, bounds_b) + 2);
  const double walk = n_a * n_b * (64 + fewer * search);
  const bool mma = device.has_binary_mma();
  const double bits = n_a * n_b * words / (mma ? 32 : 1) + 8 * (n_a + n_b) * words;
  if (walk <= bits) return Method::kWalk;
  return mma ? Method::kBinaryMma : Method::kPopcount;
}

template <class Args>
void launch_tiles(Device& device, BitTiles tiles) {
  const int64_t n_tiles = divide_up(tiles.n_a, Args::kTile) * divide_up(tiles.n_b, Args::kTile);
  const int64_t n_stages = divide_up(tiles.n_words, kStageWords);
  // Few tiles share their words among more blocks.
  const int64_t wanted = divide_up(2 * device.n_resident_blocks(), n_tiles);
  tiles.split_words =
      divide_up(n_stages, std::clamp<int64_t>(wanted, 1, divide_up(n_stages, 4))) * kStageWords;
  tiles.n_splits = divide_up(tiles.n_words, tiles.split_words);
  device.launch(n_tiles * tiles.n_splits, Args::kThreads, Args{tiles});
}

// Common pixels of one group, from bits.
Column<u32> multiply_bits(Device& device, const PairsView& pairs, int64_t g,
                          const GroupSummary& group, Method method, int64_t chunk_words) {
  Column<u32> counts = device.zeros<u32>(group.n_a * group.n_b);
  const int64_t n_all_words = divide_up(group.n_pixels, 32);
  const auto most = kChunkBytes / static_cast<int64_t>(sizeof(u32)) / (group.n_a + group.n_b);
  const int64_t most_words =
      chunk_words > 0 ? chunk_words : std::max(kStageWords, most / kStageWords * kStageWords);
  const int64_t n_words = std::min(most_words, round_up(n_all_words, 4));
  const Column<u32> bits_a = device.allocate_column<u32>(group.n_a * n_words);
  const Column<u32> bits_b = device.allocate_column<u32>(group.n_b * n_words);
  for (int64_t first = 0; first < n_all_words; first += n_words) {
    const auto pack = [&](const MasksView& masks, const i64* groups, int64_t n,
                          const Column<u32>& bits) {
      device.launch_threads(n * n_words, PackArgs{masks.bounds, masks.offsets, groups, g, n, first,
                                                  n_words, n_all_words, bits.data()});
    };
    pack(pairs.a, pairs.groups_a, group.n_a, bits_a);
    pack(pairs.b, pairs.groups_b, group.n_b, bits_b);
    const BitTiles tiles{bits_a.data(), bits_b.data(), group.n_a, group.n_b, n_words, 1,
                         n_words,       counts.data()};
    if (method == Method::kBinaryMma) {
      launch_tiles<BinaryMmaArgs>(device, tiles);
    } else {
      launch_tiles<PopcountArgs>(device, tiles);
    }
  }
  return counts;
}

}  // namespace

PairColumn measure_pairs(Device& device, const PairsView& pairs, const PairOptions& options) {
  const Column<i64> starts = device.allocate_column<i64>(pairs.n_groups + 1);
  device.launch_threads(pairs.n_groups, PairCountsArgs{pairs.groups_a, pairs.groups_b,
                                                       pairs.n_groups, starts.data()});
  counts_to_offsets(device, starts);
  const Column<i64> covered_a = sum_spans(device, pairs.a);
  const Column<i64> covered_b = sum_spans(device, pairs.b);
  Pairs all{{pairs.a.bounds, pairs.a.offsets, covered_a.data(), pairs.groups_a},
            {pairs.b.bounds, pairs.b.offsets, covered_b.data(), pairs.groups_b},
            starts.data(),
            pairs.n_groups,
            options.measure,
            options.crowd,
            nullptr,
            nullptr};
  const Column<PairSummary> on_device = device.allocate_column<PairSummary>(1);
  device.launch(1, 32, PairSummaryArgs{all, pairs.a.sizes, on_device.data()});
  PairSummary summary;
  device.read(&summary, on_device.data(), sizeof summary);

  PairColumn out;
  if (options.measure == PairMeasure::kIntersection) {
    out.common = device.allocate_column<i64>(summary.n_pairs);
    all.common = out.common.data();
  } else {
    out.ratios = device.allocate_column<double>(summary.n_pairs);
    all.ratios = out.ratios.data();
  }
  if (summary.n_pairs == 0) return out;

  Column<i64> boxes_a;
  Column<i64> boxes_b;
  const auto walk = [&](int64_t first, int64_t stop) {
    if (first == stop) return;
    if (boxes_a.memory == nullptr) {
      boxes_a = bbox(device, pairs.a);
      boxes_b = bbox(device, pairs.b);
    }
    device.launch_warps(stop - first,
                        PairWalkArgs{all, first, stop, boxes_a.data(), boxes_b.data()});
  };
  int64_t walked = 0;  // pairs before this one are measured
  int64_t stop = 0;    // pairs of the groups so far
  for (int64_t g = 0; pairs.n_groups <= int64_t{kFewGroups} && g < pairs.n_groups; ++g) {
    const GroupSummary& group = summary.groups[g];
    const int64_t first = stop;
    stop += group.n_a * group.n_b;
    const Method method = options.method != nullptr ? *options.method : cheapest(device, group);
    if (method == Method::kWalk || first == stop) continue;
    walk(walked, first);
    const Column<u32> counts = multiply_bits(device, pairs, g, group, method, options.chunk_words);
    device.launch_threads(stop - first, PairFinishArgs{all, first, stop, counts.data()});
    walked = stop;
  }
  walk(walked, summary.n_pairs);
  return out;
}

}  // namespace maskmill::gpu
