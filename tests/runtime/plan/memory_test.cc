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

}  // namespace
}  // namespace pare
