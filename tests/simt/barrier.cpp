// __syncthreads and its relatives.
#include "machine.h"

namespace maskmill::simt {
namespace {

void release(Block& block) {
  ++machine.stats.barriers;
  const Fiber* first = nullptr;
  u32 votes = 0;
  for (const Fiber* fiber : block.fibers) {
    if (fiber->state != State::at_barrier) continue;
    if (first == nullptr) first = fiber;
    votes += fiber->predicate;
    if (fiber->site.line != first->site.line) {
      fail("divergent barrier: thread %u waits at %s:%d, thread %u of its block at %s:%d",
           first->index, first->site.file, first->site.line, fiber->index, fiber->site.file,
           fiber->site.line);
    }
  }
  if (machine.config.races) races::join_block(block);
  block.arrived = 0;
  ++block.epoch;
  for (Fiber* fiber : block.fibers) {
    if (fiber->state != State::at_barrier) continue;
    fiber->result = votes;
    make_ready(*fiber);
  }
}

}  // namespace

u32 barrier(Vote vote, bool predicate, Site site) {
  Fiber& fiber = *machine.running;
  Block& block = *fiber.block;
  const u32 everyone = block.live;
  fiber.site = site;
  fiber.predicate = predicate;
  fiber.state = State::at_barrier;
  if (++block.arrived == everyone) release(block);
  // Released already, it has its turn in the queue.
  suspend(fiber.state);
  const auto votes = static_cast<u32>(fiber.result);
  if (vote == Vote::count) return votes;
  return vote == Vote::any ? votes > 0 : votes == everyone;
}

void leave_barrier(Block& block) {
  if (block.live > 0 && block.arrived == block.live) release(block);
}

}  // namespace maskmill::simt
