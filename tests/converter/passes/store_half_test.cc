#include <cmath>

#include "converter/calibrate/dataset.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

// The types of the weights of more than one dimension, in the order of the nodes that read them.
std::vector<DType> TypesOfMatrices(const Graph& graph) {
  std::vector<DType> types;
  for (const Node& n : graph.nodes) {
    for (ValueId v : n.inputs) {
      if (graph.IsConstant(v) && graph.ConstantOf(v)->shape.rank == 2)
        types.push_back(graph.ConstantOf(v)->dtype);
    }
  }
  return types;
}

std::string NoteOf(const Graph& graph) {
  for (const auto& [key, value] : graph.metadata) {
    if (key == kHalfNote) return value;
  }
  return "";
}

// x A - x B with B near A: the difference is small beside what rounding does to either. The second
// output is of a matrix that f16 holds exactly.
GraphBuilder MakeCancelling(int64_t batch) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {batch, 64});
  std::vector<float> a(64 * 64), near(64 * 64), exact(64 * 64);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = std::sin(static_cast<float>(i));
    near[i] = a[i] + 1e-3f * std::cos(static_cast<float>(i));
    exact[i] = static_cast<float>(static_cast<int>(i % 17) - 8) / 8;
  }
  const ValueId ya = b.Op(fb::MatMulT(), {x, b.Const({64, 64}, a)});
  const ValueId yb = b.Op(fb::MatMulT(), {x, b.Const({64, 64}, near)});
  b.Output(b.Binary(fb::BinaryKind::Sub, ya, yb), "difference");
  b.Output(b.Op(fb::MatMulT(), {x, b.Const({64, 64}, exact)}), "exact");
  return b;
}

Options HalfOptions() {
  Options options;
  options.weights = WeightFormat::kF16;
  return options;
}

TEST(StoreHalf, KeepsWhatRoundingHarms) {
  for (const int64_t batch : {2, -1}) {
    GraphBuilder b = MakeCancelling(batch);
    ASSERT_TRUE(RunPipeline(b.graph, HalfOptions(), nullptr).ok());
    EXPECT_EQ(TypesOfMatrices(b.graph),
              (std::vector<DType>{DType::kF32, DType::kF32, DType::kF16}));
    EXPECT_NE(NoteOf(b.graph).find("kept 2 of 3"), std::string::npos) << NoteOf(b.graph);
  }
}

TEST(StoreHalf, StoresAllWhereAnyErrorIsAllowed) {
  GraphBuilder b = MakeCancelling(2);
  Options options = HalfOptions();
  options.max_error = 0;
  ASSERT_TRUE(RunPipeline(b.graph, options, nullptr).ok());
  EXPECT_EQ(TypesOfMatrices(b.graph), std::vector<DType>(3, DType::kF16));
  EXPECT_EQ(NoteOf(b.graph), "");
}

TEST(StoreHalf, MeasuresOnGivenArrays) {
  // Two samples of zeros, of which no weight makes anything.
  tools::Array zeros{"x", DType::kF32, MakeShape({4, 64}), std::vector<std::byte>(4 * 64 * 4)};
  const std::vector<std::vector<tools::Array>> files = {{zeros}};
  GraphBuilder b = MakeCancelling(2);
  Options options = HalfOptions();
  options.calibration = std::make_shared<Dataset>(files);
  ASSERT_TRUE(RunPipeline(b.graph, options, nullptr).ok());
  EXPECT_EQ(TypesOfMatrices(b.graph), std::vector<DType>(3, DType::kF16));
  EXPECT_NE(NoteOf(b.graph).find("2 given inputs"), std::string::npos) << NoteOf(b.graph);

  zeros.name = "other";
  const std::vector<std::vector<tools::Array>> others = {{zeros, zeros}};
  options.calibration = std::make_shared<Dataset>(others);
  GraphBuilder unnamed = MakeCancelling(2);
  EXPECT_FALSE(RunPipeline(unnamed.graph, options, nullptr).ok());
}

TEST(StoreHalf, LooksBehindASaturatedOutput) {
  // The sum saturates on made-up inputs, which says nothing of others.
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 64});
  std::vector<float> steep(64 * 64);
  for (size_t i = 0; i < steep.size(); ++i) steep[i] = 100 * std::sin(static_cast<float>(i));
  const ValueId y = b.Op(fb::MatMulT(), {x, b.Const({64, 64}, steep)});
  b.Output(b.Unary(fb::UnaryKind::Sigmoid, b.Binary(fb::BinaryKind::Sub, y, b.Scalar(5000))), "y");
  ASSERT_TRUE(RunPipeline(b.graph, HalfOptions(), nullptr).ok());
  EXPECT_EQ(TypesOfMatrices(b.graph), std::vector<DType>{DType::kF32}) << NoteOf(b.graph);
}

}  // namespace
}  // namespace pare::converter
