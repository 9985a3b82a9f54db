// The door to the cases for ctypes.
#include "cases.h"

#include <cstdio>
#include <cstring>

namespace {

using namespace maskmill::simt;
using maskmill::u32;

const Case* find(const char* name) {
  for (const auto* cases : {&faults(), &race_faults(), &intrinsics()}) {
    for (const Case& each : *cases) {
      if (strcmp(each.name, name) == 0) return &each;
    }
  }
  return nullptr;
}

void run(const Case& chosen, u32* words) {
  constexpr size_t bytes = n_words * sizeof(u32);
  auto* device = static_cast<u32*>(allocate(bytes));
  memset(device + n_words / 2, 0, bytes / 2);
  try {
    launch(chosen.name, chosen.grid, chosen.block, chosen.dynamic_bytes,
           [&] { chosen.kernel(device); });
  } catch (...) {
    release(device);
    throw;
  }
  memcpy(words, device, bytes);
  release(device);
}

}  // namespace

#define DOOR extern "C" __attribute__((visibility("default")))

DOOR void maskmill_simt_configure(unsigned seed, int order, int resident, int poison) {
  Config config;
  config.seed = seed;
  config.order = static_cast<Order>(order);
  config.resident = resident;
  config.poison = poison;
  configure(config);
}

// 0, or 1 and a message. `words` are the kernel's after the launch.
DOOR int maskmill_simt_run(const char* name, u32* words, char* message, size_t message_bytes) {
  const Case* chosen = find(name);
  snprintf(message, message_bytes, "no such case");
  if (chosen == nullptr) return 1;
  try {
    run(*chosen, words);
  } catch (const KernelError& error) {
    snprintf(message, message_bytes, "%s", error.what());
    return 1;
  }
  return 0;
}

// Names of the faults, one a line.
DOOR void maskmill_simt_faults(char* names, size_t bytes) {
  size_t used = 0;
  for (const auto* cases : {&faults(), &race_faults()}) {
    for (const Case& each : *cases) {
      used += static_cast<size_t>(snprintf(names + used, bytes - used, "%s\n", each.name));
    }
  }
}

// Launches threads that pass a number of barriers, and gives how often they took turns.
DOOR unsigned long long maskmill_simt_switches(u32 launches) {
  reset_stats();
  u32 words[n_words];
  for (u32 i = 0; i < launches; ++i) run(*find("missing_second_barrier.good"), words);
  return stats().switches;
}
