// Short numbers, eight characters at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace maskmill {

// Value of eight decimal digits, one a byte, the first in the lowest byte.
inline uint64_t join_digits(uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  return (((digits & 0x000000FF000000FF) * 0x000F424000000064) +
          ((digits >> 16 & 0x000000FF000000FF) * 0x0000271000000001)) >>
         32;
}

// Eight characters with '0' taken away from each, and the high bit of each that is no digit.
struct Digits {
  explicit Digits(const char* at) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    std::memcpy(&digits, at, 8);
    digits ^= '0' * kOnes;
    // A byte above 127 carries into the next one: no number goes on there.
    stops = ((digits + (0x80 - 10) * kOnes) | digits) & 0x80 * kOnes;
  }
  // Neither a digit, nor a 0 before another digit, nor eight digits.
  [[nodiscard]] bool starts_short_number() const {
    return (stops & 0x80) == 0 && ((stops & 0x8000) | (digits & 0xFF)) != 0 && stops != 0;
  }
  [[nodiscard]] int n_digits() const { return std::countr_zero(stops) >> 3; }

  uint64_t digits;
  uint64_t stops;
};

// Reads a whole number of at most 7 digits at once: the length of a number is what branch
// predictors cannot guess. Gives its end, or null where the number has another form.
inline const char* parse_short(const char* at, int64_t& value) {
  if constexpr (std::endian::native != std::endian::little) return nullptr;
  const Digits word(at);
  if (!word.starts_short_number()) return nullptr;
  const int n = word.n_digits();
  value = static_cast<int64_t>(join_digits(word.digits << (64 - 8 * n)));
  return at + n;
}

// The same with or without a point between the digits, of at most 7 characters.
inline const char* parse_short(const char* at, double& value) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  if constexpr (std::endian::native != std::endian::little) return nullptr;
  const Digits word(at);
  if (!word.starts_short_number()) return nullptr;
  const int whole = word.n_digits();
  if (at[whole] != '.') {
    value = static_cast<double>(join_digits(word.digits << (64 - 8 * whole)));
    return at + whole;
  }
  const uint64_t later_stops = word.stops & (word.stops - 1);
  if (later_stops == 0) return nullptr;
  const int length = std::countr_zero(later_stops) >> 3;
  const int decimals = length - whole - 1;
  if (decimals == 0) return nullptr;
  // The last digit goes to the last byte; those before the point move up by one, over the point.
  const uint64_t last = word.digits << (64 - 8 * length);
  const uint64_t behind_point = ~uint64_t{0} << (64 - 8 * decimals);
  value = static_cast<double>(join_digits((last & behind_point) | (last << 8 & ~behind_point))) /
          kPowers[decimals];
  return at + length;
}

}  // namespace maskmill
