// Division of many positions by one height.
#pragma once

#include "core/types.h"

namespace maskmill {

struct Reciprocal {
  u32 divisor;
  u32 magic;  // 2**(32 + shift) / divisor, rounded down, at most 2**32 - 1
  u32 shift;  // the largest with 2**shift <= divisor
};

MASKMILL_HD Reciprocal reciprocal(u32 divisor) {
  u32 shift = 0;
  while (divisor >> shift > 1) ++shift;
  const u64 magic = (u64{1} << (32 + shift)) / divisor;
  return {divisor, magic >> 32 != 0 ? 0xffffffffU : static_cast<u32>(magic), shift};
}

struct Division {
  u32 quotient, rest;
};

// Rounding the reciprocal down costs less than 1 in the quotient: at most one step is missing.
MASKMILL_HD Division divide(u32 value, Reciprocal by) {
  const u32 guess = static_cast<u32>((u64{value} * by.magic) >> 32) >> by.shift;
  const u32 rest = value - guess * by.divisor;
  const bool missing = rest >= by.divisor;
  return {missing ? guess + 1 : guess, missing ? rest - by.divisor : rest};
}

}  // namespace maskmill
