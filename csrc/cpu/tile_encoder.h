// One tile of a dense stack to bounds.
//
// A flip is where a pixel differs from the one before it, down the columns. Where columns lie along
// memory, each byte is compared with the byte before it, and the flips come in order. Where rows
// do, each row is compared with the row above it, and a counting sort by column puts the flips in
// order: real masks have few. The first row is compared with the last one, moved by a column. So
// every order of memory is read once, along memory.
#pragma once

#include "core/types.h"
#include "cpu/buffer.h"
#include "cpu/views.h"

namespace maskmill {

// Flips among the 64 pixels at x of row y.
struct FlipWord {
  u64 bits;
  u32 x, y;
};

struct FlipPixel {
  u32 x, y;
};

// Encodes one tile after the other; owns the memory that this needs on the way.
class TileEncoder {
 public:
  void open(const StackView& dense, int64_t mask);

  // Appends the bounds of columns [x0, x1).
  void encode_columns(int64_t x0, int64_t x1, Buffer<uint32_t>& bounds);

  // Appends the flips of rows [y0, y1).
  void find_flips(int64_t y0, int64_t y1, Buffer<FlipWord>& flips);

  // Appends the bounds of a mask from all its flips, which are in order of rows.
  void sort_flips(const FlipWord* flips, int64_t n_flips, Buffer<uint32_t>& bounds);

 private:
  [[nodiscard]] const u8* item(int64_t x, int64_t y) const {
    return mask_ + x * dense_.stride_x + y * dense_.stride_y;
  }

  [[nodiscard]] bool is_set(int64_t x, int64_t y) const;

  // The foreground ends with the mask.
  void close_mask(Buffer<uint32_t>& bounds) const;

  void encode_run(const u8* bytes, int64_t n, int64_t position, bool before,
                  Buffer<uint32_t>& bounds);

  // Appends flips of n_bands * n_rows rows. `above` is what is above the first row of the first
  // band, and lies to it as for the other bands.
  void compare(const u8* row, const u8* above, int64_t stride_y, int64_t width, int64_t y,
               int64_t n_rows, int n_bands, Buffer<FlipWord>& flips) const;

  StackView dense_{};
  const u8* last_whole_ = nullptr;
  const u8* mask_ = nullptr;
  Buffer<FlipWord> flips_;  // of a run
  Buffer<FlipPixel> pixels_;
  Buffer<u8> above_;         // what is above the first row
  Buffer<u8> bytes_;         // narrowed items
  Buffer<uint32_t> starts_;  // where the next flip of a column goes
};

}  // namespace maskmill
