// Spans of one mask in ascending order, joined where they touch or overlap.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/buffer.h"

namespace maskmill {

class SpanWriter {
 public:
  explicit SpanWriter(Buffer<uint32_t>& out) : out_(out), first_(out.size()) {}

  // No span starts before the one before it.
  void push(int64_t start, int64_t stop) {
    const int64_t n = out_.size();
    const auto end = static_cast<uint32_t>(stop);
    if (n > first_ && static_cast<uint32_t>(start) <= out_[n - 1]) {
      out_[n - 1] = std::max(out_[n - 1], end);
      return;
    }
    out_.push(static_cast<uint32_t>(start));
    out_.push(end);
  }

 private:
  Buffer<uint32_t>& out_;
  int64_t first_;
};

}  // namespace maskmill
