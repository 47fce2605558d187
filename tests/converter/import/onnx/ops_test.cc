// How single operators are imported, where the conformance data does not tell.
#include "converter/import/onnx/ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/converter/import/onnx/onnx_builder.h"

namespace pare::converter {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

TEST(OnnxOps, ConvStandsBetweenTransposes) {
  OnnxBuilder b;
  b.Input("x", {1, 2, 4, 4}).Floats("w", {1, 2, 1, 2}, {1, 2, 3, 4}).Output("y");
  b.Node("Conv", {"x", "w"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(OpsOf(*graph), "Transpose Conv Transpose");
  EXPECT_THAT(graph->nodes[0].op.AsTranspose()->perm, ElementsAre(0, 2, 3, 1));
  ASSERT_EQ(graph->weights.size(), 1U);
  EXPECT_EQ(graph->weights[0].shape, (Shape{4, {1, 1, 2, 2}}));
  EXPECT_THAT(ValuesOf<float>(graph->weights[0]), ElementsAre(1, 3, 2, 4));
}

TEST(OnnxOps, ConvTransposeKeepsGroupsTogether) {
  OnnxBuilder b;
  // C = 4, two groups, M / group = 1, kernel 1: weight of channel c is c.
  b.Input("x", {1, 4, 5}).Floats("w", {4, 1, 1}, {0, 1, 2, 3}).Output("y");
  SetInt(b.Node("ConvTranspose", {"x", "w"}, {"y"}), "group", 2);
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->weights[0].shape, (Shape{3, {2, 1, 2}}));
  EXPECT_THAT(ValuesOf<float>(graph->weights[0]), ElementsAre(0, 1, 2, 3));
}

TEST(OnnxOps, ConvRefusesStridesThatDoNotFit) {
  OnnxBuilder b;
  b.Input("x", {1, 2, 4, 4}).Floats("w", {1, 2, 1, 1}, {1, 2}).Output("y");
  SetInts(b.Node("Conv", {"x", "w"}, {"y"}), "strides", {1, 2, 3});
  EXPECT_THAT(b.Import().status().message, HasSubstr("strides"));
}

TEST(OnnxOps, BatchNormalizationFolds) {
  OnnxBuilder b;
  b.Input("x", {1, 1, 2, 2}).Output("y");
  b.Floats("s", {1}, {2}).Floats("o", {1}, {1}).Floats("m", {1}, {3}).Floats("v", {1}, {4});
  SetFloat(b.Node("BatchNormalization", {"x", "s", "o", "m", "v"}, {"y"}), "epsilon", 0);
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(OpsOf(*graph), "Binary Binary");
  EXPECT_THAT(ValuesOf<float>(graph->weights[0]), ElementsAre(FloatEq(1)));
  EXPECT_THAT(ValuesOf<float>(graph->weights[1]), ElementsAre(FloatEq(-2)));
  EXPECT_EQ(graph->weights[0].shape, (Shape{3, {1, 1, 1}}));
}

TEST(OnnxOps, AxesAreTakenFromAttributeOrInput) {
  OnnxBuilder old(11), recent(13), runtime(13);
  old.Input("x", {1, 2}).Output("y");
  SetInts(old.Node("Squeeze", {"x"}, {"y"}), "axes", {0});
  recent.Input("x", {1, 2}).Integers("axes", {1}, {0}).Output("y");
  recent.Node("Squeeze", {"x", "axes"}, {"y"});
  for (auto* b : {&old, &recent}) {
    auto graph = b->Import();
    ASSERT_TRUE(graph.ok()) << graph.status().message;
    EXPECT_THAT(graph->nodes[0].op.AsSqueeze()->axes, ElementsAre(0));
    EXPECT_EQ(graph->nodes[0].inputs.size(), 1U);
  }
  runtime.Input("x", {1, 2}).Input("axes", {1}, TensorProto::INT64).Output("y");
  runtime.Node("Squeeze", {"x", "axes"}, {"y"});
  EXPECT_EQ(runtime.Import()->nodes[0].inputs.size(), 2U);
}

TEST(OnnxOps, SoftmaxOfOldOpsetsFlattens) {
  OnnxBuilder b(11);
  b.Input("x", {2, 3, 4}).Output("y");
  b.Node("Softmax", {"x"}, {"y"});
  EXPECT_EQ(OpsOf(*b.Import()), "Flatten Softmax ShapeOf Reshape");
  OnnxBuilder last(11);
  last.Input("x", {2, 3}).Output("y");
  last.Node("Softmax", {"x"}, {"y"});
  EXPECT_EQ(OpsOf(*last.Import()), "Softmax");
}

TEST(OnnxOps, ClipIsOneOperatorWhereItsBoundsAreKnown) {
  OnnxBuilder b;
  b.Input("x", {2}).Floats("low", {}, {-1}).Output("y");
  b.Node("Clip", {"x", "low"}, {"y"});
  auto graph = b.Import();
  ASSERT_EQ(OpsOf(*graph), "Unary");
  EXPECT_EQ(graph->nodes[0].op.AsUnary()->activation->alpha, -1);
  OnnxBuilder integers;
  integers.Input("x", {2}, TensorProto::INT64).Integers("high", {}, {5}).Output("y");
  integers.Node("Clip", {"x", "", "high"}, {"y"});
  EXPECT_EQ(OpsOf(*integers.Import()), "Binary");
}

TEST(OnnxOps, LstmActivationsAreComplete) {
  OnnxBuilder b;
  b.Input("x", {2, 1, 3}).Output("y");
  b.Floats("w", {1, 4, 3}, std::vector<float>(12, 0)).Floats("r", {1, 4, 1}, {0, 0, 0, 0});
  b.Node("LSTM", {"x", "w", "r"}, {"", "y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const fb::LstmT& op = *graph->nodes[0].op.AsLstm();
  EXPECT_EQ(op.hidden, 1);
  EXPECT_THAT(op.activations,
              ElementsAre(fb::UnaryKind::Sigmoid, fb::UnaryKind::Tanh, fb::UnaryKind::Tanh));
  EXPECT_EQ(graph->nodes[0].outputs[0], kAbsent);
}

TEST(OnnxOps, AttributesHaveTheirType) {
  OnnxBuilder b;
  b.Input("x", {2, 2}).Output("y");
  SetFloat(b.Node("Concat", {"x", "x"}, {"y"}), "axis", 1);
  EXPECT_THAT(b.Import().status().message, HasSubstr("attribute 'axis' has another type"));
}

TEST(OnnxOps, ChannelsLastNeedsARank) {
  OnnxBuilder b;
  b.Input("x", {-1, 3, 4}).Input("s", {-1}, TensorProto::INT64).Output("y");
  b.Node("Reshape", {"x", "s"}, {"r"});
  b.Node("GlobalAveragePool", {"r"}, {"y"});
  EXPECT_THAT(b.Import().status().message, HasSubstr("onnx.shape_inference"));
}

TEST(OnnxOps, RanksFollowFromSizesOfShapes) {
  OnnxBuilder b;
  b.Input("x", {-1, 3, 4}).Integers("zero", {1}, {0}).Integers("tail", {3}, {3, 2, 2}).Output("y");
  b.Node("Shape", {"x"}, {"shape"});
  b.Node("Gather", {"shape", "zero"}, {"batch"});
  SetInt(b.Node("Concat", {"batch", "tail"}, {"target"}), "axis", 0);
  b.Node("Reshape", {"x", "target"}, {"r"});
  b.Node("GlobalAveragePool", {"r"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_THAT(graph->nodes.back().op.AsReduce()->axes, ElementsAre(2, 3));
}

TEST(OnnxOps, ConstantsOfEveryKind) {
  OnnxBuilder b;
  b.Input("x", {2}).Output("y");
  NodeProto* c = OnnxBuilder::AddNode(b.graph(), "Constant", {}, {"c"});
  AttributeProto* a = c->add_attribute();
  a->set_name("value_floats");
  a->set_type(AttributeProto::FLOATS);
  a->add_floats(1);
  a->add_floats(2);
  b.Node("Add", {"x", "c"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_THAT(ValuesOf<float>(graph->weights[0]), ElementsAre(1, 2));
}

TEST(OnnxOps, WeightsInInt8StayPlain) {
  OnnxBuilder b;
  b.Input("x", {1, 2}).Floats("s", {}, {0.5F}).Output("y");
  *b.graph()->add_initializer() =
      OnnxBuilder::Tensor<int8_t>("q", {2, 2}, {1, 2, 3, 4}, TensorProto::INT8);
  SetInt(b.Node("Cast", {"q"}, {"f"}), "to", TensorProto::FLOAT);
  b.Node("Mul", {"f", "s"}, {"w"});
  b.Node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(OpsOf(*b.Import()), "Cast Binary MatMul");
}

TEST(OnnxOps, TableHasNoRowTwice) {
  EXPECT_EQ(FindOnnxOp("", "Nonesuch"), nullptr);
  EXPECT_NE(FindOnnxOp("com.microsoft", "FusedMatMul"), nullptr);
  EXPECT_EQ(FindOnnxOp("", "FusedMatMul"), nullptr);
}

}  // namespace
}  // namespace pare::converter
