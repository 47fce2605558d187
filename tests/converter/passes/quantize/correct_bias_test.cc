#include "tests/converter/support/graph_builder.h"
#include "tests/converter/support/quantize.h"

namespace pare::converter {
namespace {

// Numbers near 0.5: nearly all that rounding does is to move the mean.
ValueId Steady(GraphBuilder& b, const std::vector<int64_t>& dims) {
  const ValueId x = b.Input("x", dims);
  return b.Unary(fb::UnaryKind::Sigmoid, b.Binary(fb::BinaryKind::Mul, x, b.Scalar(0.02f)));
}

// SNR of the outputs with the pass, less that without it.
double Gain(const Graph& graph, QuantFormat format = QuantFormat::kInt8) {
  Graph with = graph, without = graph;
  const Quantized a = Quantize(&with, format), b = Quantize(&without, format, {"correct_bias"});
  EXPECT_TRUE(a.status.ok()) << a.status.message;
  EXPECT_TRUE(b.status.ok()) << b.status.message;
  if (a.errors.outputs.empty() || b.errors.outputs.empty()) return 0;
  return a.errors.outputs[0].second.snr_db - b.errors.outputs[0].second.snr_db;
}

constexpr double kGain = 6;

TEST(CorrectBias, OfProductsWithBiasAndWithout) {
  for (const bool bias : {true, false}) {
    for (const bool transposed : {true, false}) {
      GraphBuilder b;
      fb::MatMulT matmul;
      matmul.trans_b = transposed;
      std::vector<ValueId> inputs = {
          Steady(b, {8, 32}),
          b.Random(transposed ? std::vector<int64_t>{16, 32} : std::vector<int64_t>{32, 16})};
      if (bias) inputs.push_back(b.Random({16}));
      b.Output(b.Op(std::move(matmul), inputs), "y");
      EXPECT_GT(Gain(b.graph), kGain) << bias << transposed;
      EXPECT_GT(Gain(b.graph, QuantFormat::kInt8Dynamic), kGain) << bias << transposed;
    }
  }
}

TEST(CorrectBias, OfConvolutionsInGroupsAndDepthwise) {
  for (const int64_t groups : {1, 2, 16}) {
    GraphBuilder b;
    fb::ConvT conv;
    conv.group = groups;
    const ValueId weight = b.Random({16, 3, 3, 16 / groups});
    b.Output(b.Op(std::move(conv), {Steady(b, {1, 8, 8, 16}), weight, b.Random({16})}), "y");
    EXPECT_GT(Gain(b.graph), kGain) << groups;
  }
}

TEST(CorrectBias, LeavesOtherLayersAlone) {
  GraphBuilder b;
  const ValueId x = Steady(b, {4, 4});
  b.Output(b.Op(fb::MatMulT(), {x, b.Unary(fb::UnaryKind::Exp, x)}), "y");
  EXPECT_TRUE(Quantize(&b.graph).status.ok());
}

}  // namespace
}  // namespace pare::converter
