// int4 and NF4 weights of products, and the tables of embeddings in any format.
#include <gmock/gmock.h>

#include <limits>

#include "converter/passes/quantize/quantization.h"
#include "converter/report/fidelity.h"
#include "runtime/layout/layout.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

using testing::HasSubstr;

struct Result {
  Status status;
  std::shared_ptr<Quantization> q = std::make_shared<Quantization>();
};

Result Quantize(Graph* graph, QuantFormat format, int group = 32, bool asymmetric = false) {
  Result result;
  result.q->format = format;
  result.q->group = group;
  result.q->asymmetric = asymmetric;
  Options options;
  options.quantization = result.q;
  result.status = RunPipeline(*graph, options, nullptr);
  return result;
}

// SNR in dB of the first output of the quantized graph.
double Snr(const Graph& before, const Graph& after) {
  const auto numbers = [](const Graph& graph) {
    const std::vector<Array> outputs = RunGraph(graph);
    std::vector<double> x;
    for (size_t i = 0; i < outputs[0].bytes.size() / sizeof(float); ++i)
      x.push_back(outputs[0].FloatAt(i));
    return x;
  };
  return Compare(numbers(before), numbers(after)).snr_db;
}

// y = x w, w [k, n] or with trans_b [n, k].
ValueId Product(GraphBuilder& b, ValueId x, ValueId w, bool trans_b) {
  fb::MatMulT op;
  op.trans_b = trans_b;
  return b.Op(std::move(op), {x, w});
}

Graph OneProduct(int64_t k, bool trans_b = false) {
  GraphBuilder b;
  const ValueId w = trans_b ? b.Random({24, k}) : b.Random({k, 24});
  b.Output(Product(b, b.Input("x", {5, k}), w, trans_b), "y");
  return std::move(b.graph);
}

TEST(QuantizeFourBit, GivesProductsWeightsOf4Bits) {
  struct Case {
    QuantFormat format;
    int group;
    bool asymmetric;
    Layout layout;
    const char* encoding;
  };
  const Case cases[] = {
      {QuantFormat::kInt4, 32, false, Layout::kInt4G32, "int4:g32"},
      {QuantFormat::kInt4, 128, false, Layout::kInt4G128, "int4:g128"},
      {QuantFormat::kInt4, 64, true, Layout::kUint4G64, "int4:g64 with minima"},
      {QuantFormat::kNf4, 32, false, Layout::kNf4G64, "nf4"},
  };
  for (const Case& c : cases) {
    for (bool trans_b : {false, true}) {
      const Graph before = OneProduct(256, trans_b);
      Graph after = before;
      const Result result = Quantize(&after, c.format, c.group, c.asymmetric);
      ASSERT_TRUE(result.status.ok()) << result.status.message;
      ASSERT_EQ(after.weights.size(), 1u);
      EXPECT_EQ(after.weights[0].layout, c.layout);
      ASSERT_EQ(result.q->layers.size(), 1u);
      const LayerRecord& layer = result.q->layers[0];
      EXPECT_EQ(layer.encoding, c.encoding);
      EXPECT_EQ(layer.bytes_before, 4u * 24 * 256);
      EXPECT_EQ(layer.bytes_after, after.weights[0].bytes.size);
      EXPECT_GT(layer.weight_snr_db.value_or(0), 17) << c.encoding;
      EXPECT_GT(Snr(before, after), 16) << c.encoding;
    }
  }
}

// Groups that do not divide the rows become smaller.
TEST(QuantizeFourBit, TakesTheLargestGroupsThatFit) {
  const auto encoding = [](int64_t k, QuantFormat format, int group) {
    Graph graph = OneProduct(k);
    const Result result = Quantize(&graph, format, group);
    EXPECT_TRUE(result.status.ok()) << result.status.message;
    return result.q->layers.at(0).encoding;
  };
  EXPECT_EQ(encoding(192, QuantFormat::kInt4, 128), "int4:g64");
  EXPECT_EQ(encoding(96, QuantFormat::kInt4, 64), "int4:g32");
  EXPECT_EQ(encoding(96, QuantFormat::kNf4, 32), "int4:g32");
}

TEST(QuantizeFourBit, SaysWhatItKeeps) {
  GraphBuilder b;
  ValueId x = Product(b, b.Input("x", {5, 27}), b.Random({27, 64}), false);
  x = Product(b, x, b.Random({64, 64}), false);
  fb::ConvT conv;
  x = b.Op(std::move(conv), {b.Reshape(x, {1, 1, 5, 64}), b.Random({8, 1, 1, 64})});
  b.Output(x, "y");
  const Result result = Quantize(&b.graph, QuantFormat::kInt4);
  ASSERT_TRUE(result.status.ok()) << result.status.message;
  ASSERT_EQ(result.q->layers.size(), 3u);
  EXPECT_EQ(result.q->layers[0].encoding, "f32");
  EXPECT_THAT(result.q->layers[0].reason, HasSubstr("rows of 27 values"));
  EXPECT_EQ(result.q->layers[1].encoding, "int4:g32");
  EXPECT_EQ(result.q->layers[1].reason, "");
  EXPECT_EQ(result.q->layers[2].encoding, "f32");
  EXPECT_THAT(result.q->layers[2].reason, HasSubstr("convolutions"));
}

TEST(QuantizeFourBit, RefusesWhereNothingFits) {
  Graph graph = OneProduct(27);
  const Status status = Quantize(&graph, QuantFormat::kInt4).status;
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message, HasSubstr("'n0'"));
  EXPECT_THAT(status.message, HasSubstr("rows of 27 values"));
}

TEST(QuantizeFourBit, NamesLayersWithBadWeights) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), 1e9f}) {
    GraphBuilder b;
    std::vector<float> values(64 * 16, 0.5f);
    values[5] = bad;
    b.Output(Product(b, b.Input("x", {5, 64}), b.Const({64, 16}, values), false), "y");
    const Status status = Quantize(&b.graph, QuantFormat::kInt4).status;
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message, HasSubstr("layer 'n0'"));
  }
}

// A look-up of `rows` rows of `k` and what follows it.
Graph LookUp(int64_t rows, int64_t k) {
  GraphBuilder b;
  const ValueId table = b.Random({rows, k});
  const ValueId x = b.Op(fb::GatherT(), {table, b.Input("ids", {7}, DType::kI64)});
  b.Output(Product(b, x, b.Random({k, 16}), false), "y");
  return std::move(b.graph);
}

TEST(QuantizeTables, FollowTheFormatOfProducts) {
  const std::pair<QuantFormat, const char*> cases[] = {{QuantFormat::kInt8Dynamic, "int8"},
                                                       {QuantFormat::kInt4, "int4:g32"},
                                                       {QuantFormat::kNf4, "nf4"}};
  for (const auto& [format, encoding] : cases) {
    const Graph before = LookUp(256, 64);
    Graph after = before;
    const Result result = Quantize(&after, format);
    ASSERT_TRUE(result.status.ok()) << result.status.message;
    ASSERT_EQ(result.q->layers.size(), 2u);
    EXPECT_EQ(result.q->layers[1].op, "Gather");
    EXPECT_EQ(result.q->layers[1].encoding, encoding);
    EXPECT_EQ(result.q->layers[1].bytes_before, 4u * 256 * 64);
    EXPECT_LT(result.q->layers[1].bytes_after, 256u * 80);
    EXPECT_GT(Snr(before, after), format == QuantFormat::kInt8Dynamic ? 35 : 15) << encoding;
  }
}

TEST(QuantizeTables, RowsThatGroupsDoNotDivideBecomeInt8) {
  Graph graph = LookUp(1024, 48);
  const Result result = Quantize(&graph, QuantFormat::kInt4);
  EXPECT_FALSE(result.status.ok() && result.q->layers.empty()) << result.status.message;
  ASSERT_EQ(result.q->layers.size(), 2u);
  EXPECT_EQ(result.q->layers[1].encoding, "int8");
  EXPECT_THAT(result.q->layers[1].reason, HasSubstr("rows of 48 values"));
}

TEST(QuantizeTables, KeepSmallOnesAndFactors) {
  Graph small = LookUp(16, 64);
  EXPECT_EQ(Quantize(&small, QuantFormat::kInt8Dynamic).q->layers.at(1).reason,
            "its table is small");
  GraphBuilder b;
  const ValueId rows = b.Op(fb::GatherT(), {b.Random({512, 64}), b.Input("ids", {7}, DType::kI64)});
  const ValueId x = Product(b, b.Input("x", {7, 64}), b.Random({64, 64}), false);
  b.Output(b.Binary(fb::BinaryKind::Mul, x, b.Reshape(rows, {7, 64})), "y");
  EXPECT_EQ(Quantize(&b.graph, QuantFormat::kInt4).q->layers.at(1).reason, "its rows are factors");
}

TEST(QuantizeTables, TiedEmbeddingsAreStoredOnce) {
  for (QuantFormat format : {QuantFormat::kInt8Dynamic, QuantFormat::kInt4, QuantFormat::kNf4}) {
    GraphBuilder b;
    const ValueId table = b.Random({512, 64});
    const ValueId x = b.Op(fb::GatherT(), {table, b.Input("ids", {7}, DType::kI64)});
    b.Output(Product(b, b.Unary(fb::UnaryKind::Tanh, x), table, true), "y");
    const Result result = Quantize(&b.graph, format);
    ASSERT_TRUE(result.status.ok()) << result.status.message;
    EXPECT_EQ(b.graph.weights.size(), 1u);
    EXPECT_EQ(RunGraph(b.graph).size(), 1u);
  }
}

}  // namespace
}  // namespace pare::converter
