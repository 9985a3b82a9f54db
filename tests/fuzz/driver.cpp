// Runs a fuzz target where libFuzzer is missing: mutates its seeds for a number of seconds.
//
//   fuzz_strings [seconds = 10] [seed = 1]
//   fuzz_strings FILE...                     runs the target on files, such as a saved failure
//
// Inputs depend on the seed only. One that fails is printed, and saved as failing-input.

#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz.h"

// A sanitizer that finds something raises SIGABRT, so that the input is reported.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

constexpr size_t kLongest = 4096;
constexpr size_t kPool = 2000;

std::string current;

void report() {
  std::fputs("failing input: \"", stderr);
  for (const char c : current) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 32 && byte < 127 && byte != '"' && byte != '\\';
    std::fprintf(stderr, plain ? "%c" : "\\x%02x", byte);
  }
  std::fputs("\"\n", stderr);
  std::ofstream("failing-input", std::ios::binary)
      .write(current.data(), static_cast<std::streamsize>(current.size()));
}

void run(const std::string& input) {
  current = input;
  // An array of just this size on the heap: a sanitizer sees a read past its end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

class Mutator {
 public:
  Mutator(uint64_t seed, std::vector<std::string> words)
      : random_(seed), words_(std::move(words)) {}

  size_t below(size_t n) { return n == 0 ? 0 : random_() % n; }

  std::string mutate(std::string text, const std::string& other) {
    for (size_t n = 1 + below(4); n > 0; --n) edit(text, other);
    if (text.size() > kLongest) text.resize(kLongest);
    return text;
  }

 private:
  void edit(std::string& text, const std::string& other) {
    const size_t at = below(text.size() + 1);
    const size_t length = 1 + below(8);
    switch (below(9)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 3:
        text.erase(at, length);
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), length));
        break;
      case 5:
        text.resize(at);
        break;
      case 6:
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      case 7:
        text.insert(at, std::string(length * 8, at < text.size() ? text[at] : '0'));
        break;
      default:
        if (!words_.empty()) text.insert(at, words_[below(words_.size())]);
        break;
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> words_;
};

int run_files(int n, char** paths) {
  for (int k = 0; k < n; ++k) {
    std::ifstream file(paths[k], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", paths[k]);
      return 2;
    }
    run({std::istreambuf_iterator<char>(file), {}});
    std::printf("%s: passed\n", paths[k]);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, [](int) {
    report();
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  char* end = nullptr;
  const double seconds = argc > 1 ? std::strtod(argv[1], &end) : 10;
  if (argc > 1 && *end != '\0') return run_files(argc - 1, argv + 1);
  Mutator mutator(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1, fuzz::words());

  std::vector<std::string> pool = fuzz::seeds();
  for (const std::string& seed : pool) run(seed);
  const size_t n_seeds = pool.size();
  int64_t n_inputs = 0;
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  while (elapsed() < seconds) {
    for (int k = 0; k < 256; ++k, ++n_inputs) {
      const std::string input =
          mutator.mutate(pool[mutator.below(pool.size())], pool[mutator.below(pool.size())]);
      const int64_t before = fuzz::n_accepted;
      run(input);
      // What was accepted leads to other inputs that are nearly good.
      if (fuzz::n_accepted == before) continue;
      if (pool.size() < kPool)
        pool.push_back(input);
      else
        pool[n_seeds + mutator.below(kPool - n_seeds)] = input;
    }
  }
  std::printf("%s: %lld inputs, %lld of them good, no failure in %.0f s\n", argv[0],
              static_cast<long long>(n_inputs), static_cast<long long>(fuzz::n_accepted),
              elapsed());
  fuzz::check(fuzz::n_accepted > n_inputs / 100, "one input in a hundred is good");
  return 0;
}
