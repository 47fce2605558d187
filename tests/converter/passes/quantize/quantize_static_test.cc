#include <gmock/gmock.h>

#include <limits>

#include "tests/converter/support/graph_builder.h"
#include "tests/converter/support/quantize.h"

namespace pare::converter {
namespace {

using fb::BinaryKind;
using fb::UnaryKind;
using testing::HasSubstr;

ValueId Conv(GraphBuilder& b, ValueId x, int64_t in, int64_t out) {
  fb::ConvT conv;
  conv.pads = {1, 1, 1, 1};
  return b.Op(std::move(conv), {x, b.Random({out, 3, 3, in}), b.Random({out})});
}

ValueId Product(GraphBuilder& b, ValueId x, int64_t in, int64_t out) {
  return b.Op(fb::MatMulT(), {x, b.Random({in, out})});
}

TEST(QuantizeStatic, AChainHasBordersAtItsEndsOnly) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Relu, Conv(b, b.Input("x", {1, 8, 8, 4}), 4, 8));
  x = b.Unary(UnaryKind::Relu, Conv(b, x, 8, 8));
  b.Output(Conv(b, x, 8, 4), "y");
  const Quantized result = Quantize(&b.graph);
  ExpectClose(result, 30);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 1) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Dequantize), 0) << Dump(b.graph);  // the last makes f32
  EXPECT_EQ(result.q->layers.size(), 3u);
  for (const LayerRecord& layer : result.q->layers) EXPECT_EQ(layer.encoding, "int8");
}

TEST(QuantizeStatic, PaddingOtherThanZeroHasCodes) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 8, 8, 4});
  fb::ConvT conv;
  conv.pads = {1, 1, 1, 1};
  const ValueId far = b.Const<float>({4}, {-3, 0, 1, 5});  // beyond all that x is
  b.Output(b.Op(std::move(conv), {x, b.Random({8, 3, 3, 4}), kAbsent, kAbsent, far}), "y");
  const Quantized result = Quantize(&b.graph);
  ExpectClose(result, 30);
  EXPECT_EQ(result.q->layers[0].encoding, "int8");
}

TEST(QuantizeStatic, AResidualIsAddedAsU8) {
  GraphBuilder b;
  const ValueId first = Conv(b, b.Input("x", {1, 8, 8, 4}), 4, 8);
  ValueId y = b.Binary(BinaryKind::Add, Conv(b, b.Unary(UnaryKind::Relu, first), 8, 8), first);
  b.Output(Conv(b, y, 8, 4), "y");
  const Quantized result = Quantize(&b.graph);
  ExpectClose(result, 28);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Binary), 0) << Dump(b.graph);
}

TEST(QuantizeStatic, LooksUpActivationsThatAreNoClamps) {
  for (UnaryKind kind : {UnaryKind::HardSwish, UnaryKind::Gelu, UnaryKind::Sigmoid}) {
    GraphBuilder b;
    ValueId x = b.Unary(kind, Conv(b, b.Input("x", {1, 8, 8, 4}), 4, 8));
    x = b.Unary(kind, Conv(b, x, 8, 8));
    b.Output(b.Unary(kind, Conv(b, x, 8, 4)), "y");
    ExpectClose(Quantize(&b.graph), 28);
    EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 1) << Dump(b.graph);
    EXPECT_EQ(CountOps(b.graph, fb::Op::Dequantize), 0) << Dump(b.graph);
    EXPECT_EQ(CountOps(b.graph, fb::Op::Unary), 2) << Dump(b.graph);  // the last is fused, in f32
  }
}

TEST(QuantizeStatic, FunctionsOfTheLibraryStayF32) {
  GraphBuilder b;
  const ValueId x = b.Unary(UnaryKind::Sin, Conv(b, b.Input("x", {1, 8, 8, 4}), 4, 8));
  b.Output(Conv(b, x, 8, 4), "y");
  ExpectClose(Quantize(&b.graph), 28);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 2) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Unary), 0) << Dump(b.graph);
}

TEST(QuantizeStatic, ResizesPadsAndChoosesAsU8) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 8, 8, 4});
  ValueId y = b.Binary(BinaryKind::Max, Conv(b, x, 4, 8), Conv(b, x, 4, 8));
  fb::PadT pad;
  pad.pads = {0, 1, 1, 0, 0, 1, 1, 0};
  y = b.Op(std::move(pad), {y});
  fb::ResizeT resize;
  resize.scales = {1, 2, 2, 1};
  y = b.Op(std::move(resize), {y});
  b.Output(Conv(b, y, 8, 4), "y");
  ExpectClose(Quantize(&b.graph), 28);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 1) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Dequantize), 0) << Dump(b.graph);
}

TEST(QuantizeStatic, TransposedConvolutionsThatTileAreConvolutions) {
  GraphBuilder b;
  fb::ConvTransposeT op;
  op.strides = {2, 2};
  ValueId x = Conv(b, b.Input("x", {1, 8, 8, 4}), 4, 6);
  x = b.Op(std::move(op), {x, b.Random({5, 2, 2, 6}), b.Random({5})});
  b.Output(Conv(b, b.Unary(UnaryKind::Relu, x), 5, 4), "y");
  const Quantized result = Quantize(&b.graph);
  ExpectClose(result, 28);
  EXPECT_EQ(CountOps(b.graph, fb::Op::ConvTranspose), 0) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 1) << Dump(b.graph);
}

TEST(QuantizeStatic, TransposedConvolutionsThatOverlapStayF32AndSaySo) {
  GraphBuilder b;
  fb::ConvTransposeT op;
  op.strides = {2, 2};
  const ValueId x = b.Input("x", {1, 8, 8, 4});
  b.Output(b.Op(std::move(op), {x, b.Random({5, 3, 3, 4})}), "y");
  const Quantized result = Quantize(&b.graph);
  ASSERT_TRUE(result.status.ok()) << result.status.message;
  ASSERT_EQ(result.q->layers.size(), 1u);
  EXPECT_THAT(result.q->layers[0].reason, HasSubstr("overlap"));
}

TEST(QuantizeStatic, MovesNumbersAsU8InOneRange) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {1, 8, 8, 4});
  fb::ConcatT concat;
  concat.axis = 3;
  ValueId y = b.Op(concat, {Conv(b, x, 4, 8), Conv(b, x, 4, 4)});
  y = b.Reshape(b.Transpose(y, {0, 2, 1, 3}), {1, 8, 8, 12});
  b.Output(Conv(b, y, 12, 4), "y");
  ExpectClose(Quantize(&b.graph), 28);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Quantize), 1) << Dump(b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Dequantize), 0) << Dump(b.graph);
}

TEST(QuantizeStatic, WhatIsNotWantedAsU8StaysF32) {
  GraphBuilder b;
  const ValueId x = Product(b, b.Input("x", {3, 16}), 16, 16);
  b.Output(b.Transpose(b.Unary(UnaryKind::Sigmoid, x), {1, 0}), "y");
  ExpectClose(Quantize(&b.graph), 35);
  EXPECT_EQ(CountOps(b.graph, fb::Op::Dequantize), 0) << Dump(b.graph);
}

TEST(QuantizeStatic, AnOutputThatIsReadAgainKeepsItsNameAndType) {
  GraphBuilder b;
  const ValueId x = Product(b, b.Input("x", {3, 16}), 16, 16);
  b.Output(x, "hidden");
  b.Output(Product(b, x, 16, 8), "y");
  ExpectClose(Quantize(&b.graph), 30);
  for (ValueId v : b.graph.outputs) EXPECT_EQ(b.graph.values[v].dtype, DType::kF32);
  EXPECT_EQ(b.graph.values[b.graph.outputs[0]].name, "hidden");
}

TEST(QuantizeStatic, SaysWhyALayerStaysF32) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {4, 4});
  b.Output(b.Op(fb::MatMulT(), {x, b.Unary(UnaryKind::Exp, x)}), "y");
  const Quantized result = Quantize(&b.graph);
  ASSERT_TRUE(result.status.ok());
  ASSERT_EQ(result.q->layers.size(), 1u);
  EXPECT_EQ(result.q->layers[0].encoding, "f32");
  EXPECT_EQ(result.q->layers[0].reason, "its weight is not constant");
}

TEST(QuantizeStatic, BadNumbersNameTheLayer) {
  GraphBuilder b;
  const ValueId x = b.Input("x", {2, 4});
  b.Output(b.Op(fb::MatMulT(), {x, b.Const<float>({4, 1}, {1, 2, INFINITY, 3})}), "y");
  EXPECT_THAT(Quantize(&b.graph).status.message, HasSubstr("layer 'n0'"));
  GraphBuilder c;  // log of negative numbers
  const ValueId bad = c.Unary(UnaryKind::Log, c.Input("x", {2, 4}));
  c.Output(Product(c, bad, 4, 2), "y");
  EXPECT_THAT(Quantize(&c.graph).status.message, HasSubstr("'n0' (Unary) makes NaN"));
}

TEST(QuantizeStatic, NeedsData) {
  GraphBuilder b;
  b.Output(Product(b, b.Input("x", {3, 16}), 16, 16), "y");
  Options options;
  options.quantization = std::make_shared<Quantization>();
  options.quantization->format = QuantFormat::kInt8;
  EXPECT_THAT(RunPipeline(b.graph, options, nullptr).message, HasSubstr("--calibrate"));
}

TEST(QuantizeDynamic, GivesProductsInt8Weights) {
  GraphBuilder b;
  ValueId x = b.Unary(UnaryKind::Gelu, Product(b, b.Input("x", {3, 16}), 16, 32));
  b.Output(Product(b, x, 32, 16), "y");
  const Quantized result = Quantize(&b.graph, QuantFormat::kInt8Dynamic);
  ExpectClose(result, 35);
  for (const Weight& w : b.graph.weights) {  // biases are corrected in f32
    EXPECT_EQ(w.layout, w.shape.rank == 2 ? Layout::kInt8T16 : Layout::kPlain) << w.name;
  }
  EXPECT_EQ(result.q->layers[1].encoding, "int8-dynamic");
}

}  // namespace
}  // namespace pare::converter
