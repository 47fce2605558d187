#include "runtime/kernels/elementwise/cast.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/core/dtype.h"
#include "tests/support/op_test.h"

namespace pare {
namespace {

using test::OpTest;

fb::CastT To(DType dtype) {
  fb::CastT attributes;
  attributes.to = static_cast<fb::DType>(dtype);
  return attributes;
}

template <class From, class Result>
std::vector<test::Element<Result>> Convert(std::vector<test::Element<From>> x) {
  OpTest<fb::CastT> t(To(kDTypeOf<Result>));
  t.In<From>({static_cast<int64_t>(x.size())}, x);
  EXPECT_TRUE(t.Run());
  return t.Values<Result>(0);
}

TEST(CastOp, ConvertsSmallNumbersBetweenAllTypes) {
  for (int from = 0; from < kDTypeCount; ++from) {
    for (int to = 0; to < kDTypeCount; ++to) {
      // 0 and 1 have a value in every type: make them as f32, convert there, on, and back.
      const auto a = static_cast<DType>(from), b = static_cast<DType>(to);
      std::vector<float> x(300), y(300);
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 3 == 0);
      alignas(64) std::byte first[300 * 8], second[300 * 8];
      SelectCast(DType::kF32, a)(DType::kF32, a, x.data(), first, x.size());
      SelectCast(a, b)(a, b, first, second, x.size());
      SelectCast(b, DType::kF32)(b, DType::kF32, second, y.data(), x.size());
      EXPECT_EQ(x, y) << NameOf(a) << " to " << NameOf(b);
    }
  }
}

TEST(CastOp, TruncatesAndSaturatesFloats) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> x = {2.7f, -2.7f, nan, inf, -inf, 3e9f, -3e9f, 1e30f};
  EXPECT_EQ((Convert<float, int32_t>(x)), (std::vector<int32_t>{2, -2, 0, INT32_MAX, INT32_MIN,
                                                                INT32_MAX, INT32_MIN, INT32_MAX}));
  EXPECT_EQ(
      (Convert<float, int64_t>(x)),
      (std::vector<int64_t>{2, -2, 0, INT64_MAX, INT64_MIN, 3000000000, -3000000000, INT64_MAX}));
  EXPECT_EQ((Convert<float, uint8_t>({255, 256.5f, -1, 300})),
            (std::vector<uint8_t>{255, 0, 255, 44}));
  EXPECT_EQ((Convert<double, uint64_t>({1e19, 1e30, 5})),
            (std::vector<uint64_t>{10000000000000000000u, UINT64_MAX, 5}));
  EXPECT_EQ((Convert<float, bool>({0, -0.0f, 0.5f, nan})), (std::vector<uint8_t>{0, 0, 1, 1}));
}

TEST(CastOp, KeepsLowBitsOfIntegers) {
  EXPECT_EQ((Convert<int64_t, int32_t>({5000000000, -1})), (std::vector<int32_t>{705032704, -1}));
  EXPECT_EQ((Convert<int32_t, uint8_t>({257, -1})), (std::vector<uint8_t>{1, 255}));
  EXPECT_EQ((Convert<uint64_t, float>({UINT64_MAX, 1})),
            (std::vector<float>{18446744073709551616.0f, 1}));
  EXPECT_EQ((Convert<uint8_t, int8_t>({200})), (std::vector<int8_t>{-56}));
  EXPECT_EQ((Convert<int64_t, bool>({256, 0})), (std::vector<uint8_t>{1, 0}));
}

TEST(CastOp, AgreesWithTheCoreOnEveryHalf) {
  std::vector<uint16_t> bits(65536);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  std::vector<float> wide(bits.size());
  std::vector<uint16_t> back(bits.size());
  for (DType dtype : {DType::kF16, DType::kBF16}) {
    SelectCast(dtype, DType::kF32)(dtype, DType::kF32, bits.data(), wide.data(), bits.size());
    SelectCast(DType::kF32, dtype)(DType::kF32, dtype, wide.data(), back.data(), bits.size());
    for (size_t i = 0; i < bits.size(); ++i) {
      const float exact = dtype == DType::kF16 ? HalfToFloat(bits[i]) : Bfloat16ToFloat(bits[i]);
      if (std::isnan(exact)) {
        ASSERT_TRUE(std::isnan(wide[i]));
      } else {
        ASSERT_EQ(std::memcmp(&wide[i], &exact, sizeof exact), 0) << i;
        ASSERT_EQ(back[i], bits[i]);
      }
    }
  }
}

TEST(CastOp, RoundsToHalfOnceAndToEven) {
  const std::vector<float> x = {65504,         65519,         65520,         1e-8f,
                                5.9604645e-8f, 2.9802322e-8f, 2.9802326e-8f, 1 + 0x1p-11f,
                                1 + 0x3p-11f,  -0.0f,         6.1035156e-5f, 6.1e-5f};
  std::vector<uint16_t> y(x.size());
  SelectCast(DType::kF32, DType::kF16)(DType::kF32, DType::kF16, x.data(), y.data(), x.size());
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(y[i], FloatToHalf(x[i])) << x[i];
  // Through float this would be rounded twice, to 1.
  const double just_above_tie = 1 + 0x1p-11 + 0x1p-40;
  uint16_t half;
  SelectCast(DType::kF64, DType::kF16)(DType::kF64, DType::kF16, &just_above_tie, &half, 1);
  EXPECT_EQ(half, 0x3c01);
}

TEST(CastOp, PassesTheSameTypeThroughAndTakesEmptyTensors) {
  EXPECT_EQ((Convert<float, float>({1, 2})), (std::vector<float>{1, 2}));
  EXPECT_EQ((Convert<float, int32_t>({})), std::vector<int32_t>{});
}

}  // namespace
}  // namespace pare
