// Finds accesses to one byte of which one writes, not all are atomic, and none is ordered before
// the other: by a barrier of their block, by __syncwarp, or by a release that the other acquired.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "core/types.h"

namespace maskmill::simt {

struct Block;
struct Fiber;
struct Warp;

namespace races {

// Which accesses of other warps and blocks are ordered before all that follows: of a block, those
// before its barrier number n; of a thread, those up to its time t.
using Knowledge = std::map<u64, u32>;

struct Thread {
  u32 segment = 0;  // 0: the next access begins one
  std::shared_ptr<const Knowledge> knowledge;
};

// Row i: up to which time lane i knows of each lane. Entry (i, i) is the time of lane i itself.
struct Clocks {
  u32 known[32][32] = {};
};

// A departure is the write of an async copy that has not arrived: it races with every access.
enum class Kind { read, write, atomic_read, atomic_write, departure, arrival };

void begin_launch();
// What was found, in words, or "". Forgets it.
std::string end_launch();
void begin_warp(Warp& warp);
void begin_thread(Fiber& fiber);

void join_block(Block& block);
void join_warp(Warp& warp, u32 mask);
void release(Fiber& fiber, const void* address);
void acquire(Fiber& fiber, const void* address);

void access(const void* address, size_t bytes, Kind kind, void* caller);

}  // namespace races
}  // namespace maskmill::simt
