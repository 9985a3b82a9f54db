#include "gpu/rasterize.h"

#include "gpu/scan.h"

namespace maskmill::gpu {
namespace {

// Items of large masks, for each resident block.
constexpr int64_t kItemsPerBlock = 8;

void draw(Device& device, RasterRule rule, const Raster& raster) {
  const int64_t wanted = 2 * device.n_resident_blocks();  // of half as many threads
  const int64_t n_blocks = raster.n_most < wanted ? raster.n_most : wanted;
  constexpr auto kThreads = static_cast<int>(kRasterThreads);
  if (rule == RasterRule::coco) {
    device.launch(n_blocks, kThreads, RasterizeCocoArgs{raster});
  } else {
    device.launch(n_blocks, kThreads, RasterizeCenterArgs{raster});
  }
}

}  // namespace

MaskColumns rasterize(Device& device, const PolygonColumns& polygons, RasterRule rule) {
  const int64_t n_masks = polygons.n_masks;
  const int64_t n_more = kItemsPerBlock * device.n_resident_blocks();
  const int64_t n_most = n_masks + n_more;
  const Column<RasterBox> boxes = device.allocate_column<RasterBox>(n_masks);
  const Column<i64> strips = device.allocate_column<i64>(n_masks + 1);
  device.launch_warps(n_masks, RasterBoxesArgs{polygons, rule, boxes.data(), strips.data()});
  counts_to_offsets(device, strips);
  const Column<i64> items = device.allocate_column<i64>(n_masks + 1);
  device.launch_threads(n_masks, RasterItemsArgs{strips.data(), n_masks, n_more, items.data()});
  counts_to_offsets(device, items);
  const Column<i64> owners = device.allocate_column<i64>(n_most);
  device.launch_threads(n_most, RasterOwnersArgs{items.data(), n_masks, owners.data()});

  const Column<i64> counts = device.allocate_column<i64>(n_most + 1);
  Raster raster{polygons, boxes.data(), strips.data(), items.data(), owners.data(),
                n_more,   n_most,       counts.data(), nullptr};
  draw(device, rule, raster);
  const int64_t total = counts_to_offsets_and_total(device, counts);
  MaskColumns out{device.allocate_column<u32>(total), device.allocate_column<i64>(n_masks + 1)};
  device.launch_threads(
      n_masks + 1, RasterOffsetsArgs{items.data(), counts.data(), n_masks, out.offsets.data()});
  raster.bounds = out.bounds.data();
  if (total > 0) draw(device, rule, raster);
  return out;
}

}  // namespace maskmill::gpu
