#include "cpu/segmentation_parser.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "cpu/digits.h"
#include "cpu/errors.h"
#include "cpu/json.h"

namespace maskmill {
namespace {

constexpr double kMaxCoordinate = 4194304.0;  // 2**22

constexpr char kJson[] = "be JSON text nested at most 64 levels deep";
constexpr char kShape[] = "be a list of polygons, an object with size and counts, or null";
constexpr char kPolygon[] = "hold one list of coordinates a ring, as in [[x, y, ...], [x, y, ...]]";
constexpr char kCoordinates[] = "hold only numbers as coordinates";
constexpr char kRange[] = "hold coordinates within 2**22 pixels";
constexpr char kPairs[] = "hold pairs of coordinates, x and y";
constexpr char kKeys[] = "hold the keys size and counts, once each";
constexpr char kSize[] = "hold size as [height, width], whole numbers from 1 to 2**31 - 1";
constexpr char kRuns[] = "hold counts as a string or a list of integers";
constexpr char kInt64[] = "hold counts that fit in 64 bits";
static_assert(kMaxDepth == 64);

// What is wrong with a record, if it is JSON at all.
struct Refusal : std::exception {
  Refusal(const char* required, std::string found) : requirement(required), got(std::move(found)) {}

  const char* requirement;
  std::string got;
};

[[noreturn]] void refuse(const char* requirement, std::string got) {
  throw Refusal(requirement, std::move(got));
}

[[noreturn]] void refuse_syntax() { throw Refusal(kJson, ""); }

// The start of a text in printable ASCII.
std::string quote(const char* text, int64_t size, int64_t limit) {
  std::string shown = "'";
  for (int64_t k = 0; k < std::min(size, limit); ++k) {
    shown += text[k] >= 32 && text[k] < 127 ? text[k] : '?';
  }
  return shown + (size > limit ? "'..." : "'");
}

}  // namespace

void SegmentationParser::parse(int64_t record, Text text, uint8_t& kind, int64_t* size) {
  // A private copy that ends with zeros: no scan needs a bound, reads of eight bytes stay inside,
  // and a caller that changes its buffer meanwhile changes nothing here.
  text_.resize(text.size + kTextPadding);
  if (text.size > 0) std::memcpy(text_.data(), text.data, static_cast<size_t>(text.size));
  std::memset(text_.data() + text.size, 0, kTextPadding);
  const auto refuse_json = [&] {
    throw StructureError(record, kJson, quote(text_.data(), text.size, 40));
  };
  try {
    at_ = skip_space(text_.data());
    read_value(kind, size);
    at_ = skip_space(at_);
    if (at_ != text_.data() + text.size) refuse_syntax();
  } catch (const Refusal& refusal) {
    if (refusal.requirement == kJson || !is_json(text_.data(), text.size)) refuse_json();
    throw StructureError(record, refusal.requirement, refusal.got);
  }
}

void SegmentationParser::read_value(uint8_t& kind, int64_t* size) {
  size[0] = size[1] = -1;
  kind = static_cast<uint8_t>(SegmentationKind::kPolygons);
  if (*at_ == '[') {
    ++at_;
    read_polygons();
  } else if (*at_ == '{') {
    ++at_;
    kind = read_object(size);
  } else if (std::strncmp(at_, "null", 4) == 0) {
    at_ += 4;
    columns.mask_offsets.push(columns.ring_offsets.size());
  } else {
    refuse(kShape, name_value());
  }
}

void SegmentationParser::read_polygons() {
  at_ = skip_space(at_);
  if (*at_ == ']') {
    ++at_;
  } else {
    int64_t ring = 0;
    do {
      read_ring(ring++);
    } while (goes_on(']'));
  }
  columns.mask_offsets.push(columns.ring_offsets.size());
}

void SegmentationParser::read_ring(int64_t ring) {
  if (*at_ != '[') {
    if (ring == 0 && (*at_ == '-' || is_digit(*at_))) {
      refuse(kPolygon, "a flat list of numbers; put it into a list");
    }
    refuse(kPolygon, name_value() + " in place of ring " + std::to_string(ring));
  }
  at_ = skip_space(at_ + 1);
  int64_t n = 0;
  if (*at_ == ']') {
    ++at_;
  } else {
    // A coordinate and its comma take two characters.
    const int64_t most = (text_.end() - at_) / 2;
    double* coords = columns.coords.room(most);
    for (const char* at = at_;;) {
      const char* end = parse_short(at, coords[n]);
      if (end == nullptr || std::abs(coords[n]) > kMaxCoordinate) [[unlikely]] {
        at_ = at;
        end = read_coordinate(ring, n, coords[n]);
      }
      if (*end == ',') [[likely]] {
        ++n;
        at = end + 1;
        if (*at == ' ') ++at;
        if (is_space(*at)) [[unlikely]] {
          at = skip_space(at);
        }
        continue;
      }
      if ((*end | 0x20) == 'e') [[unlikely]] {
        at_ = at;
        end = read_coordinate(ring, n, coords[n]);
      }
      ++n;
      at_ = end;
      if (!goes_on(']')) break;
      at = at_;
    }
  }
  if (n % 2 != 0) {
    refuse(kPairs, std::to_string(n) + " coordinates in ring " + std::to_string(ring));
  }
  columns.coords.advance(n);
  columns.ring_offsets.push(columns.coords.size() / 2);
}

// Gives the end of the coordinate at at_.
const char* SegmentationParser::read_coordinate(int64_t ring, int64_t index, double& value) const {
  const auto place = [&] {
    return " at coordinate " + std::to_string(index) + " of ring " + std::to_string(ring);
  };
  if (*at_ != '-' && !is_digit(*at_)) refuse(kCoordinates, name_value() + place());
  const char* end = scan_number(at_);
  if (end == nullptr) refuse_syntax();
  value = parse_double(at_, end);
  if (std::abs(value) > kMaxCoordinate) refuse(kRange, name_number(end) + place());
  return end;
}

uint8_t SegmentationParser::read_object(int64_t* size) {
  bool has_size = false;
  bool has_counts = false;
  uint8_t kind = 0;
  at_ = skip_space(at_);
  if (*at_ == '}') {
    ++at_;
  } else {
    do {
      const char* end = *at_ == '"' ? scan_string(at_) : nullptr;
      if (end == nullptr) refuse_syntax();
      key_.clear();
      decode_string(at_, end, key_);
      at_ = skip_space(end);
      if (*at_ != ':') refuse_syntax();
      at_ = skip_space(at_ + 1);
      const std::string name(key_.begin(), key_.end());
      if (name == "size" && !has_size) {
        read_size(size);
        has_size = true;
      } else if (name == "counts" && !has_counts) {
        kind = read_runs();
        has_counts = true;
      } else if (name == "size" || name == "counts") {
        refuse(kKeys, "a second " + name);
      } else {
        refuse(kKeys, "the key " + quote(name.data(), key_.size(), 24));
      }
    } while (goes_on('}'));
  }
  if (!has_size) refuse(kKeys, "no size");
  if (!has_counts) refuse(kKeys, "no counts");
  return kind;
}

void SegmentationParser::read_size(int64_t* size) {
  if (*at_ != '[') refuse(kSize, name_value() + " as size");
  at_ = skip_space(at_ + 1);
  int64_t n = 0;
  if (*at_ == ']') {
    ++at_;
  } else {
    do {
      const char* end = *at_ == '-' || is_digit(*at_) ? scan_number(at_) : nullptr;
      int64_t value = 0;
      if (end == nullptr || !is_whole(at_, end) || !parse_int64(at_, end, value) || value < 1 ||
          value >= int64_t{1} << 31) {
        refuse(kSize, name_value() + " in size");
      }
      if (n < 2) size[n] = value;
      ++n;
      at_ = end;
    } while (goes_on(']'));
  }
  if (n != 2) refuse(kSize, "a size of length " + std::to_string(n));
}

uint8_t SegmentationParser::read_runs() {
  if (*at_ == '"') {
    const char* end = scan_string(at_);
    if (end == nullptr) refuse_syntax();
    decode_string(at_, end, columns.chars);
    columns.char_offsets.push(columns.chars.size());
    at_ = end;
    return static_cast<uint8_t>(SegmentationKind::kCocoString);
  }
  if (*at_ != '[') refuse(kRuns, name_value() + " as counts");
  at_ = skip_space(at_ + 1);
  if (*at_ == ']') {
    ++at_;
  } else {
    int64_t* counts = columns.counts.room((text_.end() - at_) / 2);
    int64_t n = 0;
    do {
      const char* end = parse_short(at_, counts[n]);
      if (end == nullptr || *end == '.' || (*end | 0x20) == 'e') end = read_count(n, counts[n]);
      at_ = end;
      ++n;
    } while (goes_on(']'));
    columns.counts.advance(n);
  }
  columns.count_offsets.push(columns.counts.size());
  return static_cast<uint8_t>(SegmentationKind::kCounts);
}

// Gives the end of the count at at_.
const char* SegmentationParser::read_count(int64_t index, int64_t& value) const {
  const auto place = [&] { return " at count " + std::to_string(index); };
  const char* end = *at_ == '-' || is_digit(*at_) ? scan_number(at_) : nullptr;
  if (end == nullptr || !is_whole(at_, end)) refuse(kRuns, name_value() + place());
  if (!parse_int64(at_, end, value)) refuse(kInt64, name_number(end) + place());
  return end;
}

bool SegmentationParser::goes_on(char close) {
  if (*at_ == ',') [[likely]] {
    ++at_;
    if (*at_ == ' ') ++at_;
    at_ = skip_space(at_);
    return true;
  }
  at_ = skip_space(at_);
  if (*at_ == close) {
    ++at_;
    return false;
  }
  if (*at_ != ',') refuse_syntax();
  at_ = skip_space(at_ + 1);
  return true;
}

// Says what the value at at_ is; a syntax error where it is none.
std::string SegmentationParser::name_value() const {
  switch (*at_) {
    case '[':
      return "a list";
    case '{':
      return "an object";
    case '"':
      return "a string";
    case 't':
      return "true";
    case 'f':
      return "false";
    case 'n':
      return "null";
    default:
      break;
  }
  const char* end = *at_ == '-' || is_digit(*at_) ? scan_number(at_) : nullptr;
  if (end == nullptr) refuse_syntax();
  return name_number(end);
}

std::string SegmentationParser::name_number(const char* end) const {
  const std::string digits(at_, end);
  return "the number " + (digits.size() <= 24 ? digits : digits.substr(0, 24) + "...");
}

}  // namespace maskmill
