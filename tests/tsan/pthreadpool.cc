// The part of pthreadpool that the runtime calls, on std::thread. ThreadSanitizer does not see how
// the system's library (built without it) orders memory, and would report every result of a worker
// as a race: under PARE_TSAN the tests link this instead.
#include <pthreadpool.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

struct pthreadpool {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::thread> workers;
  pthreadpool_task_1d_t task = nullptr;
  void* argument = nullptr;
  size_t next = 0, end = 0, running = 0;
  bool stop = false;

  // Runs items until none is left; `lock` holds the mutex on entry and on return.
  void Drain(std::unique_lock<std::mutex>& lock) {
    while (next < end) {
      const size_t item = next++;
      ++running;
      lock.unlock();
      task(argument, item);
      lock.lock();
      --running;
    }
    changed.notify_all();
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex);
    while (!stop) {
      Drain(lock);
      changed.wait(lock, [this] { return stop || next < end; });
    }
  }
};

extern "C" {

pthreadpool_t pthreadpool_create(size_t threads) {
  auto* pool = new pthreadpool;
  for (size_t i = 1; i < threads; ++i) pool->workers.emplace_back([pool] { pool->Work(); });
  return pool;
}

size_t pthreadpool_get_threads_count(pthreadpool_t pool) {
  return pool == nullptr ? 1 : pool->workers.size() + 1;
}

void pthreadpool_parallelize_1d(pthreadpool_t pool, pthreadpool_task_1d_t task, void* argument,
                                size_t range, uint32_t /*flags*/) {
  std::unique_lock<std::mutex> lock(pool->mutex);
  pool->task = task;
  pool->argument = argument;
  pool->next = 0;
  pool->end = range;
  pool->changed.notify_all();
  pool->Drain(lock);
  pool->changed.wait(lock, [pool] { return pool->running == 0; });
}

void pthreadpool_destroy(pthreadpool_t pool) {
  {
    const std::lock_guard<std::mutex> lock(pool->mutex);
    pool->stop = true;
  }
  pool->changed.notify_all();
  for (std::thread& worker : pool->workers) worker.join();
  delete pool;
}
}
