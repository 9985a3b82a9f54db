// One segmentation after the other: the grammar, and what is wrong where it ends.
#pragma once

#include <string>

#include "cpu/segmentation.h"

namespace maskmill {

// Its columns hold offsets without their leading zero.
class SegmentationParser {
 public:
  // Fills kind and size of the record.
  void parse(int64_t record, Text text, uint8_t& kind, int64_t* size);

  Segmentations columns;

 private:
  void read_value(uint8_t& kind, int64_t* size);
  void read_polygons();
  void read_ring(int64_t ring);
  const char* read_coordinate(int64_t ring, int64_t index, double& value) const;
  uint8_t read_object(int64_t* size);
  void read_size(int64_t* size);
  uint8_t read_runs();
  const char* read_count(int64_t index, int64_t& value) const;

  // Steps over a comma, true, or over the closing bracket, false.
  bool goes_on(char close);
  std::string name_value() const;
  std::string name_number(const char* end) const;

  Buffer<char> text_;
  Buffer<uint8_t> key_;
  const char* at_ = nullptr;
};

}  // namespace maskmill
