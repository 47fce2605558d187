#include "runtime/ops/op.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::ReduceKind;
using fb::UnaryKind;

// What the only node of the optimised graph, a Unary, computes.
UnaryKind KindLeft(const Graph& graph) {
  EXPECT_EQ(graph.nodes.size(), 1u);
  if (graph.nodes.empty() || graph.nodes[0].op.AsUnary() == nullptr) return UnaryKind::None;
  return graph.nodes[0].op.AsUnary()->activation->kind;
}

TEST(RecogniseActivations, HardSwish) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  const ValueId clip = b.Unary(UnaryKind::Clip, b.Binary(BinaryKind::Add, x, b.Scalar(3)), 0, 6);
  b.Output(b.Binary(BinaryKind::Div, b.Binary(BinaryKind::Mul, x, clip), b.Scalar(6)), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::HardSwish);
}

TEST(RecogniseActivations, HardSwishOfHardSigmoid) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  b.Output(b.Binary(BinaryKind::Mul, b.Unary(UnaryKind::HardSigmoid, x, 1.0f / 6, 0.5f), x), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::HardSwish);
}

TEST(RecogniseActivations, HardSigmoid) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  const ValueId line =
      b.Binary(BinaryKind::Add, b.Binary(BinaryKind::Mul, x, b.Scalar(0.2f)), b.Scalar(0.5f));
  b.Output(b.Unary(UnaryKind::Clip, line, 0, 1), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::HardSigmoid);
}

TEST(RecogniseActivations, Silu) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  b.Output(b.Binary(BinaryKind::Mul, x, b.Unary(UnaryKind::Sigmoid, x)), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::Silu);
}

TEST(RecogniseActivations, Mish) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  const ValueId t = b.Unary(UnaryKind::Tanh, b.Unary(UnaryKind::Softplus, x));
  b.Output(b.Binary(BinaryKind::Mul, x, t), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::Mish);
}

TEST(RecogniseActivations, GeluByErf) {
  for (int spelling = 0; spelling < 3; ++spelling) {
    GraphBuilder b;
    const ValueId x = b.Input("x", {64});
    const ValueId erf =
        b.Unary(UnaryKind::Erf, b.Binary(BinaryKind::Div, x, b.Scalar(1.41421356f)));
    const ValueId sum = b.Binary(BinaryKind::Add, erf, b.Scalar(1));
    const ValueId half = b.Scalar(0.5f);
    ValueId y;
    if (spelling == 0) {
      y = b.Binary(BinaryKind::Mul, b.Binary(BinaryKind::Mul, x, sum), half);
    } else if (spelling == 1) {
      y = b.Binary(BinaryKind::Mul, b.Binary(BinaryKind::Mul, x, half), sum);
    } else {
      y = b.Binary(BinaryKind::Mul, x, b.Binary(BinaryKind::Mul, sum, half));
    }
    b.Output(y, "y");
    Optimise(&b.graph);
    EXPECT_EQ(KindLeft(b.graph), UnaryKind::Gelu) << spelling;
  }
}

TEST(RecogniseActivations, GeluByTanh) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  const ValueId cube = b.Binary(BinaryKind::Pow, x, b.Scalar(3));
  ValueId t = b.Binary(BinaryKind::Add, x, b.Binary(BinaryKind::Mul, cube, b.Scalar(0.044715f)));
  t = b.Unary(UnaryKind::Tanh, b.Binary(BinaryKind::Mul, t, b.Scalar(0.7978845608f)));
  t = b.Binary(BinaryKind::Add, t, b.Scalar(1));
  b.Output(b.Binary(BinaryKind::Mul, b.Binary(BinaryKind::Mul, x, t), b.Scalar(0.5f)), "y");
  Optimise(&b.graph);
  EXPECT_EQ(KindLeft(b.graph), UnaryKind::GeluTanh);
}

TEST(RecogniseActivations, DoesNotGuessBehindItsSamples) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  b.Output(b.Unary(UnaryKind::Sigmoid, b.Binary(BinaryKind::Sub, x, b.Scalar(50))), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Binary), 1);
}

TEST(RecogniseActivations, LeavesWhatIsReadElsewhere) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {64});
  const ValueId gate = b.Unary(UnaryKind::Sigmoid, x);
  b.Output(b.Binary(BinaryKind::Mul, x, gate), "y");
  b.Output(gate, "gate");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 2u);
}

TEST(FuseLinear, BatchNormResidualAndActivationGoIntoAConvolution) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 6, 6, 4});
  fb::ConvT conv;
  conv.pads = {1, 1, 1, 1};
  ValueId y = b.Op(std::move(conv), {x, b.Random({4, 3, 3, 4}), b.Random({4})});
  y = b.Binary(BinaryKind::Mul, y, b.Random({4}));
  y = b.Binary(BinaryKind::Add, y, b.Random({1, 1, 1, 4}));
  y = b.Binary(BinaryKind::Add, x, y);
  b.Output(b.Unary(UnaryKind::Relu, y), "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.nodes[0].inputs.size(), 4u);
  EXPECT_EQ(b.graph.nodes[0].op.AsConv()->activation->kind, UnaryKind::Relu);
}

TEST(FuseLinear, ScaleAndBiasGoIntoAProduct) {
  for (bool trans_b : {false, true}) {
    GraphBuilder b;
    fb::MatMulT product;
    product.trans_b = trans_b;
    const ValueId w = trans_b ? b.Random({3, 7}) : b.Random({7, 3});
    ValueId y = b.Op(std::move(product), {b.Input("x", {5, 7}), w});
    y = b.Binary(BinaryKind::Sub, y, b.Random({3}));
    y = b.Binary(BinaryKind::Div, y, b.Const<float>({3}, {2, 3, 4}));
    b.Output(b.Unary(UnaryKind::Gelu, y), "y");
    Optimise(&b.graph);
    EXPECT_EQ(b.graph.nodes.size(), 1u);
  }
}

TEST(FuseLinear, DoesNotScaleAResidual) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {5, 3});
  ValueId y = b.Op(fb::MatMulT(), {x, b.Random({3, 3})});
  y = b.Binary(BinaryKind::Add, y, x);
  b.Output(b.Binary(BinaryKind::Mul, y, b.Random({3})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 2u);
}

TEST(FuseLinear, DoesNotTakeABroadcastAddend) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 3});
  const ValueId y = b.Op(fb::MatMulT(), {x, b.Random({3, 3})});
  b.Output(b.Binary(BinaryKind::Add, y, b.Input("z", {4, 3})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 2u);
}

TEST(FoldForward, ScaleAndShiftGoIntoWhatFollows) {
  // A padded convolution then pads with other values than zero.
  for (int64_t pad : {0, 1}) {
    GraphBuilder b;
    ValueId x = b.Unary(UnaryKind::Exp, b.Input("x", {1, 5, 5, 4}));
    x = b.Binary(BinaryKind::Mul, b.Const<float>({1}, {1.5f}), x);
    x = b.Binary(BinaryKind::Add, x, b.Const<float>({4}, {0.1f, 0.2f, 0.3f, -0.4f}));
    fb::ConvT conv;
    conv.group = 2;
    conv.pads = {pad, pad, pad, pad};
    b.Output(b.Op(std::move(conv), {x, b.Random({6, 3, 3, 2}), b.Random({6})}), "y");
    Optimise(&b.graph);
    EXPECT_EQ(CountOps(b.graph, fb::Op::Binary), 0) << Dump(b.graph);
  }
}

TEST(FoldForward, GoesThroughPaddingTwice) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Exp, b.Input("x", {1, 5, 5, 8}));
  x = b.Binary(BinaryKind::Mul, x, b.Random({8}));
  x = b.Binary(BinaryKind::Sub, x, b.Random({8}));
  x = b.Binary(BinaryKind::Add, b.Binary(BinaryKind::Mul, x, b.Scalar(2)), b.Random({8}));
  fb::ConvT conv;
  conv.group = 8;
  conv.pads = {1, 2, 0, 1};
  b.Output(b.Op(std::move(conv), {x, b.Random({8, 3, 3, 1})}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 2u) << Dump(b.graph);
}

TEST(FoldForward, ATermStaysBeforeATransposedConvolution) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Exp, b.Input("x", {1, 5, 5, 8}));
  x = b.Binary(BinaryKind::Add, x, b.Random({8}));
  b.Output(b.Op(fb::ConvTransposeT(), {x, b.Random({4, 3, 3, 8})}), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Binary), 1) << Dump(b.graph);
}

TEST(FoldForward, GoesIntoEveryReader) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Exp, b.Input("x", {5, 4}));
  x = b.Binary(BinaryKind::Div, x, b.Const<float>({4}, {2, 3, 4, 5}));
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({4, 3})}), "y");
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({4, 2})}), "z");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 3u) << Dump(b.graph);
}

TEST(FoldForward, StaysWhereSomethingElseReads) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Exp, b.Input("x", {5, 4}));
  x = b.Binary(BinaryKind::Mul, x, b.Const<float>({4}, {2, 3, 4, 5}));
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({4, 3})}), "y");
  b.Output(x, "z");
  Optimise(&b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 3u) << Dump(b.graph);
}

TEST(Simplify, FactorsASmallGateOut) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 4, 4, 3}), gate = b.Input("g", {1, 1, 1, 3});
  b.Output(b.Binary(BinaryKind::Add, x, b.Binary(BinaryKind::Mul, x, gate)), "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 2u);
  EXPECT_EQ(b.graph.values[b.graph.nodes[0].outputs[0]].shape.Elements(), 3);
}

ValueId Mean(GraphBuilder& b, ValueId x) {
  fb::ReduceT mean;
  mean.kind = ReduceKind::Mean;
  mean.axes = {-1};
  return b.Op(std::move(mean), {x});
}

TEST(FuseNorms, LayerNorm) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 3, 8});
  const ValueId d = b.Binary(BinaryKind::Sub, x, Mean(b, x));
  const ValueId variance = Mean(b, b.Binary(BinaryKind::Pow, d, b.Scalar(2)));
  const ValueId root =
      b.Unary(UnaryKind::Sqrt, b.Binary(BinaryKind::Add, variance, b.Scalar(1e-5f)));
  ValueId y = b.Binary(BinaryKind::Div, d, root);
  y = b.Binary(BinaryKind::Add, b.Binary(BinaryKind::Mul, y, b.Random({8})), b.Random({8}));
  b.Output(y, "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.nodes[0].op.type, fb::Op::LayerNorm);
  EXPECT_EQ(b.graph.nodes[0].inputs.size(), 3u);
}

TEST(FuseNorms, RmsNorm) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 3, 8});
  const ValueId square = Mean(b, b.Binary(BinaryKind::Mul, x, x));
  const ValueId root = b.Unary(UnaryKind::Sqrt, b.Binary(BinaryKind::Add, square, b.Scalar(1e-6f)));
  const ValueId y = b.Binary(BinaryKind::Mul, x, b.Unary(UnaryKind::Reciprocal, root));
  b.Output(b.Binary(BinaryKind::Mul, b.Random({8}), y), "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.nodes[0].op.type, fb::Op::RmsNorm);
}

TEST(FuseNorms, Softmax) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 3, 8});
  fb::ReduceT largest, sum;
  largest.kind = ReduceKind::Max;
  largest.axes = {1};
  sum.axes = {1};
  const ValueId e =
      b.Unary(UnaryKind::Exp, b.Binary(BinaryKind::Sub, x, b.Op(std::move(largest), {x})));
  b.Output(b.Binary(BinaryKind::Div, e, b.Op(std::move(sum), {e})), "y");
  Optimise(&b.graph);
  ASSERT_EQ(b.graph.nodes.size(), 1u);
  EXPECT_EQ(b.graph.nodes[0].op.type, fb::Op::Softmax);
}

// softmax(q k^T / 2 + mask) v with 2 heads of 4, as PyTorch exports it.
ValueId AddAttention(GraphBuilder& b, ValueId q, ValueId k, ValueId v, ValueId mask) {
  const auto split = [&](ValueId x, const std::vector<int64_t>& perm) {
    return b.Transpose(b.Reshape(x, {0, 0, 2, 4}), perm);
  };
  ValueId s = b.Op(fb::MatMulT(), {split(q, {0, 2, 1, 3}), split(k, {0, 2, 3, 1})});
  s = b.Binary(BinaryKind::Add, b.Binary(BinaryKind::Div, s, b.Scalar(2)), mask);
  const ValueId p = b.Op(fb::SoftmaxT(), {s});
  const ValueId y = b.Op(fb::MatMulT(), {p, split(v, {0, 2, 1, 3})});
  return b.Reshape(b.Transpose(y, {0, 2, 1, 3}), {0, 0, 8});
}

TEST(FuseAttention, SeparateProjections) {
  if (FindOp(static_cast<uint8_t>(fb::Op::Attention)) == nullptr) GTEST_SKIP();
  GraphBuilder b;
  const ValueId x = b.Input("x", {-1, -1, 8});
  const ValueId q = b.Op(fb::MatMulT(), {x, b.Random({8, 8})});
  const ValueId k = b.Op(fb::MatMulT(), {x, b.Random({8, 8})});
  const ValueId v = b.Op(fb::MatMulT(), {x, b.Random({8, 8})});
  b.Output(AddAttention(b, q, k, v, b.Random({1, 2, 1, 1})), "y");
  Optimise(&b.graph, {}, 1e-5f, {{"x.0", 2}, {"x.1", 5}});
  EXPECT_EQ(b.graph.nodes.size(), 4u);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Attention), 1);
}

// As PyTorch's newer exporter writes it: keys are transposed in three dimensions with computed
// sizes, both factors are scaled by a root, and NaNs of rows that are masked throughout become
// zeros.
TEST(FuseAttention, KeysAsThreeDimensionsAndGuardedSoftmax) {
  if (FindOp(static_cast<uint8_t>(fb::Op::Attention)) == nullptr) GTEST_SKIP();
  GraphBuilder b;
  const ValueId x = b.Input("x", {-1, -1, 8});
  const ValueId seen = b.Input("seen", {-1, 1, 1, -1}, DType::kBool);
  b.graph.values[seen].dims[0].symbol = 0;
  b.graph.values[seen].dims[3].symbol = 1;
  const auto heads = [&](ValueId w) {
    const ValueId projected = b.Op(fb::MatMulT(), {x, w});
    return b.Transpose(b.Reshape(projected, {0, 0, 2, 4}), {0, 2, 1, 3});
  };
  const ValueId q = heads(b.Random({8, 8})), k = heads(b.Random({8, 8})),
                v = heads(b.Random({8, 8}));
  const ValueId sizes = b.Op(fb::ShapeOfT(), {k}, DType::kI64);
  const auto size = [&](int64_t i) {
    return b.Op(fb::GatherT(), {sizes, b.Const<int64_t>({1}, {i})}, DType::kI64);
  };
  const auto reshape = [&](ValueId t, const std::vector<ValueId>& dims) {
    return b.Op(fb::ReshapeT(), {t, b.Op(fb::ConcatT(), dims, DType::kI64)});
  };
  const ValueId three = reshape(k, {b.Const<int64_t>({1}, {-1}), size(2), size(3)});
  const ValueId kt = reshape(b.Transpose(three, {0, 2, 1}), {size(0), size(1), size(3), size(2)});
  const ValueId root = b.Scalar(0.7f);
  const ValueId mask =
      b.Op(fb::WhereT(), {seen, b.Scalar(0), b.Scalar(-std::numeric_limits<float>::infinity())});
  ValueId s = b.Op(fb::MatMulT(),
                   {b.Binary(BinaryKind::Mul, q, root), b.Binary(BinaryKind::Mul, kt, root)});
  const ValueId p = b.Op(fb::SoftmaxT(), {b.Binary(BinaryKind::Add, s, mask)});
  fb::UnaryT is_nan;
  is_nan.activation = std::make_unique<fb::ActivationT>();
  is_nan.activation->kind = UnaryKind::IsNan;
  const ValueId nan = b.Op(std::move(is_nan), {p}, DType::kBool);
  const ValueId y = b.Op(fb::MatMulT(), {b.Op(fb::WhereT(), {nan, b.Scalar(0), p}), v});
  b.Output(b.Reshape(b.Transpose(y, {0, 2, 1, 3}), {0, 0, 8}), "y");
  Optimise(&b.graph, {}, 1e-5f, {{"x.0", 2}, {"x.1", 5}});
  EXPECT_EQ(CountOps(b.graph, fb::Op::Attention), 1) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0) << Dump(b.graph);
}

TEST(FuseAttention, LeavesAMaskThatWidensTheScores) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 5, 8});
  b.Output(AddAttention(b, x, x, x, b.Random({3, 1, 1, 5})), "y");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Attention), 0);
}

TEST(FuseAttention, PackedProjection) {
  if (FindOp(static_cast<uint8_t>(fb::Op::Attention)) == nullptr) GTEST_SKIP();
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, -1, 8});
  const ValueId all = b.Op(fb::MatMulT(), {x, b.Random({8, 24})});
  const ValueId heads = b.Transpose(b.Reshape(all, {1, -1, 3, 2, 4}), {2, 0, 3, 1, 4});
  const auto part = [&](int64_t i) {
    return b.Op(fb::GatherT(), {heads, b.Const<int64_t>({}, {i})});
  };
  const ValueId kt = b.Transpose(part(1), {0, 1, 3, 2});
  const ValueId s = b.Op(fb::MatMulT(), {part(0), kt});
  const ValueId p = b.Op(fb::SoftmaxT(), {s});
  const ValueId y = b.Op(fb::MatMulT(), {p, part(2)});
  b.Output(b.Reshape(b.Transpose(y, {0, 2, 1, 3}), {1, -1, 8}), "y");
  Optimise(&b.graph, {}, 1e-5f, {{"x.1", 5}});
  EXPECT_EQ(CountOps(b.graph, fb::Op::Attention), 1);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Transpose), 0);
  EXPECT_EQ(b.graph.nodes.size(), 5u) << Dump(b.graph);
}

}  // namespace
}  // namespace pare::converter
