// Operations of the lanes of a warp with one another.
#include "machine.h"

namespace maskmill::simt {
namespace {

bool contains(u32 mask, u32 lane) { return (mask >> lane & 1) != 0; }

u64 value_of_lane(const Warp& warp, const Fiber& fiber, i32 source) {
  if (source < 0 || source >= static_cast<i32>(warp_size) ||
      !contains(fiber.call.mask, static_cast<u32>(source))) {
    fail("%s:%d: lane %u shuffles from lane %d, which is not in mask %08x", fiber.call.site.file,
         fiber.call.site.line, fiber.lane, source, fiber.call.mask);
  }
  return warp.lanes[source]->call.value;
}

u64 shuffle(const Warp& warp, const Fiber& fiber) {
  const WarpCall& call = fiber.call;
  const auto lane = static_cast<i32>(fiber.lane);
  const i32 base = lane & ~(call.width - 1);
  const i32 end = base + call.width;
  i32 source = lane;
  switch (call.operation) {
    case WarpOperation::shuffle_up:
      source = lane - call.argument;
      if (source < base) source = lane;
      break;
    case WarpOperation::shuffle_down:
      source = lane + call.argument;
      if (source >= end) source = lane;
      break;
    case WarpOperation::shuffle_xor:
      source = lane ^ call.argument;
      if (source >= end) source = lane;
      break;
    default:
      source = base + (call.argument & (call.width - 1));
  }
  return value_of_lane(warp, fiber, source);
}

// Its four sums in the 16 x 8 product: row r is lane group r % 8, column c is lane group c.
u64 multiply_bits(const Warp& warp, const Fiber& fiber) {
  const auto operands = [&](u32 lane) {
    return reinterpret_cast<const BitOperands*>(warp.lanes[lane]->call.value);
  };
  const u32 group = fiber.lane / 4;
  const u32 pair = fiber.lane % 4;
  for (u32 i = 0; i < 4; ++i) {
    const u32 half = i / 2;
    const u32 column = 2 * pair + i % 2;
    for (u32 k = 0; k < 4; ++k) {
      const u32* a = operands(group * 4 + k)->a;
      const u32* b = operands(column * 4 + k)->b;
      operands(fiber.lane)->sums[i] +=
          __builtin_popcount(a[half] & b[0]) + __builtin_popcount(a[2 + half] & b[1]);
    }
  }
  return 0;
}

u64 combine(const Warp& warp, const Fiber& fiber) {
  u64 result = 0;
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (!contains(fiber.call.mask, lane)) continue;
    const u64 value = warp.lanes[lane]->call.value;
    switch (fiber.call.operation) {
      case WarpOperation::ballot:
        result |= value << lane;
        break;
      case WarpOperation::match:
        result |= u64{value == fiber.call.value} << lane;
        break;
      default:
        result += value;
    }
  }
  return result;
}

u64 evaluate(const Warp& warp, const Fiber& fiber) {
  switch (fiber.call.operation) {
    case WarpOperation::sync:
      return 0;
    case WarpOperation::multiply_bits:
      return multiply_bits(warp, fiber);
    case WarpOperation::ballot:
    case WarpOperation::sum:
    case WarpOperation::match:
      return combine(warp, fiber);
    default:
      return shuffle(warp, fiber);
  }
}

void check_agreement(const Warp& warp, const Fiber& fiber) {
  const WarpCall& mine = fiber.call;
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (!contains(mine.mask, lane)) continue;
    const WarpCall& other = warp.lanes[lane]->call;
    if (other.mask == mine.mask && other.operation == mine.operation &&
        other.site.line == mine.site.line) {
      continue;
    }
    fail("warp divergence: lane %u is at %s:%d (mask %08x), lane %u at %s:%d (mask %08x)",
         fiber.lane, mine.site.file, mine.site.line, mine.mask, lane, other.site.file,
         other.site.line, other.mask);
  }
}

void check_mask(const Warp& warp, const Fiber& fiber) {
  const WarpCall& call = fiber.call;
  if (!contains(call.mask, fiber.lane)) {
    fail("%s:%d: lane %u calls with mask %08x, which it is not in", call.site.file, call.site.line,
         fiber.lane, call.mask);
  }
  if ((call.mask & ~warp.live) != 0) {
    fail("%s:%d: mask %08x names lanes that have returned or do not exist (live: %08x)",
         call.site.file, call.site.line, call.mask, warp.live);
  }
}

}  // namespace

u64 warp(const WarpCall& call) {
  Fiber& fiber = *machine.running;
  Warp& warp = *fiber.warp;
  ++machine.stats.warp_operations;
  fiber.call = call;
  check_mask(warp, fiber);
  warp.waiting |= 1U << fiber.lane;
  if ((warp.waiting & call.mask) != call.mask) {
    suspend(State::in_warp);
    return fiber.result;
  }
  check_agreement(warp, fiber);
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (contains(call.mask, lane)) {
      warp.lanes[lane]->result = evaluate(warp, *warp.lanes[lane]);
    }
  }
  // Shuffles and votes order no memory; only __syncwarp does.
  if (machine.config.races && call.operation == WarpOperation::sync) {
    races::join_warp(warp, call.mask);
  }
  warp.waiting &= ~call.mask;
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (contains(call.mask, lane)) make_ready(*warp.lanes[lane]);
  }
  suspend(State::ready);
  return fiber.result;
}

void leave_warp(Fiber& fiber) {
  Warp& warp = *fiber.warp;
  warp.live &= ~(1U << fiber.lane);
  for (u32 lane = 0; lane < warp_size; ++lane) {
    if (contains(warp.waiting, lane)) check_mask(warp, *warp.lanes[lane]);
  }
}

}  // namespace maskmill::simt
