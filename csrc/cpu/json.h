// The pieces of JSON (RFC 8259) that segmentation text needs, over text with kTextPadding zero
// bytes behind it. A zero byte is no part of any JSON text, so that scanning needs no other bound,
// and eight bytes can be read at any place.
#pragma once

#include <cstdint>
#include <cstring>

#include "cpu/buffer.h"

namespace maskmill {

constexpr int64_t kTextPadding = 8;
constexpr int kMaxDepth = 64;  // levels of nesting that is_json accepts

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
inline const char* skip_space(const char* at) {
  while (is_space(*at)) ++at;
  return at;
}

// Tells whether text[0:size] is JSON in UTF-8 with at most kMaxDepth levels.
bool is_json(const char* text, int64_t size);

// Ends of a value that starts at `at`; null where it is malformed.
const char* scan_number(const char* at);
const char* scan_string(const char* at);

// A number of the form of scan_number: has neither point nor exponent.
bool is_whole(const char* begin, const char* end);
// The nearest double, as Python's float; too large gives an infinity.
double parse_double(const char* begin, const char* end);
// False if a whole number does not fit in 64 bits.
bool parse_int64(const char* begin, const char* end, int64_t& value);

// Appends the content of a string whose quotes lie at begin and end - 1, in UTF-8. A lone surrogate
// gives the three bytes of its code point, which no UTF-8 decoder accepts.
void decode_string(const char* begin, const char* end, Buffer<uint8_t>& out);

}  // namespace maskmill
