#include "cpu/combine.h"

#include <algorithm>
#include <utility>

#include "cpu/fold.h"
#include "cpu/parallel.h"

namespace maskmill {
namespace {

constexpr int64_t kGrain = 1 << 14;  // bounds a piece: some 20 us of merging

// Pixels begin to end of a group.
struct Part {
  int64_t group;
  u32 begin, end;
  bool is_whole;
  bool is_first;     // of its group
  int64_t n_before;  // bounds in the parts before, about
};

// Cuts groups that would keep one thread busy after the others are done. A last part that is none
// ends the list.
std::vector<Part> split_groups(const MasksView& masks, const int64_t* groups, int64_t n_groups,
                               const int32_t* sizes, int threads) {
  const int64_t first = masks.offsets[groups[0]];
  const int64_t total = masks.offsets[groups[n_groups]] - first;
  const int64_t most = std::max(4 * kGrain, total / (int64_t{2} * threads));
  std::vector<Part> parts;
  for (int64_t g = 0; g < n_groups; ++g) {
    const auto n_pixels = static_cast<u32>(int64_t{sizes[2 * g]} * sizes[2 * g + 1]);
    const int64_t before = masks.offsets[groups[g]] - first;
    const int64_t weight = masks.offsets[groups[g + 1]] - first - before;
    const bool cut = threads > 1 && weight > most && groups[g + 1] - groups[g] > 1;
    const int64_t n = cut ? 4 * threads : 1;
    for (int64_t p = 0; p < n; ++p) {
      parts.push_back({g, static_cast<u32>(n_pixels * p / n),
                       static_cast<u32>(n_pixels * (p + 1) / n), n == 1, p == 0,
                       before + weight * p / n});
    }
  }
  parts.push_back({n_groups, 0, 0, true, true, total});
  return parts;
}

// Joins the parts of each group: a span that was cut at a seam is one again.
MaskColumns join_parts(const MaskColumns& folded, const std::vector<Part>& parts,
                       int64_t n_groups) {
  MaskColumns out;
  out.offsets.reserve(n_groups + 1);
  out.values.reserve(folded.values.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    if (parts[p].is_first) out.offsets.push(out.values.size());
    if (p + 1 == parts.size()) break;
    const u32* bounds = folded.values.data() + folded.offsets[static_cast<int64_t>(p)];
    int64_t n =
        folded.offsets[static_cast<int64_t>(p) + 1] - folded.offsets[static_cast<int64_t>(p)];
    const bool seam = !parts[p].is_first && n > 0 && !out.values.empty() &&
                      out.values.size() > out.offsets[out.offsets.size() - 1] &&
                      out.values.end()[-1] == bounds[0];
    if (seam) {
      out.values.resize(out.values.size() - 1);
      ++bounds;
      --n;
    }
    out.values.append(bounds, n);
  }
  return out;
}

}  // namespace

MaskColumns combine(const MasksView& a, const MasksView& b, SetOp op, int threads) {
  const int64_t n = a.n_masks == 1 ? b.n_masks : a.n_masks;
  const int64_t step_a = a.n_masks == 1 ? 0 : 1;
  const int64_t step_b = b.n_masks == 1 ? 0 : 1;
  std::vector<int64_t> prefix(static_cast<size_t>(n) + 1, 0);
  for (int64_t i = 0; i < n; ++i) {
    prefix[static_cast<size_t>(i) + 1] =
        prefix[static_cast<size_t>(i)] + a.n_bounds(i * step_a) + b.n_bounds(i * step_b);
  }
  const auto cuts = split_rows(threads, n, prefix.data(), 8, kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t i, Buffer<u32>& out) {
    const int64_t of_a = i * step_a;
    const int64_t of_b = i * step_b;
    combine_into(op, {a.begin(of_a), a.n_bounds(of_a)}, {b.begin(of_b), b.n_bounds(of_b)}, out);
  });
}

MaskColumns complement(const MasksView& masks, int threads) {
  const auto cuts = split_rows(threads, masks.n_masks, masks.offsets, 8, 8 * kGrain);
  return build_ragged<u32>(threads, cuts, [&](int64_t i, Buffer<u32>& out) {
    const int64_t n = masks.n_bounds(i);
    const auto n_pixels = static_cast<u32>(masks.height(i) * masks.width(i));
    out.advance(complement_bounds(masks.begin(i), n, n_pixels, out.room(n + 2)));
  });
}

MaskColumns merge(const MasksView& masks, const int64_t* groups, int64_t n_groups, SetOp op,
                  const int32_t* sizes, int threads) {
  const std::vector<Part> parts = split_groups(masks, groups, n_groups, sizes, threads);
  const auto n_parts = static_cast<int64_t>(parts.size()) - 1;
  std::vector<int64_t> prefix;
  prefix.reserve(parts.size());
  for (const Part& part : parts) prefix.push_back(part.n_before);
  const auto cuts = split_rows(threads, n_parts, prefix.data(), 8, kGrain);
  MaskColumns folded = build_ragged_with<u32, Folder>(
      threads, cuts, [&](int64_t p, Buffer<u32>& out, Folder& folder) {
        const Part& part = parts[static_cast<size_t>(p)];
        const int64_t begin = groups[part.group];
        const int64_t end = groups[part.group + 1];
        if (begin == end) {
          if (op == SetOp::kIntersection) {
            out.push(part.begin);
            out.push(part.end);
          }
          return;
        }
        folder.lists.clear();
        for (int64_t i = begin; i < end; ++i) {
          folder.lists.push_back({masks.begin(i), masks.n_bounds(i)});
        }
        if (!part.is_whole) folder.clip(part.begin, part.end);
        folder.fold(op, out);
      });
  return n_parts == n_groups ? std::move(folded) : join_parts(folded, parts, n_groups);
}

}  // namespace maskmill
