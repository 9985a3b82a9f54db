#include "cpu/fold.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "cpu/bits.h"

namespace maskmill {
namespace {

constexpr u32 kWindow = 1 << 13;  // words painted at a time: 64 KiB stay in the second cache

// Whether painting bits costs less than merging lists two by two. Measured in clock cycles: 4 a
// bound and level of merging; 8 a span of painting and 4 a word of looking for flips.
bool painting_pays(i64 n_lists, i64 n_bounds, i64 n_words) {
  const auto n_levels = static_cast<i64>(std::bit_width(static_cast<u64>(n_lists - 1)));
  return n_words < n_bounds * (n_levels - 1);
}

}  // namespace

void combine_into(SetOp op, Bounds a, Bounds b, Buffer<u32>& out) {
  u32* room = out.room(a.n + b.n);
  switch (op) {
    case SetOp::kUnion:
      out.advance(combine_bounds<SetOp::kUnion>(a.data, a.n, b.data, b.n, room));
      break;
    case SetOp::kIntersection:
      out.advance(combine_bounds<SetOp::kIntersection>(a.data, a.n, b.data, b.n, room));
      break;
    case SetOp::kDifference:
      out.advance(combine_bounds<SetOp::kDifference>(a.data, a.n, b.data, b.n, room));
      break;
    case SetOp::kSymmetricDifference:
      out.advance(combine_bounds<SetOp::kSymmetricDifference>(a.data, a.n, b.data, b.n, room));
      break;
  }
}

void Folder::clip(u32 begin, u32 end) {
  i64 total = 0;
  for (const Bounds& list : lists) total += list.n + 2;
  clipped_.clear();
  clipped_.reserve(total);  // now it does not move
  for (Bounds& list : lists) {
    const u32* const start = clipped_.end();
    const i64 first = count_below(list.data, list.n, begin);
    const i64 last = first + count_below(list.data + first, list.n - first, end);
    if (first % 2 == 1) {
      // Inside a span; one that stops at once is none.
      if (first < list.n && list.data[first] == begin) {
        list = {list.data + first + 1, last - first - 1};
      } else {
        clipped_.push(begin);
        list = {list.data + first, last - first};
      }
    } else {
      list = {list.data + first, last - first};
    }
    clipped_.append(list.data, list.n);
    if ((clipped_.end() - start) % 2 == 1) clipped_.push(end);
    list = {start, clipped_.end() - start};
  }
}

void Folder::fold(SetOp op, Buffer<u32>& out) {
  // A mask without pixels takes all, or nothing, away.
  const auto is_empty = [](const Bounds& list) { return list.n == 0; };
  if (op == SetOp::kIntersection) {
    if (std::any_of(lists.begin(), lists.end(), is_empty)) return;
  } else if (op == SetOp::kDifference) {
    if (is_empty(lists[0])) return;
    lists.erase(std::remove_if(lists.begin() + 1, lists.end(), is_empty), lists.end());
  } else {
    std::erase_if(lists, is_empty);
    if (lists.empty()) return;
  }
  if (lists.size() == 1) {
    out.append(lists[0].data, lists[0].n);
    return;
  }
  // The pixels that the result may have: first to last.
  u32 first = lists[0].data[0];
  u32 last = lists[0].end()[-1];
  i64 n_bounds = 0;
  for (const Bounds& list : lists) {
    n_bounds += list.n;
    if (op == SetOp::kDifference) continue;
    const bool all = op == SetOp::kIntersection;
    first = all ? std::max(first, list.data[0]) : std::min(first, list.data[0]);
    last = all ? std::min(last, list.end()[-1]) : std::max(last, list.end()[-1]);
  }
  if (first >= last) return;
  if (!painting_pays(static_cast<i64>(lists.size()), n_bounds, (last - first) / 64 + 1)) {
    cascade(op, out);
  } else if (op == SetOp::kSymmetricDifference) {
    toggle(first, last, out);
  } else {
    paint(op, first, last, out);
  }
}

void Folder::cascade(SetOp op, Buffer<u32>& out) {
  if (op != SetOp::kDifference) {
    merge_down_to(2, op);
    combine_into(op, lists[0], lists[1], out);
    return;
  }
  const Bounds first = lists[0];
  lists.erase(lists.begin());
  merge_down_to(1, SetOp::kUnion);
  combine_into(op, first, lists[0], out);
}

// Merges neighbours, level by level. Their order is of no account to the operations that come here.
void Folder::merge_down_to(size_t n, SetOp op) {
  i64 total = 0;
  for (const Bounds& list : lists) total += list.n;
  for (int level = 0; lists.size() > n; level ^= 1) {
    Buffer<u32>& merged = levels_[level];
    merged.clear();
    merged.reserve(total);  // now it does not move
    size_t n_merged = 0;
    for (size_t k = 0; k < lists.size(); k += 2) {
      const u32* const start = merged.end();
      if (k + 1 < lists.size()) {
        combine_into(op, lists[k], lists[k + 1], merged);
      } else {
        merged.append(lists[k].data, lists[k].n);
      }
      lists[n_merged++] = {start, merged.end() - start};
    }
    lists.resize(n_merged);
  }
}

// Paints what the result lacks, gaps of the masks that it must lie in and spans of those that it
// must avoid; or for the union what it has. The flips are the same either way.
void Folder::paint(SetOp op, u32 first, u32 last, Buffer<u32>& out) {
  const bool inverted = op != SetOp::kUnion;
  i64 n_bounds = 0;
  for (size_t k = 0; k < lists.size(); ++k) {
    Bounds& list = lists[k];
    n_bounds += list.n;
    const bool gaps = op == SetOp::kIntersection || (op == SetOp::kDifference && k == 0);
    if (gaps) list = {list.data + 1, list.n - 2};
    if (!inverted) continue;
    const i64 before = count_below(list.data, list.n, first + 1) / 2 * 2;
    list = {list.data + before, list.n - before};
  }
  const u64 end_word = (u64{last} - 1) / 64 + 1;
  u64* const words = zero_words(std::min<u64>(kWindow, end_word - first / 64));
  u32* to = out.room(n_bounds);
  const u32* const start = to;
  const u64 outside = inverted ? 1 : 0;
  u64 before = outside;  // the pixel before the word
  for (u64 word = first / 64; word < end_word; word += kWindow) {
    const u64 n_words = std::min<u64>(kWindow, end_word - word);
    const u64 begin = word * 64;
    const u64 end = begin + n_words * 64;
    for (Bounds& list : lists) {
      const u32* span = list.data;
      const u32* const stop = list.end();
      for (; span < stop && span[1] <= end; span += 2) {
        set_bits(words, std::max<u64>(span[0], begin) - begin, span[1] - begin);
      }
      list = {span, stop - span};
      if (span < stop && span[0] < end) {
        set_bits(words, std::max<u64>(span[0], begin) - begin, end - begin);
      }
    }
    if (inverted && first > begin) set_bits(words, 0, first - begin);
    if (inverted && last < end) set_bits(words, last - begin, end - begin);
    for (u64 k = 0; k < n_words; ++k) {
      const u64 bits = std::exchange(words[k], 0);
      to = list_bits(bits ^ (bits << 1 | before), static_cast<u32>(begin + 64 * k), to);
      before = bits >> 63;
    }
  }
  if (before != outside) *to++ = last;
  out.advance(to - start);
}

// A bit for each flip: two at one place cancel.
void Folder::toggle(u32 first, u32 last, Buffer<u32>& out) {
  i64 n_bounds = 0;
  for (const Bounds& list : lists) n_bounds += list.n;
  const u64 end_word = u64{last} / 64 + 1;
  u64* const words = zero_words(std::min<u64>(kWindow, end_word - first / 64));
  u32* to = out.room(n_bounds);
  const u32* const start = to;
  for (u64 word = first / 64; word < end_word; word += kWindow) {
    const u64 n_words = std::min<u64>(kWindow, end_word - word);
    const u64 begin = word * 64;
    for (Bounds& list : lists) {
      const u32* flip = list.data;
      const u32* const stop = list.end();
      for (; flip < stop && *flip < begin + n_words * 64; ++flip) {
        words[(*flip - begin) / 64] ^= u64{1} << (*flip % 64);
      }
      list = {flip, stop - flip};
    }
    for (u64 k = 0; k < n_words; ++k) {
      to = list_bits(std::exchange(words[k], 0), static_cast<u32>(begin + 64 * k), to);
    }
  }
  out.advance(to - start);
}

u64* Folder::zero_words(u64 n) {
  const i64 before = words_.size();
  if (before < static_cast<i64>(n)) {
    words_.resize(static_cast<i64>(n));
    std::memset(words_.data() + before, 0, (n - static_cast<u64>(before)) * sizeof(u64));
  }
  return words_.data();
}

}  // namespace maskmill
