// Run lengths: from_counts against a plain reading, and back through both writers.
//
// Input: one byte that says how to choose the sizes, then counts. A byte below 250 is a count, 250
// to 253 start one of 1, 2, 4 or 8 bytes, 254 and 255 end a record.

#include <limits>

#include "cpu/errors.h"
#include "cpu/strings.h"
#include "fuzz.h"

namespace {

using maskmill::MaskColumns;
using maskmill::MasksView;

struct Records {
  std::vector<std::vector<int64_t>> rows;
  std::vector<int64_t> counts;
  std::vector<int64_t> offsets{0};
  std::vector<int32_t> sizes;
};

// The sum, or -1 where a count is negative or the sum too large for a mask.
int64_t total_of(const std::vector<int64_t>& row) {
  int64_t total = 0;
  for (const int64_t count : row) {
    if (count < 0 || count > std::numeric_limits<uint32_t>::max() - total) return -1;
    total += count;
  }
  return total;
}

Records read_records(fuzz::Reader& reader) {
  Records records;
  const int mode = reader.byte();
  records.rows.emplace_back();
  while (!reader.empty()) {
    const int tag = reader.byte();
    if (tag >= 254) {
      records.rows.emplace_back();
    } else if (tag >= 250) {
      records.rows.back().push_back(static_cast<int64_t>(reader.word(1 << (tag - 250))));
    } else {
      records.rows.back().push_back(tag);
    }
  }
  for (const auto& row : records.rows) {
    records.counts.insert(records.counts.end(), row.begin(), row.end());
    records.offsets.push_back(static_cast<int64_t>(records.counts.size()));
    // Mostly a size that fits: anything else is refused at once.
    const int64_t total = total_of(row);
    const bool fits = mode % 4 != 0 && total > 0;
    const bool even = fits && total % 2 == 0;
    const int64_t width = fits ? (even ? total / 2 : total) : 1 + mode;
    records.sizes.push_back(even ? 2 : 1);
    records.sizes.push_back(
        static_cast<int32_t>(width > std::numeric_limits<int32_t>::max() ? 1 + mode : width));
  }
  return records;
}

void check_back(const MasksView& masks, const MaskColumns& columns) {
  const auto counts = maskmill::to_counts(masks, 1);
  std::vector<int64_t> wide(counts.values.begin(), counts.values.end());
  const MaskColumns again =
      maskmill::from_counts({wide.data(), counts.offsets.data(), masks.sizes, masks.n_masks}, 1);
  fuzz::check(fuzz::equal(again.values, columns.values), "from_counts undoes to_counts");
  const auto strings = maskmill::to_coco_strings(masks, 1);
  const MaskColumns third = maskmill::from_coco_strings(
      {strings.values.data(), strings.offsets.data(), masks.sizes, masks.n_masks}, 1);
  fuzz::check(fuzz::equal(third.values, columns.values), "from_coco_strings undoes the writer");
  fuzz::check(fuzz::equal(third.offsets, columns.offsets), "offsets survive");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Reader reader(data, size);
  const Records records = read_records(reader);
  const auto n = static_cast<int64_t>(records.rows.size());
  const auto pixels = [&](size_t i) {
    return int64_t{records.sizes[2 * i]} * records.sizes[2 * i + 1];
  };
  int64_t bad = 0;
  while (bad < n &&
         total_of(records.rows[static_cast<size_t>(bad)]) == pixels(static_cast<size_t>(bad))) {
    ++bad;
  }
  MaskColumns columns;
  try {
    columns = maskmill::from_counts(
        {records.counts.data(), records.offsets.data(), records.sizes.data(), n}, 1);
  } catch (const maskmill::StructureError& error) {
    fuzz::check(error.record == bad, "the first bad record is named");
    return 0;
  }
  fuzz::check(bad == n, "every bad record is refused");
  ++fuzz::n_accepted;
  const MasksView masks{columns.values.data(), columns.offsets.data(), records.sizes.data(), n};
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    fuzz::check_mask(masks.begin(i), masks.n_bounds(i), pixels(at));
    const std::vector<int64_t> plain = fuzz::plain_bounds(records.rows[at]);
    fuzz::check(std::vector<int64_t>(masks.begin(i), masks.end(i)) == plain,
                "the bounds are those of a plain reading");
  }
  check_back(masks, columns);
  return 0;
}

std::vector<std::string> fuzz::seeds() {
  using namespace std::string_literals;
  return {
      "\x01\x04\x03\x04\x01"s,
      "\x01\x00\x06\xfe\x04"s,
      "\x01\x00\x00\x02\x00\x00\x02\x03\x00"s,
      "\x01\xfb\x00\x10\xfb\x00\x20\x07"s,
      "\x01\xfc\xff\xff\xff\x7f"s,
      "\x02\xfc\xfe\xff\xff\xff"s,
      "\x04\x05"s,
      "\x01\x05\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x06"s,
  };
}

std::vector<std::string> fuzz::words() {
  using namespace std::string_literals;
  return {"\0"s,
          "\0\0"s,
          "\xfe"s,
          "\xfc\xff\xff\xff\x7f"s,
          "\xfd\xff\xff\xff\xff\xff\xff\xff\x7f"s,
          "\xfd\0\0\0\0\0\0\0\x80"s};
}
