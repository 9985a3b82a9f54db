// COCO's compressed counts: from_coco_strings against a plain reading, and back.
//
// Input: one byte that says how to choose the sizes, then strings that end with '\n'.

#include <limits>
#include <optional>

#include "cpu/errors.h"
#include "cpu/strings.h"
#include "fuzz.h"

namespace {

using maskmill::MaskColumns;
using maskmill::MasksView;

// Counts of a string by the description of the format, one character at a time. Numbers of more
// than 7 characters and runs outside [0, 2**32) are no run lengths.
std::optional<std::vector<int64_t>> plain_counts(const std::string& text) {
  std::vector<int64_t> counts;
  size_t k = 0;
  while (k < text.size()) {
    int64_t number = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      if (k == text.size() || shift == 35) return std::nullopt;
      const int group = text[k++] - 48;
      if (group < 0 || group > 63) return std::nullopt;
      number |= int64_t{group & 0x1F} << shift;
      more = (group & 0x20) != 0;
      if (!more && (group & 0x10) != 0) number -= int64_t{1} << (shift + 5);
    }
    if (counts.size() > 2) number += counts[counts.size() - 2];
    counts.push_back(number);
  }
  int64_t total = 0;
  for (const int64_t count : counts) {
    if (count < 0 || count > std::numeric_limits<uint32_t>::max() - total) return std::nullopt;
    total += count;
  }
  return counts;
}

int64_t sum(const std::vector<int64_t>& counts) {
  int64_t total = 0;
  for (const int64_t count : counts) total += count;
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Reader reader(data, size);
  const int mode = reader.byte();
  std::vector<std::string> texts(1);
  for (const uint8_t c : reader.rest()) {
    if (c == '\n')
      texts.emplace_back();
    else
      texts.back() += static_cast<char>(c);
  }
  std::vector<uint8_t> chars;
  std::vector<int64_t> offsets{0};
  std::vector<int32_t> sizes;
  std::vector<std::vector<int64_t>> expected;
  int64_t bad = -1;
  for (const std::string& text : texts) {
    chars.insert(chars.end(), text.begin(), text.end());
    offsets.push_back(static_cast<int64_t>(chars.size()));
    const auto counts = plain_counts(text);
    const int64_t total = counts ? sum(*counts) : 0;
    // Mostly a size that fits: anything else is refused at once.
    const bool even = total % 2 == 0;
    const int64_t width = even ? total / 2 : total;
    const bool fits = mode % 4 != 0 && width > 0 && width <= std::numeric_limits<int32_t>::max();
    const int64_t pixels = fits ? total : mode + 1;
    sizes.push_back(fits && even ? 2 : 1);
    sizes.push_back(static_cast<int32_t>(fits ? width : pixels));
    if (bad < 0 && (!counts || total != pixels)) bad = static_cast<int64_t>(expected.size());
    expected.push_back(counts ? fuzz::plain_bounds(*counts) : std::vector<int64_t>{});
  }
  chars.shrink_to_fit();
  const auto n = static_cast<int64_t>(texts.size());
  MaskColumns columns;
  try {
    columns = maskmill::from_coco_strings({chars.data(), offsets.data(), sizes.data(), n}, 1);
  } catch (const maskmill::StructureError& error) {
    fuzz::check(error.record == bad, "the first bad record is named");
    return 0;
  }
  fuzz::check(bad < 0, "every bad record is refused");
  ++fuzz::n_accepted;
  const MasksView masks{columns.values.data(), columns.offsets.data(), sizes.data(), n};
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    fuzz::check_mask(masks.begin(i), masks.n_bounds(i), int64_t{sizes[2 * at]} * sizes[2 * at + 1]);
    fuzz::check(std::vector<int64_t>(masks.begin(i), masks.end(i)) == expected[at],
                "the bounds are those of a plain reading");
  }
  const auto written = maskmill::to_coco_strings(masks, 1);
  const MaskColumns again = maskmill::from_coco_strings(
      {written.values.data(), written.offsets.data(), sizes.data(), n}, 1);
  fuzz::check(fuzz::equal(again.values, columns.values), "reading undoes writing");
  fuzz::check(fuzz::equal(again.offsets, columns.offsets), "offsets survive");
  return 0;
}

std::vector<std::string> fuzz::seeds() {
  return {
      "\x01"
      "4341",
      "\x01"
      "02>",
      "\x01"
      "0120\n4\n",
      "\x01"
      "VQi31m>0O2N100O100O2N100O10001N101O1N2O1O2M2O1O1N3N1O1N2O2N1N2",
      "\x01"
      "mhR35U=2N2N9G6J000F[OoCe0R<@hC`0Z<71O2N1O2NC=E5OEZD[Od;6REIh:H",
      "\x01"
      "ooooooo0\nPPPPPPO",
      "\x04"
      "5",
      "\x01"
      "0P",
      "\x01"
      "\\\\\\0",
  };
}

std::vector<std::string> fuzz::words() {
  return {"\n", "0", "O", "oooooo0", "PPPPPP1", "ooooooO", "o", "P", "N", "\x7f", "\x80"};
}
