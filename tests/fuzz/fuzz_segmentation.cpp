// Raw segmentation text: parse_segmentations never accepts what is no JSON, gives the numbers that
// strtod gives, well-formed columns, and the same on any number of threads.
//
// Input: texts that are separated by the byte 0x1E.

#include <cmath>
#include <cstring>
#include <memory>

#include "cpu/errors.h"
#include "cpu/json.h"
#include "cpu/segmentation.h"
#include "fuzz.h"

namespace {

using maskmill::Buffer;
using maskmill::SegmentationKind;
using maskmill::Segmentations;
using maskmill::StructureError;
using maskmill::Text;

bool is_json(const std::string& text) {
  const std::string padded = text + std::string(maskmill::kTextPadding, '\0');
  return maskmill::is_json(padded.data(), static_cast<int64_t>(text.size()));
}

void check_offsets(const Buffer<int64_t>& offsets, int64_t n_values) {
  fuzz::check(offsets.size() > 0 && offsets[0] == 0, "offsets start at 0");
  for (int64_t k = 1; k < offsets.size(); ++k) {
    fuzz::check(offsets[k - 1] <= offsets[k], "offsets do not decrease");
  }
  fuzz::check(offsets[offsets.size() - 1] == n_values, "offsets end with the values");
}

void check_columns(const Segmentations& parsed, int64_t n) {
  int64_t n_kinds[3] = {0, 0, 0};
  fuzz::check(parsed.kinds.size() == n && parsed.sizes.size() == 2 * n, "one kind and size a text");
  for (int64_t i = 0; i < n; ++i) {
    fuzz::check(parsed.kinds[i] < 3, "kinds are known");
    ++n_kinds[parsed.kinds[i]];
    for (const int64_t k : {2 * i, 2 * i + 1}) {
      const int64_t side = parsed.sizes[k];
      const bool polygon = parsed.kinds[i] == static_cast<uint8_t>(SegmentationKind::kPolygons);
      fuzz::check(polygon ? side == -1 : side >= 1 && side < int64_t{1} << 31, "sizes fit kinds");
    }
  }
  fuzz::check(parsed.mask_offsets.size() == n_kinds[0] + 1, "one mask a text of polygons");
  fuzz::check(parsed.count_offsets.size() == n_kinds[1] + 1, "one row a list of counts");
  fuzz::check(parsed.char_offsets.size() == n_kinds[2] + 1, "one row a string");
  fuzz::check(parsed.coords.size() % 2 == 0, "coordinates come in pairs");
  check_offsets(parsed.ring_offsets, parsed.coords.size() / 2);
  check_offsets(parsed.mask_offsets, parsed.ring_offsets.size() - 1);
  check_offsets(parsed.count_offsets, parsed.counts.size());
  check_offsets(parsed.char_offsets, parsed.chars.size());
  for (const double c : parsed.coords) {
    fuzz::check(std::abs(c) <= 4194304.0, "coordinates are finite and small");
  }
}

// The numbers of the polygons, found by looking for digits and read by the C library.
void check_numbers(const std::vector<std::string>& texts, const Segmentations& parsed) {
  int64_t k = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (parsed.kinds[static_cast<int64_t>(i)] != 0) continue;
    const char* at = texts[i].c_str();
    const char* const end = at + texts[i].size();
    while (at < end) {
      if (*at != '-' && (*at < '0' || *at > '9')) {
        ++at;
        continue;
      }
      char* behind = nullptr;
      const double expected = std::strtod(at, &behind);
      at = behind;
      fuzz::check(k < parsed.coords.size() &&
                      std::memcmp(&expected, parsed.coords.data() + k, sizeof expected) == 0,
                  "numbers are those of strtod");
      ++k;
    }
  }
  fuzz::check(k == parsed.coords.size(), "every number is read");
}

bool same(const Segmentations& a, const Segmentations& b) {
  return fuzz::equal(a.kinds, b.kinds) && fuzz::equal(a.sizes, b.sizes) &&
         fuzz::equal(a.coords, b.coords) && fuzz::equal(a.ring_offsets, b.ring_offsets) &&
         fuzz::equal(a.mask_offsets, b.mask_offsets) && fuzz::equal(a.counts, b.counts) &&
         fuzz::equal(a.count_offsets, b.count_offsets) && fuzz::equal(a.chars, b.chars) &&
         fuzz::equal(a.char_offsets, b.char_offsets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> texts(1);
  for (size_t k = 0; k < size; ++k) {
    if (data[k] == 0x1E)
      texts.emplace_back();
    else
      texts.back() += static_cast<char>(data[k]);
  }
  // Arrays of just the size of each text: a sanitizer sees a read past an end.
  std::vector<std::unique_ptr<char[]>> held;
  std::vector<Text> views;
  for (const std::string& text : texts) {
    held.push_back(std::make_unique<char[]>(text.size()));
    std::memcpy(held.back().get(), text.data(), text.size());
    views.push_back({held.back().get(), static_cast<int64_t>(text.size())});
  }
  const std::string no_json = "be JSON text nested at most 64 levels deep";
  Segmentations parsed;
  try {
    parsed = maskmill::parse_segmentations(views, 1);
  } catch (const StructureError& error) {
    const auto bad = static_cast<size_t>(error.record);
    fuzz::check(bad < texts.size(), "the error names a record");
    fuzz::check(is_json(texts[bad]) == (error.requirement != no_json), "no JSON is called that");
    for (size_t i = 0; i < bad; ++i) fuzz::check(is_json(texts[i]), "the first bad record wins");
    try {
      maskmill::parse_segmentations(views, 3);
      fuzz::check(false, "threads agree on errors");
    } catch (const StructureError& other) {
      fuzz::check(other.record == error.record && other.requirement == error.requirement &&
                      other.got == error.got,
                  "threads agree on errors");
    }
    return 0;
  }
  ++fuzz::n_accepted;
  for (const std::string& text : texts) fuzz::check(is_json(text), "only JSON is accepted");
  check_columns(parsed, static_cast<int64_t>(texts.size()));
  check_numbers(texts, parsed);
  fuzz::check(same(parsed, maskmill::parse_segmentations(views, 3)), "threads agree");
  return 0;
}

std::vector<std::string> fuzz::seeds() {
  return {
      "[[510.66,423.01,511.72,420.03,510.45,416.0],[1, 2, 3.5, 4]]",
      "[[ 12345678.5e-3 , -0.25 ,\n 1E2, 0 ]]",
      "[[0.1234567890123456789012345678901234567890, 4194304]]",
      "{\"size\":[480,640],\"counts\":[0,12,307188]}",
      "{\"counts\":\"mhR35U=2N2\\\\N9G\\u005c\",\"size\":[426,640]}",
      "null\x1e[]\x1e[[]]",
      "[1,2,3,4]",
      "[[1,2,3]]",
      "{\"size\":[1,1],\"counts\":\"\\ud83d\\ude00 \xc3\xa9\"}",
      "{\"size\":[1.5,1],\"counts\":null,\"other\":{\"a\":[true,false]}}",
      "[[[[[[[[[1]]]]]]]]]",
  };
}

std::vector<std::string> fuzz::words() {
  return {"[[",
          "]]",
          "],[",
          "\x1e",
          "e-5",
          "E+",
          "1e400",
          "NaN",
          "null",
          "true",
          "\\u",
          "\\ud800",
          "\\",
          "\"size\"",
          "\"counts\"",
          ":",
          "{",
          "}",
          ",",
          "0.",
          "-",
          "00000000",
          "9007199254740993",
          "4194304",
          "\xed\xa0\x80",
          "\xf0\x9f\x98\x80",
          "9223372036854775808",
          "12345.67",
          " ",
          "\t\n"};
}
