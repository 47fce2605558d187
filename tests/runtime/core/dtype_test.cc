#include "runtime/core/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace pare {
namespace {

TEST(Half, EveryValueSurvivesTheWayThroughFloat) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const float f = HalfToFloat(static_cast<uint16_t>(h));
    const bool nan = (h & 0x7fff) > 0x7c00;
    EXPECT_EQ(std::isnan(f), nan) << h;
    if (!nan) {
      EXPECT_EQ(FloatToHalf(f), h);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0f + 1.0f / 2048), 0x3c00);  // a tie goes to the even mantissa
  EXPECT_EQ(FloatToHalf(1.0f + 3.0f / 2048), 0x3c02);
  EXPECT_EQ(FloatToHalf(std::nextafter(1.0f + 1.0f / 2048, 2.0f)), 0x3c01);
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-1e30f), 0xfc00);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.0f, -24)), 1);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.0f, -25)), 0);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.5f, -25)), 1);
  EXPECT_EQ(FloatToHalf(-0.0f), 0x8000);
}

TEST(Bfloat16, EveryValueSurvivesTheWayThroughFloat) {
  for (uint32_t b = 0; b < 65536; ++b) {
    const float f = Bfloat16ToFloat(static_cast<uint16_t>(b));
    if (std::isnan(f)) {
      EXPECT_TRUE(std::isnan(Bfloat16ToFloat(FloatToBfloat16(f))));
    } else {
      EXPECT_EQ(FloatToBfloat16(f), b);
    }
  }
}

TEST(Bfloat16, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBfloat16(1.0f + 1.0f / 256), 0x3f80);
  EXPECT_EQ(FloatToBfloat16(1.0f + 3.0f / 256), 0x3f82);
  EXPECT_EQ(FloatToBfloat16(std::numeric_limits<float>::max()), 0x7f80);
}

TEST(DType, NamesAndSizes) {
  EXPECT_STREQ(NameOf(DType::kBF16), "bf16");
  EXPECT_STREQ(NameOf(DType::kBool), "bool");
  EXPECT_EQ(SizeOf(DType::kI64), 8u);
  EXPECT_EQ(SizeOf(DType::kF16), 2u);
  EXPECT_TRUE(IsFloat(DType::kF64));
  EXPECT_FALSE(IsInteger(DType::kBool));
}

}  // namespace
}  // namespace pare
