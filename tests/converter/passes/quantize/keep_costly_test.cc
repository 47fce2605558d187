#include <gmock/gmock.h>

#include "tests/converter/support/graph_builder.h"
#include "tests/converter/support/quantize.h"

namespace pare::converter {
namespace {

// Eight products that int8 suits, and one whose weights of what is nearly zero leave no codes to
// the others.
Graph OneBadLayer() {
  GraphBuilder b;
  ValueId x = b.Input("x", {8, 16});
  for (int i = 0; i < 8; ++i) x = b.Op(fb::MatMulT(), {x, b.Random({16, 16})});
  const ValueId nothing = b.Unary(fb::UnaryKind::Clip, b.Input("z", {8, 1}), 0, 1e-7f);
  fb::ConcatT concat;
  concat.axis = 1;
  std::vector<float> weight(17 * 4);
  for (size_t i = 0; i < weight.size(); ++i)
    weight[i] = i < 4 ? 1000.0f : static_cast<float>(i % 5) - 2;
  b.Output(b.Op(fb::MatMulT(), {b.Op(concat, {nothing, x}), b.Const<float>({17, 4}, weight)}), "y");
  return b.graph;
}

TEST(KeepCostly, KeepsTheLayerThatSpoilsTheOutputs) {
  Graph graph = OneBadLayer();
  const Quantized result = Quantize(&graph);
  ExpectClose(result, 20);
  for (const LayerRecord& layer : result.q->layers) {
    EXPECT_EQ(layer.encoding, layer.value == "y" ? "f32" : "int8") << layer.value;
    if (layer.value == "y") {
      EXPECT_THAT(layer.reason, testing::HasSubstr("int8 takes the outputs to"));
    }
  }
}

TEST(KeepCostly, CanBeLeftOut) {
  Graph graph = OneBadLayer();
  const Quantized result = Quantize(&graph, QuantFormat::kInt8, {"keep_costly"});
  ASSERT_TRUE(result.status.ok()) << result.status.message;
  for (const LayerRecord& layer : result.q->layers) EXPECT_EQ(layer.encoding, "int8");
  EXPECT_LT(result.errors.outputs.at(0).second.snr_db, 10);
}

TEST(Calibrate, TakesOneOfTheMethods) {
  Graph graph = OneBadLayer();
  const Quantized result = Quantize(&graph);
  ASSERT_TRUE(result.status.ok()) << result.status.message;
  EXPECT_NE(result.q->range.method, RangeMethod::kAuto);
}

}  // namespace
}  // namespace pare::converter
