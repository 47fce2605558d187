#include "converter/passes/quantize/quantization.h"

#include <gmock/gmock.h>

#include "converter/passes/pass.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

TEST(IsLike, StarsAndQuestionMarks) {
  EXPECT_TRUE(IsLike("conv1", "conv1"));
  EXPECT_FALSE(IsLike("conv12", "conv1"));
  EXPECT_TRUE(IsLike("conv12", "conv*"));
  EXPECT_TRUE(IsLike("conv", "conv*"));
  EXPECT_TRUE(IsLike("layer.4.conv.weight", "*.conv.*"));
  EXPECT_TRUE(IsLike("aab", "*ab"));
  EXPECT_FALSE(IsLike("ab", "a?b"));
  EXPECT_TRUE(IsLike("axb", "a?b"));
  EXPECT_TRUE(IsLike("", "*"));
  EXPECT_FALSE(IsLike("", "?"));
}

// Two products in a row.
Graph TwoLayers() {
  GraphBuilder b;
  ValueId x = b.Op(fb::MatMulT(), {b.Input("x", {4, 16}), b.Random({16, 16})});
  b.graph.values[x].name = "first";
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({16, 8})}), "second");
  return std::move(b.graph);
}

Status Quantize(Graph* graph, std::shared_ptr<Quantization> q) {
  Options options;
  q->format = QuantFormat::kInt8Dynamic;
  options.quantization = std::move(q);
  return RunPipeline(*graph, options, nullptr);
}

TEST(ExcludeLayers, KeepsThemInF32AndSaysWhy) {
  Graph graph = TwoLayers();
  auto q = std::make_shared<Quantization>();
  q->excluded = {"fir*"};
  ASSERT_TRUE(Quantize(&graph, q).ok());
  ASSERT_EQ(q->layers.size(), 2u);
  EXPECT_EQ(q->layers[0].encoding, "f32");
  EXPECT_EQ(q->layers[0].reason, "excluded by 'fir*'");
  EXPECT_EQ(q->layers[1].encoding, "int8-dynamic");
}

TEST(ExcludeLayers, APatternThatIsLikeNoLayerIsRefused) {
  Graph graph = TwoLayers();
  auto q = std::make_shared<Quantization>();
  q->excluded = {"third"};
  const Status status = Quantize(&graph, q);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message, testing::HasSubstr("no layer is like 'third'; one is 'n1'"));
}

}  // namespace
}  // namespace pare::converter
