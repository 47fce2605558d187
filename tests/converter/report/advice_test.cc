#include "converter/report/advice.h"

#include <gmock/gmock.h>

#include "converter/passes/quantize/quantization.h"
#include "converter/report/comparison.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Three products in a row, n1, n3 and n5; of the second one row is far larger than the others.
Graph ThreeLayers() {
  GraphBuilder b;
  ValueId x = b.Op(fb::MatMulT(), {b.Input("x", {4, 16}), b.Random({16, 16})});
  std::vector<float> uneven(16 * 16);
  for (size_t i = 0; i < uneven.size(); ++i)
    uneven[i] = (i % 16 == 3 ? 3000.f : 1.f) * (static_cast<float>(i * 7 % 13) / 13 - 0.5f);
  x = b.Op(fb::MatMulT(), {x, b.Const({16, 16}, uneven)});
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({16, 8})}), "y");
  return std::move(b.graph);
}

Comparison CompareDynamic(std::vector<std::string> excluded, double breaking_db) {
  const Graph reference = ThreeLayers();
  Graph other = ThreeLayers();
  Options options;
  options.quantization = std::make_shared<Quantization>();
  options.quantization->format = QuantFormat::kInt8Dynamic;
  options.quantization->excluded = std::move(excluded);
  EXPECT_TRUE(RunPipeline(other, options, nullptr).ok());
  ComparisonOptions how;
  how.breaking_db = breaking_db;
  const auto inputs = RandomInputs(reference, how, 1);
  auto comparison = CompareGraphs(reference, other, inputs.value(), how);
  EXPECT_TRUE(comparison.ok()) << comparison.status().message;
  return std::move(comparison).value();
}

TEST(FirstBreaking, IsTheLayerThatLosesNotThoseBehindIt) {
  const Comparison all = CompareDynamic({}, 100);
  ASSERT_EQ(all.FirstBreaking(), 0);
  EXPECT_TRUE(std::isinf(all.layers[0].input_db));
  // With the first layer in f32 the second is the first to lose.
  const Comparison c = CompareDynamic({all.layers[0].node}, 100);
  ASSERT_EQ(c.FirstBreaking(), 1);
  EXPECT_EQ(c.layers[0].encoding, "f32");
  EXPECT_EQ(c.layers[1].encoding, "int8-dynamic");
  EXPECT_TRUE(std::isinf(c.layers[1].input_db));
  EXPECT_EQ(c.layers[2].input_db, c.layers[1].fidelity.snr_db);
  EXPECT_EQ(CompareDynamic({}, -100).FirstBreaking(), -1);
}

TEST(FirstBreaking, IsNamedWithWhatToTry) {
  const Comparison c = CompareDynamic({}, 100);
  const std::string exclude = "--exclude '" + c.layers[0].node + "' keeps it in f32";
  EXPECT_THAT(ComparisonText(c, -1), HasSubstr(exclude));
  EXPECT_THAT(ComparisonJson(c)["first_breaking"]["try"], Contains(exclude));
  EXPECT_TRUE(ComparisonJson(CompareDynamic({}, -100))["first_breaking"].is_null());
}

}  // namespace
}  // namespace pare::converter
