#include "races.h"

#include <set>
#include <utility>
#include <vector>

#include "allocations.h"
#include "machine.h"
#include "segments.h"
#include "shadow.h"
#include "symbols.h"

namespace maskmill::simt::races {
namespace {

using shadow::Access;
using shadow::Cell;

constexpr size_t most_reports = 5;

std::vector<Segment> segments;
std::set<std::pair<u32, u32>> seen;  // code that raced, so that a loop is reported once
std::string reports;

const Segment& segment_of(Access access) { return segments[access & ~shadow::atomic_bit]; }

u32 begin_segment(const Fiber& fiber, bool pending) {
  const u32 time = fiber.warp->clocks.known[fiber.lane][fiber.lane];
  segments.push_back({fiber.block->id, fiber.index, fiber.block->epoch, time, pending});
  return static_cast<u32>(segments.size() - 1);
}

std::string words(const Segment& segment, u32 caller) {
  return "block " + std::to_string(segment.block) + " thread " + std::to_string(segment.thread) +
         " at " + source_line(caller);
}

std::string place_of(const Fiber& fiber, const u8* address) {
  const SharedMemory& shared = fiber.block->shared;
  return shared.contains(address) ? shared.describe(address) : describe(address);
}

// One access of the running fiber to one byte.
struct Visit {
  const Fiber& fiber;
  const u8* address;
  Access access;
  u32 caller;
  bool shared;
  bool arrives;

  bool races_with(Access earlier) const {
    if (earlier == 0 || earlier == access) return false;
    const Segment& segment = segment_of(earlier);
    const bool own = segment.block == fiber.block->id && segment.thread == fiber.index;
    // Of an earlier block in the same memory.
    if (shared && segment.block != fiber.block->id) return false;
    if (segment.pending) return !(own && arrives);
    if ((earlier & access & shadow::atomic_bit) != 0) return false;
    return !own && !is_ordered_before(segment, fiber);
  }

  void report(const char* what, Access earlier, u32 earlier_caller) const {
    if (!seen.insert({earlier_caller, caller}).second || seen.size() > most_reports) return;
    reports += std::string("\n  ") + what + " of " + place_of(fiber, address) + ": " +
               words(segment_of(access), caller) + ", after " +
               words(segment_of(earlier), earlier_caller);
  }

  void read(Cell& cell) const {
    if (races_with(cell.write)) report("read after write", cell.write, cell.write_caller);
    // Two reads are kept; one that is ordered before this is covered by it.
    (races_with(cell.read) ? cell.other_read : cell.read) = access;
    cell.read_caller = caller;
  }

  void write(Cell& cell) const {
    if (races_with(cell.write)) {
      report("write after write", cell.write, cell.write_caller);
    } else if (races_with(cell.read)) {
      report("write after read", cell.read, cell.read_caller);
    } else if (races_with(cell.other_read)) {
      report("write after read", cell.other_read, cell.read_caller);
    }
    cell = {access, 0, 0, caller, 0};
  }
};

}  // namespace

void begin_launch() { segments.assign(1, Segment{}); }

std::string end_launch() {
  shadow::clear();
  clear_order();
  const size_t count = seen.size();
  seen.clear();
  std::string found = std::exchange(reports, "");
  return count == 0 ? found : "data races (" + std::to_string(count) + "):" + found;
}

void access(const void* address, size_t bytes, Kind kind, void* caller) {
  Cell* cell = shadow::cell_of(address);
  if (cell == nullptr || machine.running == nullptr) return;
  Fiber& fiber = *machine.running;
  if (fiber.races.segment == 0) fiber.races.segment = begin_segment(fiber, false);
  const bool atomic = kind == Kind::atomic_read || kind == Kind::atomic_write;
  const u32 segment = kind == Kind::departure ? begin_segment(fiber, true) : fiber.races.segment;
  const bool reads = kind == Kind::read || kind == Kind::atomic_read;
  Visit visit = {fiber,
                 static_cast<const u8*>(address),
                 segment | (atomic ? shadow::atomic_bit : 0),
                 code_offset(caller),
                 fiber.block->shared.contains(address),
                 kind == Kind::arrival};
  for (size_t i = 0; i < bytes; ++i, ++cell, ++visit.address) {
    if (reads) {
      visit.read(*cell);
    } else {
      visit.write(*cell);
    }
  }
}

}  // namespace maskmill::simt::races
