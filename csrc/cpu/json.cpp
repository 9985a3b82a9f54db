#include "cpu/json.h"

#include <bit>
#include <charconv>
#include <limits>
#include <system_error>

namespace maskmill {
namespace {

const char* scan_digits(const char* at) {
  while (is_digit(*at)) ++at;
  return at;
}

// Index in memory of the first byte of a word that is not zero.
int first_byte(uint64_t word) {
  return (std::endian::native == std::endian::little ? std::countr_zero(word)
                                                     : std::countl_zero(word)) >>
         3;
}

// Value of one hexadecimal digit; -1 for another character.
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Value of four hexadecimal digits; -1 where there are fewer.
int hex_word(const char* at) {
  int value = 0;
  for (int k = 0; k < 4; ++k) {
    const int digit = hex_digit(at[k]);
    if (digit < 0) return -1;
    value = 16 * value + digit;
  }
  return value;
}

// End of one character beyond ASCII, by the table of well-formed UTF-8 (Unicode 3.9, table 3-7).
const char* scan_wide(const char* at) {
  const auto byte = [&](int k) { return static_cast<unsigned char>(at[k]); };
  const auto between = [&](int k, int low, int high) { return byte(k) >= low && byte(k) <= high; };
  const auto continued = [&](int k) { return between(k, 0x80, 0xBF); };
  const int lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return continued(1) ? at + 2 : nullptr;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = between(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && continued(2) ? at + 3 : nullptr;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second = between(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && continued(2) && continued(3) ? at + 4 : nullptr;
  }
  return nullptr;
}

const char* scan_word(const char* at) {
  for (const char* word : {"true", "false", "null"}) {
    const size_t length = std::strlen(word);
    if (std::strncmp(at, word, length) == 0) return at + length;
  }
  return nullptr;
}

// Skips characters of a string that stand for themselves, eight at a time; maybe not all of them.
const char* skip_plain(const char* at) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  for (;; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    // A zero byte x gives (x - 1) & ~x a high bit, and so do bytes above a borrow: those are
    // looked at one by one.
    const uint64_t quote = word ^ '"' * kOnes;
    const uint64_t backslash = word ^ '\\' * kOnes;
    const uint64_t found = ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                           ((word - 0x20 * kOnes) & ~word) | word;
    const uint64_t stops = found & 0x80 * kOnes;
    if (stops != 0) return at + first_byte(stops);
  }
}

// Key, colon and the space around them.
const char* scan_key(const char* at) {
  if (*at != '"') return nullptr;
  at = scan_string(at);
  if (at == nullptr) return nullptr;
  at = skip_space(at);
  return *at == ':' ? skip_space(at + 1) : nullptr;
}

void append_utf8(int code, Buffer<uint8_t>& out) {
  const auto push = [&](int byte) { out.push(static_cast<uint8_t>(byte)); };
  if (code < 0x80) {
    push(code);
    return;
  }
  if (code < 0x800) {
    push(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      push(0xE0 | code >> 12);
    } else {
      push(0xF0 | code >> 18);
      push(0x80 | (code >> 12 & 0x3F));
    }
    push(0x80 | (code >> 6 & 0x3F));
  }
  push(0x80 | (code & 0x3F));
}

// For a number that no finite double but zero is nearest to: whether it is too large, not too
// small.
bool is_large(const char* at, const char* end) {
  if (*at == '-') ++at;
  int64_t magnitude = 0;  // the first digit other than 0 stands for units of 10**(magnitude - 1)
  const char* point = scan_digits(at);
  if (*at != '0') {
    magnitude = point - at;
  } else if (*point == '.') {
    for (const char* p = point + 1; *p == '0'; ++p) --magnitude;
  }
  const char* exponent = point;
  while (exponent < end && *exponent != 'e' && *exponent != 'E') ++exponent;
  if (exponent == end) return magnitude > 0;
  ++exponent;
  const bool negative = *exponent == '-';
  if (*exponent == '-' || *exponent == '+') ++exponent;
  int64_t power = 0;
  for (; exponent < end; ++exponent) {
    if (power < int64_t{1} << 56) power = 10 * power + (*exponent - '0');
  }
  return magnitude + (negative ? -power : power) > 0;
}

}  // namespace

const char* scan_number(const char* at) {
  if (*at == '-') ++at;
  if (!is_digit(*at)) return nullptr;
  at = *at == '0' ? at + 1 : scan_digits(at);
  if (*at == '.') {
    if (!is_digit(at[1])) return nullptr;
    at = scan_digits(at + 1);
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '-' || *at == '+') ++at;
    if (!is_digit(*at)) return nullptr;
    at = scan_digits(at);
  }
  return at;
}

const char* scan_string(const char* at) {
  ++at;
  for (;;) {
    at = skip_plain(at);
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"') return at + 1;
    if (c < 0x20) return nullptr;  // the end of the text among them
    if (c == '\\') {
      ++at;
      if (*at == 'u') {
        if (hex_word(at + 1) < 0) return nullptr;
        at += 5;
      } else if (*at != 0 && std::strchr("\"\\/bfnrt", *at) != nullptr) {
        ++at;
      } else {
        return nullptr;
      }
    } else if (c < 0x80) {
      ++at;
    } else {
      at = scan_wide(at);
      if (at == nullptr) return nullptr;
    }
  }
}

bool is_json(const char* text, int64_t size) {
  bool in_object[kMaxDepth];
  int depth = 0;
  const char* at = skip_space(text);
  for (;;) {
    // At a value: go down to its first leaf.
    if (*at == '[' || *at == '{') {
      const bool object = *at == '{';
      if (depth == kMaxDepth) return false;
      in_object[depth++] = object;
      at = skip_space(at + 1);
      if (*at == (object ? '}' : ']')) {
        --depth;
        ++at;
      } else {
        if (object) at = scan_key(at);
        if (at == nullptr) return false;
        continue;
      }
    } else {
      at = *at == '"'                    ? scan_string(at)
           : *at == '-' || is_digit(*at) ? scan_number(at)
                                         : scan_word(at);
      if (at == nullptr) return false;
    }
    // Behind a value: go up, until a comma leads to the next one.
    for (;;) {
      at = skip_space(at);
      if (depth == 0) return at == text + size;
      if (*at == ',') break;
      if (*at != (in_object[depth - 1] ? '}' : ']')) return false;
      --depth;
      ++at;
    }
    at = skip_space(at + 1);
    if (in_object[depth - 1]) at = scan_key(at);
    if (at == nullptr) return false;
  }
}

bool is_whole(const char* begin, const char* end) {
  return scan_digits(*begin == '-' ? begin + 1 : begin) == end;
}

double parse_double(const char* begin, const char* end) {
  // Clinger's fast path: with a mantissa below 2**53 and a power of ten up to 10**22 both are
  // exact, so that one division rounds once.
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = *begin == '-';
  const char* at = begin + (negative ? 1 : 0);
  if (end - at <= 19) {
    uint64_t mantissa = 0;  // 19 digits at most: no overflow
    int64_t decimals = 0;
    for (; is_digit(*at); ++at) mantissa = 10 * mantissa + static_cast<uint64_t>(*at - '0');
    if (*at == '.') {
      const char* point = at++;
      for (; is_digit(*at); ++at) mantissa = 10 * mantissa + static_cast<uint64_t>(*at - '0');
      decimals = at - point - 1;
    }
    if (at == end && mantissa < uint64_t{1} << 53) {
      const double value = static_cast<double>(mantissa) / kPowers[decimals];
      return negative ? -value : value;
    }
  }
  double value = 0;
  if (std::from_chars(begin, end, value).ec == std::errc::result_out_of_range) {
    value = is_large(begin, end) ? std::numeric_limits<double>::infinity() : 0.0;
    if (negative) value = -value;
  }
  return value;
}

bool parse_int64(const char* begin, const char* end, int64_t& value) {
  return std::from_chars(begin, end, value).ec == std::errc{};
}

void decode_string(const char* begin, const char* end, Buffer<uint8_t>& out) {
  static constexpr char kNames[] = "bfnrt";
  static constexpr char kValues[] = "\b\f\n\r\t";
  const char* at = begin + 1;
  const char* last = end - 1;
  while (at < last) {
    const void* found = std::memchr(at, '\\', static_cast<size_t>(last - at));
    const char* escape = found == nullptr ? last : static_cast<const char*>(found);
    out.append(reinterpret_cast<const uint8_t*>(at), escape - at);
    if (escape == last) return;
    if (escape[1] != 'u') {
      const char* name = std::strchr(kNames, escape[1]);
      out.push(static_cast<uint8_t>(name == nullptr ? escape[1] : kValues[name - kNames]));
      at = escape + 2;
      continue;
    }
    int code = hex_word(escape + 2);
    at = escape + 6;
    // A pair of surrogates is one character beyond 0xFFFF.
    if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
      const int low = hex_word(at + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    append_utf8(code, out);
  }
}

}  // namespace maskmill
