// Fibers take turns: which one is next is the order that the launch was configured with.
#include <cstdarg>
#include <cstdio>

#include "machine.h"

namespace maskmill::simt {

Machine machine;
__thread const Place* place = nullptr;

namespace {

constexpr u64 most_idle = 200'000;
constexpr u32 most_eager = 1024;

void leave(bool done) {
  ++machine.stats.switches;
  switch_context(machine.running->context, machine.home, done);
}

void entry() {
  arrived(machine.home);
  bool threw = false;
  try {
    (*machine.body)();
  } catch (...) {
    threw = true;  // leaving inside the handler would keep the exception for ever
  }
  if (threw) fail("a kernel throws an exception");
  if (!machine.running->copies.empty()) fail("a thread returns with async copies in flight");
  machine.running->state = State::finished;
  leave(true);
}

}  // namespace

u32 random_below(u32 count) {
  u64& state = machine.random;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<u32>((state >> 11) % count);
}

void fail(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  machine.error = text;
  if (const Fiber* fiber = machine.running) {
    const Dim3 block = fiber->place.block;
    snprintf(text, sizeof text, " (block %u,%u,%u thread %u)", block.x, block.y, block.z,
             fiber->index);
    machine.error += text;
    leave(true);  // and never comes back
  }
  throw KernelError(machine.error);
}

void suspend(State state) {
  machine.running->state = state;
  leave(false);
}

void make_ready(Fiber& fiber) {
  fiber.state = State::ready;
  machine.queue.push_back(&fiber);
  machine.idle = 0;
}

void pause() {
  if (++machine.idle > most_idle) fail("livelock: threads spin and none gets on");
  // Behind all others, or it would be the next again.
  if (machine.config.order == Order::forward) {
    machine.queue.push_back(machine.running);
  } else {
    machine.queue.push_front(machine.running);
  }
  suspend(State::ready);
}

void preempt() {
  const bool now = machine.config.order == Order::random && random_below(4) == 0;
  if (!now && ++machine.eager < most_eager) return;
  if (!now) machine.idle += most_eager / 16;
  pause();
}

Fiber& next_fiber() {
  std::deque<Fiber*>& queue = machine.queue;
  if (machine.config.order == Order::random) {
    std::swap(queue.back(), queue[random_below(static_cast<u32>(queue.size()))]);
  }
  const bool forward = machine.config.order == Order::forward;
  Fiber* fiber = forward ? queue.front() : queue.back();
  forward ? queue.pop_front() : queue.pop_back();
  return *fiber;
}

void resume(Fiber& fiber) {
  if (!fiber.started) {
    prepare(fiber.context, entry);
    fiber.started = true;
  }
  machine.running = &fiber;
  machine.eager = 0;
  place = &fiber.place;
  switch_context(machine.home, fiber.context, false);
  place = nullptr;
  machine.running = nullptr;
}

}  // namespace maskmill::simt
