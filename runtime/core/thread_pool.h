// ThreadPool: shares tasks among a few threads. Thread 0 is the caller.
//
// Each thread first does its own share of the tasks: consecutive ones, the first thread the first
// ones, so that a step's rows are read by the thread that wrote them in the step before and has
// them in its cache. Who is done takes from the ends of the others' shares.
//
// The caller starts at once and takes every task that no worker has taken yet; it waits only for
// workers that are in the middle of one. So a worker whose core is busy with something else costs
// nothing, where a pool that waits for all of its threads stands still until the system runs them.
// A worker that finds nothing to do spins for a moment (the next step of a model comes within
// microseconds), then sleeps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/status.h"

namespace pare {

inline constexpr size_t kMaxThreads = 64;

// One pool belongs to one caller at a time, and its tasks do not call it. Run allocates nothing.
class ThreadPool {
 public:
  // Task `i` of `count`, on thread `thread` (below threads()).
  using Task = void (*)(void* context, size_t i, size_t thread);

  ThreadPool() = default;
  ThreadPool(ThreadPool&& other) noexcept : pool_(other.pool_) { other.pool_ = nullptr; }
  ThreadPool& operator=(ThreadPool&& other) noexcept;
  ~ThreadPool();

  // threads == 0: one for each core of the fastest cluster. At most kMaxThreads. Allocates; 1
  // thread makes no pool. Workers stay on the fastest cluster where that has room for all threads.
  static Result<ThreadPool> Create(size_t threads);

  size_t threads() const;
  // Workers of which the system has confirmed that they stay on the fastest cluster.
  size_t placed() const;
  // Runs every task and waits. Tasks may run in any order on any thread.
  void Run(size_t count, Task task, void* context) const;

  // Whether task `i` of `count` is in the share of `thread`.
  bool IsOwn(size_t count, size_t i, size_t thread) const {
    return i >= count * thread / threads() && i < count * (thread + 1) / threads();
  }

  // Runs f(i, thread) for i in [0, count).
  template <class F>
  void ForEach(size_t count, const F& f) const {
    Run(
        count, [](void* c, size_t i, size_t t) { (*static_cast<const F*>(c))(i, t); },
        const_cast<F*>(&f));
  }
  // Splits [0, count) into ranges of at least `grain` and runs f(begin, end, thread).
  template <class F>
  void ForRange(size_t count, size_t grain, const F& f) const {
    if (count == 0) return;
    size_t parts = (count + grain - 1) / grain;
    const size_t most = threads() * 4;
    if (threads() == 1) parts = 1;
    if (parts > most) parts = most;
    if (parts <= 1) return f(size_t{0}, count, size_t{0});
    ForEach(parts, [&](size_t i, size_t t) { f(count * i / parts, count * (i + 1) / parts, t); });
  }

 private:
  struct Pool;
  Pool* pool_ = nullptr;
};

}  // namespace pare
