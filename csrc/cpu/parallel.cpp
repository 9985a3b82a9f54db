#include "cpu/parallel.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace maskmill {
namespace {

// One call of parallel_for. Helpers and the caller take pieces until none is left.
struct Job {
  explicit Job(int64_t n, const std::function<void(int64_t)>& b) : n_pieces(n), body(b) {}

  void run() {
    for (int64_t piece = next++; piece < n_pieces; piece = next++) {
      try {
        body(piece);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error || piece < error_piece) {
          error = std::current_exception();
          error_piece = piece;
        }
      }
    }
  }

  const int64_t n_pieces;
  const std::function<void(int64_t)>& body;
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::condition_variable left;
  int helpers = 0;  // helpers inside run(), guarded by mutex
  std::exception_ptr error;
  int64_t error_piece = 0;
};

class Pool {
 public:
  void run(int threads, Job& job) {
    const auto shared = std::make_shared<Ticket>(job);
    {
      const std::lock_guard lock(mutex_);
      const auto wanted = static_cast<size_t>(std::min<int64_t>(threads, job.n_pieces) - 1);
      try {
        while (workers_.size() < wanted) {
          workers_.emplace_back([this] { work(); });
          workers_.back().detach();
        }
      } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
        // The system gives no more threads: those that there are do the work, the caller if none.
      }
      for (size_t i = 0; i < wanted; ++i) queue_.push_back(shared);
    }
    wake_.notify_all();
    job.run();
    {
      // A ticket that no helper has taken up by now is void: the job leaves this stack frame.
      const std::lock_guard lock(shared->mutex);
      shared->job = nullptr;
    }
    std::unique_lock lock(job.mutex);
    job.left.wait(lock, [&] { return job.helpers == 0; });
  }

 private:
  struct Ticket {
    explicit Ticket(Job& j) : job(&j) {}
    std::mutex mutex;
    Job* job;
  };

  void work() {
    for (;;) {
      std::shared_ptr<Ticket> ticket;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !queue_.empty(); });
        ticket = std::move(queue_.front());
        queue_.pop_front();
      }
      Job* job = nullptr;
      {
        const std::lock_guard lock(ticket->mutex);
        job = ticket->job;
        if (job == nullptr) continue;
        const std::lock_guard inside(job->mutex);
        ++job->helpers;
      }
      job->run();
      const std::lock_guard lock(job->mutex);
      --job->helpers;
      job->left.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Ticket>> queue_;
  std::vector<std::thread> workers_;
};

std::mutex pool_mutex;
Pool* pool = nullptr;

// Threads do not survive a fork, and their locks may be held for ever: the child starts afresh and
// leaks the old pool on purpose.
void forget_pool() {
  new (&pool_mutex) std::mutex;
  pool = nullptr;
}

// Before any call can hold a lock that a forked child would inherit.
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, forget_pool);

Pool& get_pool() {
  const std::lock_guard lock(pool_mutex);
  if (pool == nullptr) {
    pool = new Pool;  // never destroyed: detached workers wait on it until the process ends
  }
  return *pool;
}

}  // namespace

void parallel_for(int threads, int64_t n_pieces, const std::function<void(int64_t)>& body) {
  if (threads <= 1 || n_pieces <= 1) {
    for (int64_t piece = 0; piece < n_pieces; ++piece) body(piece);
    return;
  }
  Job job(n_pieces, body);
  get_pool().run(threads, job);
  if (job.error) std::rethrow_exception(job.error);
}

std::vector<int64_t> split_rows(int threads, int64_t n, const int64_t* prefix, int64_t per_row,
                                int64_t grain) {
  const auto weight = [&](int64_t i) {
    return (prefix == nullptr ? 0 : prefix[i] - prefix[0]) + i * per_row;
  };
  const int64_t total = weight(n);
  // Several pieces a thread even out what the weights do not say.
  int64_t n_pieces = threads <= 1 ? 1 : std::min<int64_t>(total / grain, int64_t{4} * threads);
  n_pieces = std::max<int64_t>(1, std::min(n_pieces, n));
  std::vector<int64_t> cuts{0};
  for (int64_t p = 1; p < n_pieces; ++p) {
    const auto share = static_cast<int64_t>(
        static_cast<double>(total) * (static_cast<double>(p) / static_cast<double>(n_pieces)));
    int64_t low = cuts.back();
    int64_t high = n;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (weight(middle) < share) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    cuts.push_back(low);
  }
  cuts.push_back(n);
  return cuts;
}

}  // namespace maskmill
