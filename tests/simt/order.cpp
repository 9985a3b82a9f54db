// Which accesses are ordered before which: clocks of lanes, barriers, and knowledge passed on.
#include <algorithm>
#include <unordered_map>

#include "machine.h"
#include "races.h"
#include "segments.h"

namespace maskmill::simt::races {
namespace {

using Shared = std::shared_ptr<const Knowledge>;

std::unordered_map<const void*, Shared> released;  // by the address of the flag

u64 block_key(u32 block) { return u64{block} << 11; }
u64 thread_key(u32 block, u32 thread) { return u64{block} << 11 | 1024 | thread; }

Shared join(const Shared& a, const Shared& b) {
  if (!b || a == b) return a;
  if (!a) return b;
  auto joined = std::make_shared<Knowledge>(*a);
  for (const auto& [key, value] : *b) {
    u32& known = (*joined)[key];
    known = std::max(known, value);
  }
  return joined;
}

}  // namespace

void clear_order() { released.clear(); }

void begin_warp(Warp& warp) {
  warp.clocks = {};
  for (u32 lane = 0; lane < warp_size; ++lane) warp.clocks.known[lane][lane] = 1;
}

void begin_thread(Fiber& fiber) { fiber.races = {}; }

void join_block(Block& block) {
  Shared knowledge;
  for (const Fiber* fiber : block.fibers) {
    if (fiber->state == State::at_barrier) knowledge = join(knowledge, fiber->races.knowledge);
  }
  for (Fiber* fiber : block.fibers) fiber->races = {0, knowledge};
}

void join_warp(Warp& warp, u32 mask) {
  u32 joined[warp_size] = {};
  Shared knowledge;
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if ((mask >> lane & 1) == 0) continue;
    for (u32 other = 0; other < warp_size; ++other) {
      joined[other] = std::max(joined[other], warp.clocks.known[lane][other]);
    }
    knowledge = join(knowledge, warp.lanes[lane]->races.knowledge);
  }
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if ((mask >> lane & 1) == 0) continue;
    std::copy(joined, joined + warp_size, warp.clocks.known[lane]);
    ++warp.clocks.known[lane][lane];
    warp.lanes[lane]->races = {0, knowledge};
  }
}

void release(Fiber& fiber, const void* address) {
  const Shared& knowledge = fiber.races.knowledge;
  auto passed = std::make_shared<Knowledge>(knowledge ? *knowledge : Knowledge());
  const Block& block = *fiber.block;
  (*passed)[block_key(block.id)] = block.epoch;
  u32* known = fiber.warp->clocks.known[fiber.lane];
  const u32 first = fiber.index - fiber.lane;
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (known[lane] > 0) (*passed)[thread_key(block.id, first + lane)] = known[lane];
  }
  released[address] = passed;
  ++known[fiber.lane];  // what follows is not passed on
  fiber.races.segment = 0;
}

void acquire(Fiber& fiber, const void* address) {
  const auto found = released.find(address);
  if (found != released.end()) {
    fiber.races.knowledge = join(fiber.races.knowledge, found->second);
  }
}

bool is_ordered_before(const Segment& earlier, const Fiber& fiber) {
  const Block& block = *fiber.block;
  if (earlier.block == block.id) {
    if (earlier.thread == fiber.index || earlier.epoch < block.epoch) return true;
    if (earlier.thread / warp_size == fiber.index / warp_size &&
        earlier.time <= fiber.warp->clocks.known[fiber.lane][earlier.thread % warp_size]) {
      return true;
    }
  }
  if (!fiber.races.knowledge) return false;
  const Knowledge& knowledge = *fiber.races.knowledge;
  const auto of_block = knowledge.find(block_key(earlier.block));
  if (of_block != knowledge.end() && earlier.epoch < of_block->second) return true;
  const auto of_thread = knowledge.find(thread_key(earlier.block, earlier.thread));
  return of_thread != knowledge.end() && earlier.time <= of_thread->second;
}

}  // namespace maskmill::simt::races
