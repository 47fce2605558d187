#include "runtime/core/thread_pool.h"

#include <atomic>
#include <new>
#include <utility>

#include "platforms/platform.h"

namespace pare {
namespace {

// How long a worker spins before it sleeps, and the caller before it lets others have its core.
constexpr uint64_t kSpinNanoseconds = 200000;
constexpr int kSpinsPerClock = 32;

// Pool::state: how many workers are inside the call, whether it takes more, and its number.
constexpr uint32_t kWorkers = 0xff, kOpen = 0x100, kNextCall = 0x200;
static_assert(kMaxThreads <= kWorkers);

uint32_t CallNumber(uint32_t state) { return state / kNextCall; }

}  // namespace

// A thread's part of the tasks, on a cache line of its own. Each success in lowering `left` is the
// right to one task: the owner's are the first ones, in order, and others take the last.
struct alignas(64) Tasks {
  size_t begin = 0;
  std::atomic<size_t> end{0};
  std::atomic<intptr_t> left{0};

  bool Claim() { return left.fetch_sub(1, std::memory_order_relaxed) > 0; }
};

struct ThreadPool::Pool {
  // The call, on one cache line. Written while it is closed and nobody is inside.
  alignas(64) Task task = nullptr;
  void* context = nullptr;
  std::atomic<uint32_t> state{0};

  Tasks shares[kMaxThreads];
  alignas(64) std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stop{false};
  std::atomic<size_t> placed{0};
  bool place = false;
  size_t threads = 1;

  struct Worker {
    Pool* pool;
    size_t index;
    pare_thread thread;
  } workers[kMaxThreads] = {};

  void Share(size_t count) {
    for (size_t i = 0; i < threads; ++i) {
      const size_t begin = count * i / threads, end = count * (i + 1) / threads;
      shares[i].begin = begin;
      shares[i].end.store(end, std::memory_order_relaxed);
      shares[i].left.store(static_cast<intptr_t>(end - begin), std::memory_order_relaxed);
    }
  }

  void TakeTasks(size_t thread) {
    Tasks& own = shares[thread];
    for (size_t i = own.begin; own.Claim(); ++i) task(context, i, thread);
    for (size_t i = 1; i < threads; ++i) {
      Tasks& other = shares[(thread + i) % threads];
      while (other.left.load(std::memory_order_relaxed) > 0 && other.Claim()) {
        task(context, other.end.fetch_sub(1, std::memory_order_relaxed) - 1, thread);
      }
    }
  }

  // Joins the call if it is open. A call that has ended meanwhile has another state.
  bool Join(uint32_t seen) {
    return (seen & kOpen) != 0 &&
           state.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }

  // Returns when a call other than `last` may be open, or the pool stops. Spins, then sleeps.
  void AwaitCall(uint32_t last) {
    const auto news = [&] {
      const uint32_t now = state.load(std::memory_order_relaxed);
      return (CallNumber(now) != last && (now & kOpen) != 0) ||
             stop.load(std::memory_order_relaxed);
    };
    const uint64_t start = pare_platform_now_ns();
    do {
      for (int i = 0; i < kSpinsPerClock; ++i) {
        if (news()) return;
        pare_platform_relax();
      }
    } while (pare_platform_now_ns() - start < kSpinNanoseconds);
    // The caller opens a call first and looks for sleepers then, so one of the two sees the other.
    sleepers.fetch_add(1);
    const uint32_t now = state.load();
    if (!news()) pare_platform_wait(reinterpret_cast<const uint32_t*>(&state), now);
    sleepers.fetch_sub(1);
  }

  static void* Work(void* argument) {
    auto* worker = static_cast<Worker*>(argument);
    Pool& pool = *worker->pool;
    if (pool.place && pare_platform_stay_on_fast_cores() > 0) pool.placed.fetch_add(1);
    uint32_t last = 0;
    while (!pool.stop.load(std::memory_order_relaxed)) {
      const uint32_t seen = pool.state.load(std::memory_order_relaxed);
      if (CallNumber(seen) != last && pool.Join(seen)) {
        last = CallNumber(seen);
        pool.TakeTasks(worker->index);
        pool.state.fetch_sub(1, std::memory_order_release);
      } else {
        pool.AwaitCall(last);
      }
    }
    return nullptr;
  }

  void Stop() {
    stop = true;
    state.fetch_add(kNextCall);
    pare_platform_wake(reinterpret_cast<const uint32_t*>(&state), kMaxThreads);
    for (size_t i = 1; i < threads; ++i) pare_platform_thread_join(&workers[i].thread);
  }
};

ThreadPool& ThreadPool::operator=(ThreadPool&& other) noexcept {
  std::swap(pool_, other.pool_);
  return *this;
}

ThreadPool::~ThreadPool() {
  if (pool_ == nullptr) return;
  pool_->Stop();
  pool_->~Pool();
  pare_platform_free(pool_);
}

Result<ThreadPool> ThreadPool::Create(size_t threads) {
  ThreadPool result;
  if (threads == 1) return result;
  const size_t fast = pare_platform_fast_cores(nullptr, 0);
  if (threads == 0) threads = fast;
  if (threads > kMaxThreads) threads = kMaxThreads;
  if (threads == 1) return result;
  void* memory = pare_platform_alloc(sizeof(Pool), alignof(Pool));
  if (memory == nullptr)
    return Error(Code::kOutOfMemory, "out of memory while threads were started");
  result.pool_ = new (memory) Pool();
  Pool& pool = *result.pool_;
  pool.place = threads <= fast;
  for (; pool.threads < threads; ++pool.threads) {
    Pool::Worker& worker = pool.workers[pool.threads];
    worker.pool = &pool;
    worker.index = pool.threads;
    if (pare_platform_thread_start(&worker.thread, Pool::Work, &worker) != 0)
      return Error(Code::kOutOfMemory, "the system starts no more threads: ask for fewer");
  }
  return result;
}

size_t ThreadPool::threads() const { return pool_ == nullptr ? 1 : pool_->threads; }
size_t ThreadPool::placed() const {
  return pool_ == nullptr ? 0 : pool_->placed.load(std::memory_order_relaxed);
}

void ThreadPool::Run(size_t count, Task task, void* context) const {
  if (pool_ == nullptr || count <= 1) {
    for (size_t i = 0; i < count; ++i) task(context, i, 0);
    return;
  }
  Pool& pool = *pool_;
  pool.task = task;
  pool.context = context;
  pool.Share(count);
  pool.state.store((CallNumber(pool.state.load(std::memory_order_relaxed)) + 1) * kNextCall |
                   kOpen);
  if (pool.sleepers.load() > 0) {
    pare_platform_wake(reinterpret_cast<const uint32_t*>(&pool.state),
                       static_cast<uint32_t>(count < kMaxThreads ? count - 1 : kMaxThreads));
  }
  pool.TakeTasks(0);
  pool.state.fetch_and(~kOpen, std::memory_order_acq_rel);
  const auto busy = [&] { return (pool.state.load(std::memory_order_acquire) & kWorkers) != 0; };
  for (uint64_t start = 0; busy();) {
    if (start == 0) start = pare_platform_now_ns();
    for (int i = 0; i < kSpinsPerClock && busy(); ++i) pare_platform_relax();
    // Its core may be what a worker needs to finish.
    if (pare_platform_now_ns() - start > kSpinNanoseconds) pare_platform_yield();
  }
}

}  // namespace pare
