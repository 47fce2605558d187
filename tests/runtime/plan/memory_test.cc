#include "runtime/plan/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace pare {
namespace {

bool Collide(const Buffer& a, const Buffer& b) {
  const bool time = a.first <= b.last && b.first <= a.last;
  const bool space = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  return time && space;
}

TEST(PlaceBuffers, NothingThatIsAliveTogetherOverlaps) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Buffer> buffers(1 + random() % 60);
    for (Buffer& b : buffers) {
      b.bytes = random() % 10000;
      b.first = static_cast<int32_t>(random() % 40);
      b.last = b.first + static_cast<int32_t>(random() % 10);
    }
    Arena arena;
    uint64_t total = 0;
    ASSERT_TRUE(
        PlaceBuffers(buffers.data(), static_cast<uint32_t>(buffers.size()), arena, &total).ok());
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % kAlignment, 0u);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes + 16, total);
      for (size_t j = 0; j < i; ++j) EXPECT_FALSE(Collide(buffers[i], buffers[j])) << i << " " << j;
    }
  }
}

TEST(PlaceBuffers, AChainNeedsItsTwoLargestNeighbours) {
  std::vector<Buffer> chain;
  const uint64_t sizes[] = {640, 6400, 1280, 64, 3200};
  for (int32_t i = 0; i < 5; ++i) chain.push_back({sizes[i], 0, i, i + 1});
  Arena arena;
  uint64_t total = 0;
  ASSERT_TRUE(PlaceBuffers(chain.data(), 5, arena, &total).ok());
  EXPECT_EQ(total, AlignUp(6400 + 1280 + 16));
}

// The most bytes that are alive at a step.
uint64_t AliveAtMost(const std::vector<Buffer>& buffers) {
  uint64_t most = 0;
  for (int32_t step = -1; step < 100; ++step) {
    uint64_t alive = 0;
    for (const Buffer& b : buffers) {
      if (b.first <= step && step <= b.last) alive += AlignUp(b.bytes);
    }
    most = std::max(most, alive);
  }
  return most;
}

// The values of MobileNetV2 at 224 x 224, four bytes to one: input, inverted residual blocks of
// which each widens, works on every channel and narrows, and a residual that outlives a block.
// Largest first takes 9 % more than what is ever alive.
TEST(PlaceBuffers, AMobileNetworkNeedsNoMoreThanWhatIsAlive) {
  std::vector<Buffer> buffers = {{150528, 0, -1, INT32_MAX}, {150528, 0, 0, 1}};
  int32_t step = 1;
  const auto chain = [&](uint64_t bytes, int32_t steps) {
    buffers.push_back({bytes, 0, step, step + steps});
    ++step;
  };
  chain(401408, 1);
  chain(401408, 1);
  chain(200704, 2);
  chain(98304, 1);  // pieces
  chain(301056, 1);
  for (const uint64_t narrow : {75264, 25088, 12544, 18816}) {
    for (const bool residual : {true, false}) {
      chain(narrow, residual ? 3 : 2);
      chain(narrow * 6, 1);
      chain(residual ? narrow * 6 : narrow * 6 / 4, 1);
    }
  }
  for (Buffer& b : buffers) b.bytes *= 4;
  Arena arena;
  uint64_t total = 0;
  ASSERT_TRUE(
      PlaceBuffers(buffers.data(), static_cast<uint32_t>(buffers.size()), arena, &total).ok());
  EXPECT_LE(total, AliveAtMost(buffers) + kAlignment);
}

TEST(PlaceBuffers, TakesNothingForNothing) {
  Arena arena;
  uint64_t total = 1;
  ASSERT_TRUE(PlaceBuffers(nullptr, 0, arena, &total).ok());
  EXPECT_EQ(total, 0u);
}

}  // namespace
}  // namespace pare
