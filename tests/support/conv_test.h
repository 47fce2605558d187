// What the tests of Conv and ConvTranspose share: cases as nodes, and the comparison.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "runtime/layout/layout.h"
#include "tests/reference/conv.h"
#include "tests/support/op_test.h"
#include "tests/support/tolerance.h"

namespace pare::test {

inline std::vector<float> RandomFloats(size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(n);
  for (float& x : v) x = values(engine);
  return v;
}

using reference::ConvCase;

struct ConvData {
  explicit ConvData(const ConvCase& c)
      : x(RandomFloats(static_cast<size_t>(c.batch * reference::Product(c.in) * c.channels), 1)),
        w(RandomFloats(
            static_cast<size_t>(c.filters * reference::Product(c.kernel) * c.channels / c.group),
            2)),
        bias(RandomFloats(static_cast<size_t>(c.filters), 3)) {}
  std::vector<float> x, w, bias;
};

// The last `rank` of three spatial sizes.
inline std::vector<int64_t> Last(const ConvCase::Size& s, int rank) {
  return std::vector<int64_t>(s.end() - rank, s.end());
}
inline std::vector<int64_t> ImageShape(int64_t batch, const ConvCase::Size& s, int rank,
                                       int64_t channels) {
  std::vector<int64_t> shape = Last(s, rank);
  shape.insert(shape.begin(), batch);
  shape.push_back(channels);
  return shape;
}

template <class OpT>
OpT ConvAttributes(const ConvCase& c, int rank) {
  OpT op;
  op.group = c.group;
  op.strides = Last(c.stride, rank);
  op.dilations = Last(c.dilation, rank);
  op.pads = Last(c.begin, rank);
  const auto end = Last(c.end, rank);
  op.pads.insert(op.pads.end(), end.begin(), end.end());
  return op;
}

// The weight in `layout`, of `type`; its values come back rounded to the type.
inline converter::Weight ConvWeight(const ConvCase& c, int rank, DType type, Layout layout,
                                    std::vector<float>* values) {
  std::vector<uint16_t> bits(values->size());
  for (size_t i = 0; i < bits.size() && type != DType::kF32; ++i) {
    float& x = (*values)[i];
    bits[i] = type == DType::kF16 ? FloatToHalf(x) : FloatToBfloat16(x);
    x = type == DType::kF16 ? HalfToFloat(bits[i]) : Bfloat16ToFloat(bits[i]);
  }
  const void* source = type == DType::kF32 ? static_cast<const void*>(values->data()) : bits.data();
  converter::Weight weight;
  weight.name = "w";
  weight.dtype = type;
  weight.layout = layout;
  weight.shape = ShapeOf(ImageShape(c.filters, c.kernel, rank, c.channels / c.group));
  uint64_t bytes = 0;
  EXPECT_TRUE(PackedBytes(layout, type, weight.shape, &bytes));
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  const auto n = static_cast<size_t>(c.filters), k = values->size() / n;
  if (layout == Layout::kT16)
    PackT16(type, source, n, k, data);
  else if (layout == Layout::kDepthwise16)
    PackDepthwise16(type, source, n, k, data);
  else
    std::memcpy(data, source, bytes);
  return weight;
}

inline void ExpectSums(const std::vector<float>& got, const std::vector<double>& want,
                       double terms) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(IsClose(got[i], want[i], "Matmul", terms))
        << "at " << i << ": " << got[i] << " for " << want[i];
}

}  // namespace pare::test
