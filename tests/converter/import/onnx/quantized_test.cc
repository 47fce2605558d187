// Models that come quantized: importer and pipeline give the file's own numbers, on integers where
// the runtime can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/passes/quantize/quantization.h"
#include "runtime/layout/layout.h"
#include "tests/converter/import/onnx/onnx_builder.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QuantizedModel : public OnnxBuilder {
 public:
  explicit QuantizedModel(int64_t opset = 13) : OnnxBuilder(opset) {}

  template <class T>
  void Codes(const std::string& name, const std::vector<int64_t>& dims, const std::vector<T>& q) {
    constexpr int32_t kType = std::is_same_v<T, int8_t>    ? TensorProto::INT8
                              : std::is_same_v<T, uint8_t> ? TensorProto::UINT8
                                                           : TensorProto::INT32;
    *graph()->add_initializer() = Tensor(name, dims, q, kType);
  }
  // A scale and a zero point, `name`_s and `name`_z.
  template <class T>
  void Scale(const std::string& name, float scale, T zero) {
    Floats(name + "_s", {}, {scale});
    Codes<T>(name + "_z", {}, {zero});
  }
  // x -> `name` through QuantizeLinear and DequantizeLinear.
  void Pair(const std::string& x, const std::string& name) {
    Node("QuantizeLinear", {x, name + "_s", name + "_z"}, {name + "_q"});
    Node("DequantizeLinear", {name + "_q", name + "_s", name + "_z"}, {name});
  }
};

struct Converted {
  Graph graph;
  std::vector<LayerRecord> layers;
  std::vector<std::string> warnings;
};

// The whole pipeline; the graph gives the same answers, up to `tolerance`.
Converted Convert(const OnnxBuilder& b, float tolerance = 1e-6f) {
  Converted result;
  auto graph = b.Import();
  EXPECT_TRUE(graph.ok()) << graph.status().message;
  if (!graph.ok()) return result;
  const std::vector<Array> before = RunGraph(*graph);
  Options options;
  options.quantization = std::make_shared<Quantization>();
  options.warn = [&](const std::string& line) { result.warnings.push_back(line); };
  const Status status = RunPipeline(*graph, options, nullptr);
  EXPECT_TRUE(status.ok()) << status.message;
  if (status.ok()) ExpectSameResults(before, RunGraph(*graph), tolerance);
  result.graph = std::move(*graph);
  result.layers = options.quantization->layers;
  return result;
}

std::vector<std::string> Encodings(const Converted& c) {
  std::vector<std::string> encodings;
  for (const LayerRecord& layer : c.layers) encodings.push_back(layer.encoding);
  return encodings;
}

// A convolution [3, 2, 1, 1] between pairs, with int8 weights and an i32 bias. No sum lies half way
// between two codes, where floats and integers may round differently.
template <class T>
void AddConv(QuantizedModel& b, T zero) {
  b.Scale<T>("x", 0.02f, zero);
  b.Scale<T>("y", 0.0501f, zero);
  b.Codes<int8_t>("w_q", {3, 2, 1, 1}, {3, -127, 101, 7, -20, 103});
  b.Floats("w_s", {3}, {0.01f, 0.02f, 0.03f});
  b.Codes<int8_t>("w_z", {3}, {0, 0, 0});
  b.Codes<int32_t>("b_q", {3}, {100, -50, 7});
  b.Floats("b_s", {3}, {0.0002f, 0.0004f, 0.0006f});
  SetInt(b.Node("DequantizeLinear", {"w_q", "w_s", "w_z"}, {"w"}), "axis", 0);
  SetInt(b.Node("DequantizeLinear", {"b_q", "b_s"}, {"b"}), "axis", 0);
  b.Pair("input", "x");
  b.Node("Conv", {"x", "w", "b"}, {"c"});
}

template <class T>
void ExpectOneInt8Conv(T zero) {
  QuantizedModel b;
  b.Input("input", {1, 2, 4, 4}).Output("y");
  AddConv<T>(b, zero);
  b.Pair("c", "y");
  const Converted c = Convert(b);
  EXPECT_EQ(OpsOf(c.graph), "Quantize Transpose Conv Transpose Dequantize") << Dump(c.graph);
  EXPECT_THAT(Encodings(c), ElementsAre("imported int8"));
}

TEST(QuantizedOnnx, AConvolutionBetweenPairsOfU8BecomesInt8) { ExpectOneInt8Conv<uint8_t>(130); }
TEST(QuantizedOnnx, AConvolutionBetweenPairsOfS8BecomesInt8) { ExpectOneInt8Conv<int8_t>(-3); }

// Each row has a prime above 63, so that no finer step has all its numbers as multiples.
TEST(QuantizedOnnx, TheFilesIntegersAndScalesStay) {
  QuantizedModel b;
  b.Input("input", {1, 2, 1, 1}).Output("y");
  AddConv<int8_t>(b, -3);
  b.Pair("c", "y");
  const Converted c = Convert(b);
  for (const Value& v : c.graph.values) {
    if (v.dtype != DType::kU8) continue;
    EXPECT_EQ(v.zero_point, 125);
    EXPECT_TRUE(v.scale == 0.02f || v.scale == 0.0501f);
  }
  const auto conv = std::find_if(c.graph.nodes.begin(), c.graph.nodes.end(),
                                 [](const auto& n) { return n.op.type == fb::Op::Conv; });
  ASSERT_NE(conv, c.graph.nodes.end());
  const Weight& w = *c.graph.ConstantOf(conv->inputs[1]);
  ASSERT_EQ(w.layout, Layout::kInt8T16);
  int8_t q[6];
  float scales[3];
  UnpackInt8(w.layout, w.bytes.data, w.shape, q, scales);
  EXPECT_THAT(q, ElementsAre(3, -127, 101, 7, -20, 103));
  EXPECT_THAT(scales, ElementsAre(0.01f, 0.02f, 0.03f));
}

TEST(QuantizedOnnx, OperatorsOnIntegersGiveTheSameGraph) {
  QuantizedModel b(10);
  b.Input("input", {1, 2, 4, 4}).Output("y");
  b.Scale<uint8_t>("x", 0.02f, 130);
  b.Scale<uint8_t>("y", 0.05f, 120);
  b.Codes<int8_t>("w", {3, 2, 1, 1}, {3, -127, 50, 7, -20, 90});
  b.Floats("w_s", {3}, {0.01f, 0.02f, 0.03f});
  b.Codes<int8_t>("w_z", {3}, {0, 0, 0});
  b.Codes<int32_t>("b", {3}, {100, -50, 7});
  b.Node("QuantizeLinear", {"input", "x_s", "x_z"}, {"x"});
  b.Node("QLinearConv", {"x", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z", "b"}, {"c"});
  SetInts(b.Node("MaxPool", {"c"}, {"p"}), "kernel_shape", {2, 2});
  b.Node("DequantizeLinear", {"p", "y_s", "y_z"}, {"y"});
  const Converted c = Convert(b);
  EXPECT_EQ(CountOps(c.graph, fb::Op::Quantize), 1) << Dump(c.graph);
  EXPECT_EQ(CountOps(c.graph, fb::Op::Dequantize), 1) << Dump(c.graph);
  EXPECT_EQ(CountOps(c.graph, fb::Op::Cast), 0) << Dump(c.graph);
  EXPECT_THAT(Encodings(c), ElementsAre("imported int8"));
}

TEST(QuantizedOnnx, ResidualAdditionsRunOnIntegers) {
  QuantizedModel b;
  b.Input("input", {1, 2, 4, 4}).Output("z");
  AddConv<uint8_t>(b, 130);
  b.Codes<int8_t>("v_q", {3, 3, 1, 1}, {3, -127, 50, 7, -20, 90, 1, 2, 100});
  b.Floats("v_s", {}, {0.01f});
  b.Node("DequantizeLinear", {"v_q", "v_s"}, {"v"});
  b.Pair("c", "y");
  b.Node("Conv", {"y", "v"}, {"d"});
  b.Scale<uint8_t>("e", 0.07f, 100);
  b.Pair("d", "e");
  b.Node("Add", {"e", "y"}, {"s"});
  b.Scale<uint8_t>("z", 0.1003f, 110);
  b.Pair("s", "z");
  const Converted c = Convert(b);
  EXPECT_EQ(CountOps(c.graph, fb::Op::Quantize), 1) << Dump(c.graph);
  EXPECT_EQ(CountOps(c.graph, fb::Op::Dequantize), 1) << Dump(c.graph);
}

TEST(QuantizedOnnx, WhatHasNoKernelComputesOnFloatsAndIsTold) {
  QuantizedModel b;
  b.Input("input", {1, 2, 4, 4}).Output("y");
  AddConv<uint8_t>(b, 130);
  b.Pair("c", "y0");
  b.Scale<uint8_t>("y0", 0.05f, 120);
  b.Node("CumSum", {"y0", "axis"}, {"y"});
  b.Integers("axis", {}, {1});
  const Converted c = Convert(b);
  ASSERT_THAT(Encodings(c), ElementsAre("imported int8", "f32"));
  EXPECT_EQ(c.layers[1].op, "CumSum");
  EXPECT_THAT(c.layers[1].reason, HasSubstr("floats"));
}

// Small enough that its codes are known while shapes are inferred, and its floats are not.
TEST(QuantizedOnnx, AFloatWeightThatTheFileRoundsBecomesInt8) {
  QuantizedModel b;
  b.Input("input", {4, 20}).Output("y");
  b.Scale<uint8_t>("x", 0.02f, 130);
  b.Scale<int8_t>("w", 0.01f, 0);
  std::vector<float> w(20 * 20);
  for (size_t i = 0; i < w.size(); ++i) w[i] = 0.0101f * static_cast<float>(i * 7 % 201) - 1;
  b.Floats("w_f", {20, 20}, w);
  b.Pair("w_f", "w");
  b.Pair("input", "x");
  b.Node("MatMul", {"x", "w"}, {"y"});
  const Converted c = Convert(b);
  EXPECT_THAT(Encodings(c), ElementsAre("imported int8"));
  EXPECT_EQ(CountOps(c.graph, fb::Op::Quantize), 1) << Dump(c.graph);
}

TEST(QuantizedOnnx, MinusOf128BecomesMinus127AndIsTold) {
  QuantizedModel b;
  b.Input("input", {4, 2}).Output("y");
  b.Scale<uint8_t>("x", 0.02f, 130);
  b.Codes<int8_t>("w_q", {2, 2}, {-128, 5, 61, -7});
  b.Floats("w_s", {}, {0.01f});
  b.Node("DequantizeLinear", {"w_q", "w_s"}, {"w"});
  b.Pair("input", "x");
  b.Node("MatMul", {"x", "w"}, {"y"});
  const Converted c = Convert(b, 0.03f);
  EXPECT_THAT(Encodings(c), ElementsAre("imported int8"));
  ASSERT_EQ(c.warnings.size(), 1u);
  EXPECT_THAT(c.warnings[0], HasSubstr("1 weights of 1 layers"));
}

TEST(QuantizedOnnx, WeightsWithAZeroPointStayFloatsAndThatIsTold) {
  QuantizedModel b;
  b.Input("input", {4, 2}).Output("y");
  b.Scale<uint8_t>("x", 0.02f, 130);
  b.Codes<uint8_t>("w_q", {2, 2}, {0, 255, 60, 31});
  b.Scale<uint8_t>("w", 0.01f, 90);
  b.Node("DequantizeLinear", {"w_q", "w_s", "w_z"}, {"w"});
  b.Pair("input", "x");
  b.Node("MatMul", {"x", "w"}, {"y"});
  const Converted c = Convert(b);
  ASSERT_THAT(Encodings(c), ElementsAre("f32"));
  EXPECT_THAT(c.layers[0].reason, HasSubstr("-127 to 127"));
}

// What onnxruntime's quantize_dynamic writes.
TEST(QuantizedOnnx, DynamicProductsBecomeOne) {
  QuantizedModel b;
  b.Input("x", {3, 4}).Output("y");
  b.Codes<int8_t>("w_q", {4, 2}, {-127, 5, 60, -7, 90, 1, 2, -127});
  b.Codes<int8_t>("w_z", {}, {0});
  b.Floats("w_s", {2}, {0.01f, 0.02f}).Floats("bias", {2}, {1, 2});
  b.Node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
  b.Node("MatMulInteger", {"q", "w_q", "z", "w_z"}, {"i"});
  SetInt(b.Node("Cast", {"i"}, {"f"}), "to", TensorProto::FLOAT);
  b.Node("Mul", {"s", "w_s"}, {"m"});
  b.Node("Mul", {"f", "m"}, {"p"});
  b.Node("Add", {"p", "bias"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const Converted c = Convert(b, 0.05f);
  EXPECT_EQ(OpsOf(c.graph), "MatMul") << Dump(c.graph);
  EXPECT_THAT(Encodings(c), ElementsAre("imported int8, dynamic"));
}

TEST(QuantizedOnnx, IntegersThatAreReadAsSuchAreTheFiles) {
  QuantizedModel b;
  b.Input("input", {1, 2, 4, 4}).Output("codes");
  b.Scale<int8_t>("x", 0.02f, -3);
  b.Node("QuantizeLinear", {"input", "x_s", "x_z"}, {"q"});
  SetInt(b.Node("Cast", {"q"}, {"codes"}), "to", TensorProto::INT32);
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const std::vector<Array> y = RunGraph(*graph);
  ASSERT_EQ(y.size(), 1u);
  EXPECT_EQ(y[0].dtype, DType::kI32);
  int least = 0, most = 0;
  for (size_t i = 0; i < 32; ++i) {
    int32_t q;
    std::memcpy(&q, y[0].bytes.data() + i * sizeof q, sizeof q);
    least = std::min(least, q);
    most = std::max(most, q);
  }
  EXPECT_LT(least, -80);  // -2 / 0.02 - 3
  EXPECT_GE(least, -128);
  EXPECT_GT(most, 60);
  EXPECT_LE(most, 127);
}

TEST(QuantizedOnnx, NibblesInBlocksAreUnpacked) {
  constexpr int32_t kInt4 = 22;
  QuantizedModel b(21);
  b.Input("x", {1, 4}).Output("y");
  // [4, 1] in blocks of 2 along axis 0: 7 -8 | 3 -1, the first in the low half of a byte.
  *b.graph()->add_initializer() = OnnxBuilder::Tensor<uint8_t>("w_q", {4, 1}, {0x87, 0xf3}, kInt4);
  b.Floats("w_s", {2, 1}, {0.5f, 2});
  NodeProto* dequantize = b.Node("DequantizeLinear", {"w_q", "w_s"}, {"w"});
  SetInt(dequantize, "axis", 0);
  SetInt(dequantize, "block_size", 2);
  b.Node("MatMul", {"x", "w"}, {"y"});
  auto graph = b.Import();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const Weight* w = graph->ConstantOf(graph->nodes.back().inputs[1]);
  ASSERT_NE(w, nullptr);
  EXPECT_THAT(ValuesOf<float>(*w), ElementsAre(3.5f, -4, 6, -2));
}

TEST(QuantizedOnnx, AnEmbeddingOfIntegersStaysOne) {
  QuantizedModel b;
  b.Input("ids", {3}, TensorProto::INT64).Output("y");
  std::vector<int8_t> table(300 * 64);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<int8_t>(i * 7 % 255 - 127);
  b.Codes<int8_t>("w_q", {300, 64}, table);
  b.Floats("w_s", {}, {0.01f});
  SetInt(b.Node("Cast", {"w_q"}, {"w_f"}), "to", TensorProto::FLOAT);
  b.Node("Mul", {"w_f", "w_s"}, {"w"});
  b.Node("Gather", {"w", "ids"}, {"y"});
  const Converted c = Convert(b);
  size_t bytes = 0;
  for (const Weight& w : c.graph.weights) bytes += w.bytes.size;
  EXPECT_LT(bytes, 2 * table.size());
}

}  // namespace
}  // namespace pare::converter
