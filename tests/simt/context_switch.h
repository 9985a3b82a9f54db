// Stacks, and the switch from one to another.
#pragma once

#include <cstddef>

#if defined(MASKMILL_SIMT_UCONTEXT) || !(defined(__x86_64__) || defined(__aarch64__))
#define MASKMILL_SIMT_USES_UCONTEXT 1
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define MASKMILL_SIMT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MASKMILL_SIMT_ASAN 1
#endif
#endif

namespace maskmill::simt {

struct Stack {
  void* bottom = nullptr;
  size_t bytes = 0;
};

// With a page below that faults, so that an overflow is no silent damage. Never given back.
Stack make_stack();

struct Context {
#ifdef MASKMILL_SIMT_USES_UCONTEXT
  ucontext_t registers;
#else
  void* stack_pointer = nullptr;
#endif
  Stack stack;                 // that it runs on; AddressSanitizer wants to be told
  void* fake_stack = nullptr;  // AddressSanitizer's
};

// A context that runs `entry` on its stack when it is switched to first. `entry` never returns.
void prepare(Context& context, void (*entry)());
// Called first thing on a new stack. `from` is who switched here.
void arrived(Context& from);
// Runs `to` until somebody switches back. A context that is `done` is never switched to again.
void switch_context(Context& from, Context& to, bool done);

}  // namespace maskmill::simt
