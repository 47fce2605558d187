#include "runtime/core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace pare {
namespace {

ThreadPool MakePool(size_t threads) {
  auto pool = ThreadPool::Create(threads);
  EXPECT_TRUE(pool.ok()) << pool.status().what;
  return std::move(pool).value();
}

TEST(ThreadPool, RunsEachTaskOnceOnAThreadOfItsOwn) {
  for (const size_t threads : {1u, 2u, 5u}) {
    const ThreadPool pool = MakePool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const size_t count : {0u, 1u, 2u, 3u, 64u, 1000u}) {
      std::vector<int> runs(count);
      std::vector<std::atomic<int>> inside(threads);
      std::atomic<bool> good{true};
      pool.ForEach(count, [&](size_t i, size_t thread) {
        if (thread >= threads || inside[thread].fetch_add(1) != 0) good = false;
        ++runs[i];
        inside[thread].fetch_sub(1);
      });
      EXPECT_TRUE(good);
      EXPECT_EQ(runs, std::vector<int>(count, 1)) << count;
    }
  }
}

// Results of workers are there when Run returns: what ThreadSanitizer looks at.
TEST(ThreadPool, HandsResultsOverCallAfterCall) {
  const ThreadPool pool = MakePool(3);
  std::vector<long> sums(16);
  long expected = 0;
  for (long call = 0; call < 20000; ++call) {
    pool.ForEach(sums.size(), [&](size_t i, size_t) { sums[i] += call; });
    expected += call;
  }
  EXPECT_EQ(sums, std::vector<long>(16, expected));
}

TEST(ThreadPool, WakesSleepingWorkers) {
  const ThreadPool pool = MakePool(2);
  for (int call = 0; call < 5; ++call) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // longer than a worker spins
    // Each of two tasks waits for the other: only two threads can finish them.
    std::atomic<int> arrived{0};
    pool.ForEach(2, [&](size_t, size_t) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
    EXPECT_EQ(arrived, 2);
  }
}

// Whoever has the first task stays in it until all others are done.
TEST(ThreadPool, TakesOverWhatABusyThreadHasNotBegun) {
  for (const size_t threads : {2u, 3u}) {
    const ThreadPool pool = MakePool(threads);
    for (int call = 0; call < 100; ++call) {
      std::atomic<size_t> done{0};
      pool.ForEach(12, [&](size_t i, size_t) {
        while (i == 0 && done < 11) std::this_thread::yield();
        ++done;
      });
      EXPECT_EQ(done, 12u);
    }
  }
}

TEST(ThreadPool, SharesAreConsecutiveAndNearlyEqual) {
  const ThreadPool pool = MakePool(3);
  for (const size_t count : {1u, 2u, 3u, 8u, 100u}) {
    size_t next = 0;
    for (size_t thread = 0; thread < 3; ++thread) {
      size_t tasks = 0;
      for (; next < count && pool.IsOwn(count, next, thread); ++next) ++tasks;
      EXPECT_LE(tasks, count / 3 + 1);
    }
    EXPECT_EQ(next, count);
  }
}

TEST(ThreadPool, SplitsRangesWithoutGaps) {
  const ThreadPool pool = MakePool(2);
  for (const size_t count : {1u, 7u, 100u, 1001u}) {
    std::vector<int> seen(count);
    pool.ForRange(count, 3, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) ++seen[i];
    });
    EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), size_t{0}), count);
  }
}

TEST(ThreadPool, PlacesItsWorkersWhereTheSystemLetsIt) {
  const ThreadPool all = MakePool(0);
  EXPECT_GE(all.threads(), 1u);
  EXPECT_LE(all.placed(), all.threads());
  EXPECT_EQ(MakePool(1000).threads(), kMaxThreads);
}

TEST(ThreadPool, MovesAndEndsWithoutARun) {
  ThreadPool pool = MakePool(2);
  ThreadPool other = std::move(pool);
  EXPECT_EQ(other.threads(), 2u);
  EXPECT_EQ(pool.threads(), 1u);
  pool = std::move(other);
  EXPECT_EQ(pool.threads(), 2u);
}

}  // namespace
}  // namespace pare
