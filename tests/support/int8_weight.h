// Int8 weights for tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "converter/ir/graph.h"
#include "runtime/layout/layout.h"

namespace pare::test {

// Row-major values in [-1, 1] as int8 with a scale for each row; they come back rounded.
inline converter::Weight Int8Weight(const Shape& shape, Layout layout, std::vector<float>* values) {
  const auto n = static_cast<size_t>(shape[0]), k = values->size() / n;
  std::vector<float> scales;
  std::vector<int8_t> q;
  for (size_t i = 0; i < values->size(); ++i) {
    if (i % k == 0) scales.push_back(0.008f + 0.001f * static_cast<float>(i / k % 3));
    q.push_back(static_cast<int8_t>(std::lround((*values)[i] / scales.back())));
    (*values)[i] = scales.back() * q.back();
  }
  converter::Weight weight;
  weight.name = "w";
  weight.layout = layout;
  weight.shape = shape;
  uint64_t bytes = 0;
  EXPECT_TRUE(PackedBytes(layout, DType::kF32, shape, &bytes));
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  PackInt8(layout, q.data(), scales.data(), shape, data);
  return weight;
}

}  // namespace pare::test
