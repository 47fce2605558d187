#include "converter/calibrate/dataset.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using testing::HasSubstr;

tools::Array Floats(const std::string& name, const std::vector<int64_t>& dims, float first = 0) {
  tools::Array array{name, DType::kF32, MakeShape(dims), {}};
  std::vector<float> values(static_cast<size_t>(array.shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  array.data.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

float FirstOf(const tools::Array& input) {
  float x;
  std::memcpy(&x, input.data.data(), sizeof x);
  return x;
}

Graph OneInput(const std::vector<int64_t>& dims) {
  GraphBuilder b;
  b.Output(b.Unary(fb::UnaryKind::Neg, b.Input("x", dims)), "y");
  return b.graph;
}

TEST(Dataset, CutsTheLeadingAxis) {
  const Dataset data({{Floats("x", {6, 2})}});
  auto ones = data.Cut(OneInput({1, 2})), pairs = data.Cut(OneInput({2, 2})),
       any = data.Cut(OneInput({-1, 2}));
  ASSERT_TRUE(ones.ok() && pairs.ok() && any.ok());
  EXPECT_EQ(ones->size(), 6u);
  EXPECT_EQ(any->size(), 6u);
  ASSERT_EQ(pairs->size(), 3u);
  EXPECT_EQ((*pairs)[1][0].shape, MakeShape({2, 2}));
  EXPECT_EQ(FirstOf((*pairs)[1][0]), 4);
}

TEST(Dataset, AnAxisMoreIsAListOfSamples) {
  const Dataset data({{Floats("x", {3, 1, 2})}});
  auto samples = data.Cut(OneInput({-1, 2}));
  ASSERT_TRUE(samples.ok()) << samples.status().message;
  EXPECT_EQ(samples->size(), 3u);
  EXPECT_EQ(FirstOf((*samples)[2][0]), 4);
}

TEST(Dataset, FilesMayDifferInShapeAndShareSingleArrays) {
  GraphBuilder b;
  const ValueId bias = b.Input("bias", {1, 1}), x = b.Input("x", {1, -1});
  b.Output(b.Binary(fb::BinaryKind::Add, bias, x), "y");
  const Dataset data({{Floats("x", {2, 3}), Floats("bias", {1, 1}, 7)},
                      {Floats("bias", {1, 1}), Floats("x", {1, 5})}});
  auto samples = data.Cut(b.graph);
  ASSERT_TRUE(samples.ok()) << samples.status().message;
  ASSERT_EQ(samples->size(), 3u);
  EXPECT_EQ(FirstOf((*samples)[1][0]), 7);
  EXPECT_EQ((*samples)[2][1].shape, MakeShape({1, 5}));
}

TEST(Dataset, SaysWhatDoesNotFit) {
  const Graph graph = OneInput({1, 2});
  const auto message = [&](tools::Array array) {
    return Dataset({{Floats("x", {1, 2}), std::move(array)}}).Cut(graph).status().message;
  };
  EXPECT_THAT(message(Floats("z", {1, 2})), HasSubstr("array 'z' is no input"));
  EXPECT_THAT(Dataset({{Floats("a", {1, 2}), Floats("b", {1})}}).Cut(graph).status().message,
              HasSubstr("no array is named as input 'x'"));
  EXPECT_THAT(Dataset({{Floats("x", {1, 3})}}).Cut(graph).status().message,
              HasSubstr("array 'x' is [1, 3], which is neither the shape of input 'x', [1, 2]"));
  EXPECT_THAT(Dataset({{Floats("x", {0, 2})}}).Cut(graph).status().message,
              HasSubstr("array 'x' is empty"));
  EXPECT_THAT(Dataset(std::vector<std::vector<tools::Array>>()).Cut(graph).status().message,
              HasSubstr("no calibration data"));
  EXPECT_THAT(Dataset({{Floats("x", {1, 2}, NAN)}}).Cut(graph).status().message,
              HasSubstr("array 'x' has NaN at element 0"));
  tools::Array integers = Floats("x", {1, 2});
  integers.dtype = DType::kI32;
  EXPECT_THAT(Dataset({{integers}}).Cut(graph).status().message, HasSubstr("'x' is i32"));
}

}  // namespace
}  // namespace pare::converter
