#include "runtime/core/arena.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace pare {
namespace {

TEST(Arena, HandsOutAlignedZeroedPieces) {
  alignas(64) std::byte block[256];
  for (std::byte& b : block) b = std::byte{0xff};
  Arena arena({block, sizeof block});
  auto first = arena.New<int32_t>(3);
  ASSERT_TRUE(first.ok());
  auto second = arena.New<int64_t>(1);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second.value()) % kAlignment, 0u);
  EXPECT_EQ(first.value()[2], 0);
  EXPECT_EQ(*second.value(), 0);
  EXPECT_EQ(arena.used(), 128u);
}

TEST(Arena, SaysWhenItIsTooSmall) {
  alignas(64) std::byte block[128];
  Arena arena({block, sizeof block});
  ASSERT_TRUE(arena.Allocate(128).ok());
  const auto more = arena.Allocate(1);
  EXPECT_EQ(more.status().code, Code::kOutOfMemory);
  EXPECT_EQ(arena.New<int64_t>(UINT64_MAX / 4).status().code, Code::kOutOfMemory);
  EXPECT_EQ(arena.Allocate(UINT64_MAX).status().code, Code::kOutOfMemory);
}

TEST(Arena, MeasuresWhatABlockNeeds) {
  Arena measure;
  ASSERT_TRUE(measure.New<int32_t>(100).ok());
  ASSERT_TRUE(measure.Reserve(uint64_t{1} << 40).ok());  // counted, not taken
  EXPECT_EQ(measure.used(), 448u + (uint64_t{1} << 40));
  EXPECT_EQ(measure.Reserve(uint64_t{1} << 62).status().code, Code::kOutOfMemory);
}

}  // namespace
}  // namespace pare
