// Raw JSON text of COCO `segmentation` fields to columns.
#pragma once

#include <vector>

#include "cpu/buffer.h"

namespace maskmill {

struct Text {
  const char* data;
  int64_t size;
};

enum class SegmentationKind : uint8_t { kPolygons = 0, kCounts = 1, kCocoString = 2 };

// The records of each kind keep their order.
struct Segmentations {
  Buffer<uint8_t> kinds;         // [n]
  Buffer<int64_t> sizes;         // [n, 2] (height, width), -1 for polygons
  Buffer<double> coords;         // [n_vertices, 2]
  Buffer<int64_t> ring_offsets;  // [n_rings + 1]
  Buffer<int64_t> mask_offsets;  // [n_polygons + 1], in rings
  Buffer<int64_t> counts;
  Buffer<int64_t> count_offsets;  // [n_counts + 1]
  Buffer<uint8_t> chars;
  Buffer<int64_t> char_offsets;  // [n_strings + 1]
};

// Throws StructureError for the first bad record.
Segmentations parse_segmentations(const std::vector<Text>& texts, int threads);

}  // namespace maskmill
