#include "cpu/fold.h"

namespace maskmill {

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

void Folder::fold(const MasksView& masks, int64_t begin, int64_t end, SetOp op, u32 n_pixels,
                  Buffer<u32>& out) {
  if (begin == end) {
    if (op == SetOp::kIntersection) {
      out.push(0);
      out.push(n_pixels);
    }
    return;
  }
  const Bounds first{masks.begin(begin), masks.n_bounds(begin)};
  lists_.clear();
  const bool apart = op == SetOp::kDifference;  // the first mask meets the union of the others
  for (int64_t i = begin + apart; i < end; ++i) {
    lists_.push_back({masks.begin(i), masks.n_bounds(i)});
  }
  if (!apart) {
    cascade(op, out);
    return;
  }
  Buffer<u32> others;
  if (!lists_.empty()) cascade(SetOp::kUnion, others);
  combine_into(op, first, {others.data(), others.size()}, out);
}

// Merges neighbours, level by level, until one list is left. The order does not matter: every
// operation that comes here is associative.
void Folder::cascade(SetOp op, Buffer<u32>& out) {
  int64_t total = 0;
  for (const Bounds& list : lists_) total += list.n;
  for (int level = 0; lists_.size() > 2; level ^= 1) {
    Buffer<u32>& merged = levels_[level];
    merged.clear();
    merged.reserve(total);  // now it does not move
    size_t n = 0;
    for (size_t k = 0; k < lists_.size(); k += 2) {
      const u32* start = merged.end();
      if (k + 1 < lists_.size()) {
        combine_into(op, lists_[k], lists_[k + 1], merged);
      } else {
        merged.append(lists_[k].data, lists_[k].n);
      }
      lists_[n++] = {start, merged.end() - start};
    }
    lists_.resize(n);
  }
  if (lists_.size() == 2) {
    combine_into(op, lists_[0], lists_[1], out);
  } else {
    out.append(lists_[0].data, lists_[0].n);
  }
}

}  // namespace maskmill
