#include "gpu/decode.h"

#include <cstdlib>

namespace maskmill::gpu {

void decode(Device& device, const DecodeView& view) {
  const auto divide_up = [](i64 n, i64 by) { return (n + by - 1) / by; };
  if (view.stride_x == 1) {
    const i64 n_tiles = view.n * divide_up(view.width, kDecodeColumns) *
                        divide_up(view.height, i64{32} * kDecodeWords);
    device.launch_blocks(n_tiles, DecodeRowsArgs{view}, kDecodeThreads);
  } else {
    const bool columns_first = std::abs(view.stride_x) < std::abs(view.stride_y);
    device.launch_threads(view.n * view.width * divide_up(view.height, 32),
                          DecodeStridedArgs{view, columns_first}, kDecodeThreads);
  }
}

}  // namespace maskmill::gpu
