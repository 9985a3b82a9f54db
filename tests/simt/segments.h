// A segment is what one thread does between two synchronisations: accesses of one segment are
// ordered alike, so that a byte of memory remembers only its number.
#pragma once

#include "core/types.h"

namespace maskmill::simt {

struct Fiber;

namespace races {

struct Segment {
  u32 block, thread;
  u32 epoch;     // barriers that the block had passed
  u32 time;      // of the thread
  bool pending;  // an async copy in flight
};

bool is_ordered_before(const Segment& earlier, const Fiber& fiber);
void clear_order();

}  // namespace races
}  // namespace maskmill::simt
