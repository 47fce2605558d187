#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;

TEST(Simplify, RemovesWhatChangesNothing) {
  GraphBuilder b;
  ValueId x = b.Input("x", {2, 3, 4});
  x = b.Op(fb::IdentityT(), {x});
  x = b.Transpose(x, {0, 1, 2});
  x = b.Reshape(x, {2, 3, 4});
  x = b.Binary(BinaryKind::Mul, x, b.Scalar(1));
  x = b.Binary(BinaryKind::Add, b.Scalar(0), x);
  fb::CastT cast;
  cast.to = fb::DType::F32;
  x = b.Op(cast, {x});
  b.Output(b.Unary(UnaryKind::Exp, x), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1u);
}

TEST(Simplify, KeepsAnOutputThatIsAnInput) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2});
  b.Output(b.Op(fb::IdentityT(), {x}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.values[b.graph.outputs[0]].name, "y");
}

TEST(Simplify, KeepsABroadcastingNeutralConstant) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 3});
  b.Output(b.Binary(BinaryKind::Add, x, b.Const<float>({2, 3}, {0, 0, 0, 0, 0, 0})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1u);
}

TEST(Simplify, MergesTransposesAndReshapes) {
  GraphBuilder b;
  ValueId x = b.Input("x", {2, 3, 4});
  x = b.Transpose(b.Transpose(x, {2, 0, 1}), {1, 2, 0});
  x = b.Reshape(b.Reshape(x, {6, 4}), {0, 2, 2});
  b.Output(b.Unary(UnaryKind::Exp, x), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Reshape), 1);
}

TEST(Simplify, TurnsATransposeOfOnesIntoAReshape) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {-1, 1, 1, 5});
  b.Output(b.Transpose(x, {0, 3, 1, 2}), "y");
  Optimise(&b.graph, {}, 1e-6f, {{"x.0", 3}});
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0);
}

TEST(Simplify, MergesBounds) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Relu, b.Input("x", {16}));
  x = b.Binary(BinaryKind::Min, x, b.Scalar(1));
  x = b.Unary(UnaryKind::Clip, x, 0.25f, 6);
  b.Output(x, "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 1u);
  const fb::ActivationT& clip = *b.graph.nodes[0].op.AsUnary()->activation;
  EXPECT_EQ(clip.kind, UnaryKind::Clip);
  EXPECT_EQ(clip.alpha, 0.25f);
  EXPECT_EQ(clip.beta, 1.0f);
}

TEST(Simplify, MovesATransposeThroughAReshapeToCancelIt) {
  // Channels-last to channels-first, pixels merged, and back: the way from a convolution to a
  // sequence.
  GraphBuilder b;
  ValueId x = b.Input("x", {2, 4, 5, 6});
  x = b.Reshape(b.Transpose(x, {0, 3, 1, 2}), {2, 6, 20});
  b.Output(b.Transpose(x, {0, 2, 1}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0);
}

TEST(MergeDuplicates, ComputesEqualNodesOnce) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 3});
  const ValueId p = b.Binary(BinaryKind::Mul, x, b.Const<float>({1}, {2}));
  const ValueId q = b.Binary(BinaryKind::Mul, x, b.Const<float>({1}, {2}));
  b.Output(b.Binary(BinaryKind::Add, p, b.Unary(UnaryKind::Exp, q)), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Binary), 2);
}

TEST(RemoveDeadCode, DropsNodesValuesAndWeights) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2});
  b.Binary(BinaryKind::Add, x, b.Random({2}));
  b.Output(b.Unary(UnaryKind::Exp, x), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.values.size(), 2u);
  EXPECT_TRUE(b.graph.weights.empty());
}

TEST(FoldConstants, ComputesConstantNodes) {
  GraphBuilder b;
  const ValueId w = b.Binary(BinaryKind::Add, b.Random({4, 4}), b.Const<float>({4}, {3, 3, 3, 3}));
  b.Output(b.Binary(BinaryKind::Div, b.Input("x", {4, 4}), w), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1u);
}

TEST(FoldConstants, LeavesWhatWouldGrowTheFile) {
  GraphBuilder b;
  fb::ExpandT expand;
  expand.shape = {512, 128};
  const ValueId big = b.Op(expand, {b.Random({1, 128})});
  b.Output(b.Op(fb::GatherT(), {big, b.Input("i", {3}, DType::kI64)}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Expand), 1);
}

TEST(GatherFirst, TakesRowsOfAnInt8TableBeforeItIsScaled) {
  for (int scale = 0; scale < 3; ++scale) {
    GraphBuilder b;
    std::vector<int8_t> table(300 * 128);
    for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<int8_t>(i * 7 % 251 - 125);
    fb::CastT cast;
    cast.to = fb::DType::F32;
    const ValueId real = b.Op(cast, {b.Const<int8_t>({300, 128}, table)});
    const ValueId factor = scale == 0   ? b.Scalar(0.5f)
                           : scale == 1 ? b.Random({1, 128})
                                        : b.Random({300, 1});
    const ValueId rows = b.Binary(BinaryKind::Mul, real, factor);
    b.Output(b.Op(fb::GatherT(), {rows, b.Input("i", {2, 3}, DType::kI64)}), "y");
    Optimise(&b.graph);
    EXPECT_EQ(b.graph.nodes[0].op.type, fb::Op::Gather) << Dump(b.graph);
    const auto bytes = b.graph.ConstantOf(b.graph.nodes[0].inputs[0])->bytes.size;
    EXPECT_LE(bytes, table.size()) << scale;
  }
}

TEST(FoldConstants, GivesAConstantOutputANode) {
  GraphBuilder b;
  b.Input("x", {1});
  b.Output(b.Binary(BinaryKind::Mul, b.Random({4}), b.Random({4})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Identity), 1);
}

TEST(InferShapes, FindsDynamicDimensions) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {-1, 3, -1});
  b.Output(b.Unary(UnaryKind::Exp, b.Transpose(x, {1, 0, 2})), "y");
  ASSERT_TRUE(RunPipeline(b.graph, {}, nullptr).ok());
  const Value& value = b.graph.values[b.graph.outputs[0]];
  ASSERT_TRUE(value.has_shape);
  EXPECT_TRUE(value.shape == MakeShape({3, -1, -1}));
}

TEST(InferShapes, GivesAComputedReshapeAFixedTarget) {
  // [B,T,12] -> [B,T,3,4] where the target is made of x's own dimensions.
  GraphBuilder b;
  const ValueId x = b.Input("x", {-1, -1, 12});
  const ValueId shape = b.Op(fb::ShapeOfT(), {x}, DType::kI64);
  fb::SliceT slice;
  slice.starts = {0};
  slice.ends = {2};
  slice.axes = {0};
  const ValueId leading = b.Op(slice, {shape}, DType::kI64);
  const ValueId target = b.Op(fb::ConcatT(), {leading, b.Const<int64_t>({2}, {3, 4})}, DType::kI64);
  b.Output(b.Op(fb::ReshapeT(), {x, target}), "y");
  Optimise(&b.graph, {}, 1e-6f, {{"x.0", 2}, {"x.1", 5}});
  EXPECT_EQ(b.graph.nodes.size(), 1u);
}

TEST(Pipeline, RefusesAPassThatIsNone) {
  GraphBuilder b;
  b.Output(b.Unary(UnaryKind::Exp, b.Input("x", {2})), "y");
  Options options;
  options.disabled = {"no_such_pass"};
  EXPECT_EQ(RunPipeline(b.graph, options, nullptr).code, Code::kNotFound);
}

TEST(Pipeline, EachPassCanBeLeftOut) {
  for (const Pass& pass : Pipeline()) {
    GraphBuilder b;
    ValueId x = b.Input("x", {1, 4, 4, 3});
    fb::ConvT conv;
    conv.pads = {1, 1, 1, 1};
    x = b.Op(std::move(conv), {x, b.Random({8, 3, 3, 3})});
    x = b.Binary(BinaryKind::Mul, x, b.Unary(UnaryKind::Sigmoid, x));
    b.Output(x, "y");
    Options options;
    options.disabled = {pass.name};
    SCOPED_TRACE(pass.name);
    Optimise(&b.graph, options);
  }
}

}  // namespace
}  // namespace pare::converter
