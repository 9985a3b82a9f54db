// The public functions: one launch at a time, from the grid to the last block.
#include <algorithm>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

#include "allocations.h"
#include "machine.h"

namespace maskmill::simt {
namespace {

std::mutex one_at_a_time;

constexpr u64 most_blocks = u64{1} << 24;
constexpr unsigned most_dynamic = 227 << 10;  // more than any device has

struct Launch {
  u32 threads;
  u32 count;     // of blocks
  u32 next = 0;  // place in `order` of the block that starts next
  u32 alive = 0;
  std::vector<u32> order;
};

Dim3 unravel(u32 index, Dim3 size) {
  return {index % size.x, index / size.x % size.y, index / size.x / size.y};
}

void check_sizes(Dim3 grid, Dim3 block, unsigned dynamic_shared_bytes) {
  const u64 threads = u64{block.x} * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.y > 1024 || block.z > 64) {
    fail("a block of %u x %u x %u threads", block.x, block.y, block.z);
  }
  if (threads % warp_size != 0)
    fail("a block of %u threads is no whole number of warps", static_cast<u32>(threads));
  if (grid.x > 0x7FFFFFFFU || grid.y > 65535 || grid.z > 65535) {
    fail("a grid of %u x %u x %u blocks exceeds (2^31 - 1) x 65535 x 65535", grid.x, grid.y,
         grid.z);
  }
  const u64 blocks = u64{grid.x} * grid.y * grid.z;
  if (blocks == 0) fail("a grid of %u x %u x %u blocks", grid.x, grid.y, grid.z);
  if (blocks > most_blocks) {
    fail("a grid of %llu blocks, more than this executor's 2^24", blocks);
  }
  if (dynamic_shared_bytes > most_dynamic) {
    fail("%u bytes of dynamic shared memory", dynamic_shared_bytes);
  }
}

void start_block(Block& block, u32 id, u32 threads) {
  block.id = id;
  block.live = threads;
  block.arrived = 0;
  block.epoch = 1;
  block.warps.assign(threads / warp_size, Warp());
  const Dim3 position = unravel(id, machine.grid);
  for (u32 i = 0; i < threads; ++i) {
    Fiber& fiber = *block.fibers[i];
    Warp& warp = block.warps[i / warp_size];
    fiber.place = {unravel(i, machine.block), position, machine.block, machine.grid};
    fiber.started = false;
    fiber.block = &block;
    fiber.warp = &warp;
    fiber.index = i;
    fiber.lane = i % warp_size;
    fiber.copies.clear();
    fiber.groups.clear();
    warp.lanes[fiber.lane] = &fiber;
    warp.live |= 1U << fiber.lane;
    if (machine.config.races) races::begin_thread(fiber);
    make_ready(fiber);
  }
  if (machine.config.races) {
    for (Warp& warp : block.warps) races::begin_warp(warp);
  }
}

void start_next(Launch& launch, Block& block) {
  start_block(block, launch.order[launch.next++], launch.threads);
  ++launch.alive;
}

void finish_block(Launch& launch, Block& block) {
  if (const char* name = block.shared.clear()) fail("writes beyond the shared array %s", name);
  ++machine.stats.blocks;
  --launch.alive;
  if (launch.next < launch.count) start_next(launch, block);
}

void finish_thread(Launch& launch, Fiber& fiber) {
  ++machine.stats.threads;
  machine.idle = 0;
  Block& block = *fiber.block;
  leave_warp(fiber);
  if (--block.live == 0) {
    finish_block(launch, block);
  } else {
    leave_barrier(block);
  }
}

[[noreturn]] void report_deadlock() {
  std::string waits;
  u32 count = 0;
  for (const Block& block : machine.blocks) {
    for (const Fiber* fiber : block.fibers) {
      if (fiber->state == State::finished) continue;
      const bool at_barrier = fiber->state == State::at_barrier;
      const Site& site = at_barrier ? fiber->site : fiber->call.site;
      if (++count > 8) continue;
      waits += "\n  block " + std::to_string(block.id) + " thread " + std::to_string(fiber->index) +
               " at " + site.file + ":" + std::to_string(site.line) +
               (at_barrier ? " (barrier)" : " (warp)");
    }
  }
  fail("deadlock: %u threads wait%s", count, waits.c_str());
}

void prepare_blocks(const Launch& launch, unsigned dynamic_shared_bytes) {
  const auto resident = static_cast<u32>(std::max(machine.config.resident, 1));
  machine.blocks.clear();
  machine.blocks.resize(std::min(resident, launch.count));
  while (machine.fibers.size() < machine.blocks.size() * launch.threads) {
    machine.fibers.push_back(std::make_unique<Fiber>());
    machine.fibers.back()->context.stack = make_stack();
  }
  size_t next = 0;
  for (Block& block : machine.blocks) {
    for (u32 i = 0; i < launch.threads; ++i) block.fibers.push_back(machine.fibers[next++].get());
    block.shared.reserve(dynamic_shared_bytes, machine.config.races);
  }
}

std::vector<u32> order_of_blocks(u32 count) {
  std::vector<u32> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (machine.config.order == Order::reverse) std::reverse(order.begin(), order.end());
  if (machine.config.order == Order::random) {
    for (u32 i = count; i > 1; --i) std::swap(order[i - 1], order[random_below(i)]);
  }
  return order;
}

void run(unsigned dynamic_shared_bytes) {
  const Dim3 grid = machine.grid;
  check_sizes(grid, machine.block, dynamic_shared_bytes);
  Launch launch;
  launch.threads = machine.block.x * machine.block.y * machine.block.z;
  launch.count = grid.x * grid.y * grid.z;
  machine.random = 0x9E3779B97F4A7C15ULL * (machine.config.seed + 1ULL) + launch.count;
  launch.order = order_of_blocks(launch.count);
  prepare_blocks(launch, dynamic_shared_bytes);
  for (Block& block : machine.blocks) start_next(launch, block);
  while (launch.alive > 0) {
    if (machine.queue.empty()) report_deadlock();
    Fiber& fiber = next_fiber();
    resume(fiber);
    if (!machine.error.empty()) throw KernelError(machine.error);
    if (fiber.state == State::finished) finish_thread(launch, fiber);
  }
}

// Fibers that a failed launch abandoned are prepared anew by the next.
void clean_up() {
  machine.queue.clear();
  machine.blocks.clear();
}

}  // namespace

Config config() {
  const std::lock_guard lock(one_at_a_time);
  return machine.config;
}

void configure(const Config& config) {
  const std::lock_guard lock(one_at_a_time);
  machine.config = config;
}

Stats stats() {
  const std::lock_guard lock(one_at_a_time);
  return machine.stats;
}

void reset_stats() {
  const std::lock_guard lock(one_at_a_time);
  machine.stats = {};
}

void launch(const char* name, Dim3 grid, Dim3 block, unsigned dynamic_shared_bytes,
            const std::function<void()>& body) {
  const std::lock_guard lock(one_at_a_time);
  ++machine.stats.launches;
  machine.kernel = name;
  machine.body = &body;
  machine.grid = grid;
  machine.block = block;
  machine.error.clear();
  machine.idle = 0;
  std::string error = find_damage();
  if (!error.empty()) throw KernelError("before " + std::string(name) + ": " + error);
  if (machine.config.races) races::begin_launch();
  try {
    run(dynamic_shared_bytes);
  } catch (const KernelError& failure) {
    error = failure.what();
    clean_up();
  }
  for (const std::string& found : {races::end_launch(), find_damage()}) {
    if (!found.empty()) error += (error.empty() ? "" : "\n") + found;
  }
  machine.blocks.clear();
  if (!error.empty()) throw KernelError("kernel " + std::string(name) + ": " + error);
}

void* allocate(size_t bytes) {
  const std::lock_guard lock(one_at_a_time);
  return allocate_device(bytes);
}

void release(void* pointer) noexcept {
  const std::lock_guard lock(one_at_a_time);
  if (pointer != nullptr) release_device(static_cast<u8*>(pointer));
}

void check_memory() {
  const std::lock_guard lock(one_at_a_time);
  const std::string error = find_damage();
  if (!error.empty()) throw KernelError(error);
}

}  // namespace maskmill::simt
