#include "runtime/core/thread_pool.h"

#include <pthreadpool.h>

#include <atomic>
#include <utility>

#include "platforms/platform.h"

namespace pare {

ThreadPool& ThreadPool::operator=(ThreadPool&& other) noexcept {
  std::swap(pool_, other.pool_);
  return *this;
}

ThreadPool::~ThreadPool() {
  if (pool_ != nullptr) pthreadpool_destroy(pool_);
}

Result<ThreadPool> ThreadPool::Create(size_t threads) {
  ThreadPool pool;
  if (threads == 0) threads = pare_platform_fast_cores(nullptr, 0);
  if (threads > 1) {
    pool.pool_ = pthreadpool_create(threads);
    if (pool.pool_ == nullptr)
      return Error(Code::kOutOfMemory, "the thread pool could not be created");
  }
  return pool;
}

size_t ThreadPool::threads() const {
  return pool_ == nullptr ? 1 : pthreadpool_get_threads_count(pool_);
}

namespace {

// This pthreadpool tells a task no thread number, so one item is started for each thread and the
// items share the tasks out by a counter: whoever is free takes the next.
struct Call {
  ThreadPool::Task task;
  void* context;
  size_t count;
  std::atomic<size_t> next;
};

void Work(void* argument, size_t thread) {
  auto* call = static_cast<Call*>(argument);
  for (size_t i; (i = call->next.fetch_add(1, std::memory_order_relaxed)) < call->count;) {
    call->task(call->context, i, thread);
  }
}

}  // namespace

void ThreadPool::Run(size_t count, Task task, void* context) const {
  if (pool_ == nullptr || count <= 1) {
    for (size_t i = 0; i < count; ++i) task(context, i, 0);
    return;
  }
  Call call{task, context, count, {}};
  const size_t threads = pthreadpool_get_threads_count(pool_);
  pthreadpool_parallelize_1d(pool_, Work, &call, count < threads ? count : threads, 0);
}

}  // namespace pare
