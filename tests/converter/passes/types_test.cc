#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

// The graph cannot run before its types are lowered: results are compared with worked values.
std::vector<Array> LowerAndRun(GraphBuilder& b) {
  const Status status = RunPipeline(b.graph, {}, nullptr);
  EXPECT_TRUE(status.ok()) << status.message;
  return RunGraph(b.graph);
}

TEST(LowerTypes, HalfInputsAndOutputsKeepTheirType) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {8}, DType::kF16);
  uint16_t* data;
  Weight two = Weight::Make("two", MakeShape({1}), &data);
  two.dtype = DType::kF16;
  data[0] = FloatToHalf(2.0f);
  const ValueId y = b.Op(
      [] {
        fb::BinaryT mul;
        mul.kind = BinaryKind::Mul;
        return mul;
      }(),
      {x, b.graph.AddWeight(std::move(two))}, DType::kF16);
  b.Output(y, "y");
  const auto outputs = LowerAndRun(b);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].dtype, DType::kF16);
  EXPECT_EQ(b.graph.values[b.graph.inputs[0]].dtype, DType::kF16);
}

TEST(LowerTypes, SmallIntegersWrapAround) {
  GraphBuilder b;
  const ValueId x = b.Const<int8_t>({3}, {100, -100, 5});
  const ValueId i = b.Input("i", {3}, DType::kI8);
  fb::BinaryT sub;
  sub.kind = BinaryKind::Sub;
  const ValueId zero = b.Op(std::move(sub), {i, i}, DType::kI8);
  fb::BinaryT add, twice;
  const ValueId sum = b.Op(std::move(add), {x, zero}, DType::kI8);
  b.Output(b.Op(std::move(twice), {sum, x}, DType::kI8), "y");
  const auto outputs = LowerAndRun(b);
  ASSERT_EQ(outputs.size(), 1u);
  ASSERT_EQ(outputs[0].dtype, DType::kI8);
  const auto* y = reinterpret_cast<const int8_t*>(outputs[0].bytes.data());
  EXPECT_EQ(y[0], static_cast<int8_t>(200));
  EXPECT_EQ(y[1], static_cast<int8_t>(-200));
  EXPECT_EQ(y[2], 10);
}

TEST(LowerTypes, PowMixesTypes) {
  GraphBuilder b;
  b.Input("x", {1});
  fb::BinaryT pow;
  pow.kind = BinaryKind::Pow;
  const ValueId y =
      b.Op(std::move(pow), {b.Const<int32_t>({3}, {2, 3, 4}), b.Const<float>({3}, {2, 2, 0.5f})},
           DType::kI32);
  b.Output(y, "y");
  const auto outputs = LowerAndRun(b);
  ASSERT_EQ(outputs.size(), 1u);
  ASSERT_EQ(outputs[0].dtype, DType::kI32);
  const auto* values = reinterpret_cast<const int32_t*>(outputs[0].bytes.data());
  EXPECT_EQ(values[0], 4);
  EXPECT_EQ(values[1], 9);
  EXPECT_EQ(values[2], 2);
}

TEST(LowerTypes, MeanOfIntegersIsComputedInFloats) {
  GraphBuilder b;
  fb::ReduceT mean;
  mean.kind = fb::ReduceKind::Mean;
  mean.axes = {0};
  b.Output(b.Op(std::move(mean), {b.Input("x", {4, 3}, DType::kI32)}, DType::kI32), "y");
  const auto outputs = LowerAndRun(b);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].dtype, DType::kI32);
}

TEST(PackWeights, HalfPrecisionHalvesTheFile) {
  GraphBuilder b;
  ValueId x = b.Op(fb::GatherT(), {b.Random({100, 32}), b.Input("i", {4}, DType::kI64)});
  x = b.Op(fb::MatMulT(), {x, b.Random({32, 64})});
  b.Output(x, "y");
  Graph plain = b.graph;
  ASSERT_TRUE(RunPipeline(plain, {}, nullptr).ok());
  Options options;
  options.weights = WeightFormat::kF16;
  ASSERT_TRUE(RunPipeline(b.graph, options, nullptr).ok());
  for (const Weight& weight : b.graph.weights) EXPECT_EQ(weight.dtype, DType::kF16) << weight.name;
  EXPECT_EQ(CountOps(b.graph, fb::Op::Cast), 1);
}

TEST(PackWeights, KeepsWhatHalfPrecisionCannotHold) {
  GraphBuilder b;
  const std::vector<float> large(64 * 64, 1e6f);
  b.Output(b.Op(fb::MatMulT(), {b.Input("x", {2, 64}), b.Const({64, 64}, large)}), "y");
  Options options;
  options.weights = WeightFormat::kF16;
  Optimise(&b.graph, options);
  ASSERT_EQ(b.graph.weights.size(), 1u);
  EXPECT_EQ(b.graph.weights[0].dtype, DType::kF32);
}

TEST(PackWeights, LaysWeightsOutForTheirOperators) {
  GraphBuilder b;
  ValueId x = b.Input("x", {1, 6, 6, 8});
  fb::ConvT depthwise, grouped;
  depthwise.group = 8;
  grouped.group = 2;
  x = b.Op(std::move(depthwise), {x, b.Random({8, 3, 3, 1})});
  x = b.Op(std::move(grouped), {x, b.Random({4, 1, 1, 4})});
  x = b.Op(fb::ConvTransposeT(), {x, b.Random({6, 2, 2, 4})});
  x = b.Op(fb::MatMulT(), {x, b.Random({6, 5})});
  b.Output(x, "y");
  Optimise(&b.graph);
  int depthwise16 = 0, t16 = 0;
  for (const Weight& weight : b.graph.weights) {
    depthwise16 += weight.layout == Layout::kDepthwise16 ? 1 : 0;
    t16 += weight.layout == Layout::kT16 ? 1 : 0;
    EXPECT_EQ(weight.origins.size(), 1u);
  }
  EXPECT_EQ(depthwise16, 1);
  EXPECT_EQ(t16, 3);
}

}  // namespace
}  // namespace pare::converter
