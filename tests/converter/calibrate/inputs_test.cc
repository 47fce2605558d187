#include "converter/calibrate/inputs.h"

#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

TEST(MakeUpSamples, PicturesFillTheirRange) {
  GraphBuilder b;
  b.Output(b.Unary(fb::UnaryKind::Relu, b.Input("x", {-1, 3, -1, -1})), "y");
  const auto samples = MakeUpSamples(b.graph);
  ASSERT_TRUE(samples.ok()) << samples.status().message;
  ASSERT_EQ(samples.value().size(), 3u);
  for (const Sample& sample : samples.value()) {
    EXPECT_TRUE(sample[0].shape == MakeShape({1, 3, 224, 224}));
    const auto* data = reinterpret_cast<const float*>(sample[0].data.data());
    const auto [low, high] = std::minmax_element(data, data + sample[0].shape.Elements());
    EXPECT_GE(*low, -1);
    EXPECT_LT(*low, -0.9f);
    EXPECT_LE(*high, 1);
    EXPECT_GT(*high, 0.9f);
  }
}

TEST(MakeUpInput, IndicesLieInTheirTable) {
  GraphBuilder b;
  const ValueId ids = b.Input("ids", {1, 500}, DType::kI64);
  b.Output(b.Op(fb::GatherT(), {b.Random({37, 4}), ids}), "y");
  const auto array = MakeUpInput(b.graph, ids, MakeShape({1, 500}), 1);
  ASSERT_TRUE(array.ok());
  const auto* data = reinterpret_cast<const int64_t*>(array.value().data.data());
  const auto [low, high] = std::minmax_element(data, data + 500);
  EXPECT_EQ(*low, 0);
  EXPECT_EQ(*high, 36);
}

}  // namespace
}  // namespace pare::converter
