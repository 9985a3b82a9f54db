#include "gpu/scan.h"

#include "kernels/scan.h"

namespace maskmill::gpu {

void counts_to_offsets(Device& device, const Column<i64>& values) {
  const int64_t n = values.size - 1;
  const int64_t n_tiles = n / kScanTile + 1;
  const Column<u64> tiles = device.zeros<u64>(n_tiles);
  const Column<u32> ticket = device.zeros<u32>(1);
  device.launch(n_tiles, kScanThreads,
                ScanArgs{values.data(), values.data(), n, tiles.data(), ticket.data()});
}

int64_t counts_to_offsets_and_total(Device& device, const Column<i64>& values) {
  counts_to_offsets(device, values);
  i64 total = 0;
  device.read(&total, values.data() + values.size - 1, sizeof total);
  return total;
}

}  // namespace maskmill::gpu
