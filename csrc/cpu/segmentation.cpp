#include "cpu/segmentation.h"

#include <cstring>
#include <utility>

#include "cpu/parallel.h"
#include "cpu/segmentation_parser.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 15;  // characters a piece: about 30 us of parsing

using Pieces = std::vector<SegmentationParser>;

// Lays the offsets of pieces end to end, each shifted by what the pieces before it hold.
Buffer<int64_t> join_offsets(const Pieces& pieces, Buffer<int64_t> Segmentations::* column) {
  Buffer<int64_t> joined;
  joined.push(0);
  int64_t base = 0;
  for (const SegmentationParser& piece : pieces) {
    const Buffer<int64_t>& offsets = piece.columns.*column;
    for (const int64_t offset : offsets) joined.push(base + offset);
    base = joined[joined.size() - 1];
  }
  return joined;
}

template <class T>
Buffer<T> join_values(Pieces& pieces, Buffer<T> Segmentations::* column, int threads) {
  if (pieces.size() == 1) return std::move(pieces[0].columns.*column);
  std::vector<int64_t> starts;
  int64_t total = 0;
  for (const SegmentationParser& piece : pieces) {
    starts.push_back(total);
    total += (piece.columns.*column).size();
  }
  Buffer<T> joined(total);
  parallel_for(threads, static_cast<int64_t>(pieces.size()), [&](int64_t p) {
    const auto at = static_cast<size_t>(p);
    const Buffer<T> values = std::move(pieces[at].columns.*column);
    if (values.empty()) return;
    std::memcpy(joined.data() + starts[at], values.data(),
                static_cast<size_t>(values.size()) * sizeof(T));
  });
  return joined;
}

}  // namespace

Segmentations parse_segmentations(const std::vector<Text>& texts, int threads) {
  const auto n = static_cast<int64_t>(texts.size());
  Buffer<int64_t> prefix(n + 1);
  prefix[0] = 0;
  for (int64_t i = 0; i < n; ++i) prefix[i + 1] = prefix[i] + texts[static_cast<size_t>(i)].size;
  const auto cuts = split_rows(threads, n, prefix.data(), 16, kGrain);
  Segmentations result;
  result.kinds.resize(n);
  result.sizes.resize(2 * n);
  Pieces pieces(cuts.size() - 1);
  parallel_for(threads, static_cast<int64_t>(pieces.size()), [&](int64_t p) {
    const auto piece = static_cast<size_t>(p);
    for (int64_t i = cuts[piece]; i < cuts[piece + 1]; ++i) {
      pieces[piece].parse(i, texts[static_cast<size_t>(i)], result.kinds[i],
                          result.sizes.data() + 2 * i);
    }
  });
  result.coords = join_values(pieces, &Segmentations::coords, threads);
  result.counts = join_values(pieces, &Segmentations::counts, threads);
  result.chars = join_values(pieces, &Segmentations::chars, threads);
  result.ring_offsets = join_offsets(pieces, &Segmentations::ring_offsets);
  result.mask_offsets = join_offsets(pieces, &Segmentations::mask_offsets);
  result.count_offsets = join_offsets(pieces, &Segmentations::count_offsets);
  result.char_offsets = join_offsets(pieces, &Segmentations::char_offsets);
  return result;
}

}  // namespace maskmill
