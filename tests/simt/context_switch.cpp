#include "context_switch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

#ifdef MASKMILL_SIMT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// maskmill_simt_switch(save, load): saves the registers that a function must keep on the stack and
// the stack pointer in *save; takes both back from `load`. Signal masks stay as they are, which is
// what makes this ten times faster than swapcontext.
#if defined(MASKMILL_SIMT_USES_UCONTEXT)
#elif defined(__x86_64__)
extern "C" void maskmill_simt_switch(void** save, void* load);
asm(R"(
.text
.globl maskmill_simt_switch
.hidden maskmill_simt_switch
.type maskmill_simt_switch,@function
maskmill_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size maskmill_simt_switch,.-maskmill_simt_switch
)");
#elif defined(__aarch64__)
extern "C" void maskmill_simt_switch(void** save, void* load);
asm(R"(
.text
.globl maskmill_simt_switch
.hidden maskmill_simt_switch
.type maskmill_simt_switch,%function
maskmill_simt_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size maskmill_simt_switch,.-maskmill_simt_switch
)");
#endif

namespace maskmill::simt {
namespace {

#ifdef MASKMILL_SIMT_ASAN
constexpr size_t stack_bytes = 256 << 10;  // its frames are larger
#else
constexpr size_t stack_bytes = 64 << 10;
#endif

}  // namespace

Stack make_stack() {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, stack_bytes + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) throw std::bad_alloc();
  return {static_cast<char*>(memory) + page, stack_bytes};
}

void prepare(Context& context, void (*entry)()) {
#ifdef MASKMILL_SIMT_ASAN
  // What used these addresses before, a fiber that was abandoned or something else, left its marks.
  __asan_unpoison_memory_region(context.stack.bottom, context.stack.bytes);
#endif
#ifdef MASKMILL_SIMT_USES_UCONTEXT
  getcontext(&context.registers);
  context.registers.uc_stack.ss_sp = context.stack.bottom;
  context.registers.uc_stack.ss_size = context.stack.bytes;
  context.registers.uc_link = nullptr;
  makecontext(&context.registers, entry, 0);
#else
  const auto top = reinterpret_cast<uintptr_t>(context.stack.bottom) + context.stack.bytes;
  auto* words = reinterpret_cast<void**>(top & ~uintptr_t{15});
#ifdef __x86_64__
  words -= 8;  // six registers, the return address, and the null that ends a backtrace
  memset(words, 0, 8 * sizeof *words);
  words[6] = reinterpret_cast<void*>(entry);
#else
  words -= 20;
  memset(words, 0, 20 * sizeof *words);
  words[11] = reinterpret_cast<void*>(entry);  // x30, the link register
#endif
  context.stack_pointer = words;
#endif
}

void arrived([[maybe_unused]] Context& from) {
#ifdef MASKMILL_SIMT_ASAN
  const void* bottom = nullptr;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &from.stack.bytes);
  from.stack.bottom = const_cast<void*>(bottom);
#endif
}

void switch_context(Context& from, Context& to, [[maybe_unused]] bool done) {
#ifdef MASKMILL_SIMT_ASAN
  __sanitizer_start_switch_fiber(done ? nullptr : &from.fake_stack, to.stack.bottom,
                                 to.stack.bytes);
#endif
#ifdef MASKMILL_SIMT_USES_UCONTEXT
  swapcontext(&from.registers, &to.registers);
#else
  maskmill_simt_switch(&from.stack_pointer, to.stack_pointer);
#endif
#ifdef MASKMILL_SIMT_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

}  // namespace maskmill::simt
