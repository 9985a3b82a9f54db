// State of the one launch that runs: blocks, warps, fibers and the queue of those that can go on.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "context_switch.h"
#include "executor.h"
#include "hooks.h"
#include "races.h"
#include "shared_memory.h"

namespace maskmill::simt {

constexpr u32 warp_size = 32;

enum class State { ready, at_barrier, in_warp, finished };

struct Block;
struct Warp;

struct AsyncCopy {
  void* to;
  const void* from;
  bool valid;
};

struct Fiber {
  Place place;
  Context context;
  bool started = false;
  State state = State::finished;
  Block* block = nullptr;
  Warp* warp = nullptr;
  u32 index = 0;  // in the block
  u32 lane = 0;
  Site site;               // where it waits at a barrier
  bool predicate = false;  // that it brought there
  WarpCall call;
  u64 result = 0;                 // of the barrier or the warp operation
  std::vector<AsyncCopy> copies;  // in flight, in order of their issue
  std::vector<size_t> groups;     // how many copies each committed group ends at
  races::Thread races;
};

struct Warp {
  Fiber* lanes[warp_size] = {};
  u32 live = 0;     // lanes that have not returned
  u32 waiting = 0;  // lanes inside a warp operation
  races::Clocks clocks;
};

struct Block {
  u32 id = 0;
  u32 live = 0;
  u32 arrived = 0;
  u32 epoch = 0;  // barriers that it has passed
  std::vector<Fiber*> fibers;
  std::vector<Warp> warps;
  SharedMemory shared;
};

struct Machine {
  Config config;
  Stats stats;
  const char* kernel = "";
  const std::function<void()>* body = nullptr;
  Dim3 grid, block;
  Fiber* running = nullptr;
  Context home;  // the scheduler's
  std::deque<Fiber*> queue;
  std::vector<Block> blocks;  // resident ones
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::string error;
  u64 random = 1;
  u64 idle = 0;   // pauses since somebody got on
  u32 eager = 0;  // atomics of the running fiber since it last let others run
};

extern Machine machine;

u32 random_below(u32 count);
// Of the running fiber: runs others until somebody makes it ready again.
void suspend(State state);
void make_ready(Fiber& fiber);
// Lets others run first: now and then in random order, rarely else, so that a spin ends.
void preempt();
Fiber& next_fiber();
// Runs it until it waits, pauses, returns or fails.
void resume(Fiber& fiber);
// A thread is leaving the block: whoever waits for it goes on or never will.
void leave_warp(Fiber& fiber);
void leave_barrier(Block& block);

}  // namespace maskmill::simt
