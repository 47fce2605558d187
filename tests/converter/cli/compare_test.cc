#include <gmock/gmock.h>

#include <cmath>

#include "converter/import/import.h"
#include "converter/report/comparison.h"
#include "converter/write/byte_sink.h"
#include "converter/write/write_model.h"
#include "nlohmann/json.hpp"
#include "tests/converter/cli/run_command.h"
#include "tests/golden/golden_model.h"
#include "tests/support/tiny_encoder.h"

namespace pare::converter {
namespace {

using ::testing::HasSubstr;

TEST(Fidelity, OfWorkedValues) {
  const Fidelity f = Compare({3, 4, 0}, {3, 3, 0});
  EXPECT_NEAR(f.snr_db, 10 * std::log10(25.0), 1e-9);
  EXPECT_NEAR(f.cosine, (9 + 12) / (5 * std::sqrt(18.0)), 1e-12);
  EXPECT_EQ(f.max_error, 1);
  EXPECT_EQ(f.max_value, 4);
  EXPECT_TRUE(std::isinf(Compare({1, 2}, {1, 2}).snr_db));
  EXPECT_EQ(Compare({0, 0}, {0, 0}).cosine, 1);
  EXPECT_LT(Compare({0, 0}, {0, 1}).snr_db, 0);
  const double nan = std::nan("");
  EXPECT_EQ(Compare({nan, 1}, {nan, 1}).not_finite, 0);
  EXPECT_EQ(Compare({nan, 1}, {2, 1}).not_finite, 1);
  EXPECT_LT(Compare({nan, 1}, {2, 1}).snr_db, 0);
}

class CompareModels : public ::testing::Test {
 protected:
  CompareModels() {
    model_.WriteTo(folder_);
    testing::TinyEncoder::WritePooling(folder_, "mean_tokens");
  }
  std::string Folder() const { return folder_.path().string(); }
  // A second model whose first feed-forward layer of layer 1 is off by a little.
  std::string OffFolder(float by) {
    testing::TinyEncoder other = model_;
    for (float& v : other.tensors["encoder.layer.1.intermediate.dense.bias"].values) v += by;
    other.WriteTo(other_);
    testing::TinyEncoder::WritePooling(other_, "mean_tokens");
    return other_.path().string();
  }
  testing::CommandOutput Run(std::vector<std::string> arguments) {
    arguments.push_back("--quiet");
    return testing::RunCommand(AddCompare, arguments);
  }

  const testing::TinyEncoder model_{"bert"};
  const testing::TempFolder folder_, other_;
};

TEST_F(CompareModels, AModelEqualsItself) {
  const auto [code, out] = Run({Folder(), Folder(), "--min-snr", "100"});
  EXPECT_EQ(code, kExitOk);
  EXPECT_THAT(out, HasSubstr("sentence_embedding"));
  EXPECT_THAT(out, HasSubstr("equal"));
  EXPECT_THAT(out, HasSubstr("no layer is below 100 dB"));
}

TEST_F(CompareModels, FindsTheFirstDivergingLayer) {
  const auto [code, out] = Run({Folder(), OffFolder(0.01f), "--min-snr", "100", "--json"});
  EXPECT_EQ(code, kExitDiffers);
  const nlohmann::json json = nlohmann::json::parse(out);
  EXPECT_EQ(json["first_diverging"], "encoder.layer.1.intermediate.dense");
  EXPECT_EQ(json["outputs"].size(), 2u);
  EXPECT_LT(json["worst_output_snr_db"], 100);
  EXPECT_GT(json["worst_output_snr_db"], 10);
  EXPECT_EQ(Run({Folder(), OffFolder(0.01f)}).code, kExitOk);
}

TEST_F(CompareModels, TakesArraysAndFiles) {
  const Result<Graph> graph = Import(folder_.path(), {});
  ASSERT_TRUE(graph.ok());
  MemorySink sink;
  ASSERT_TRUE(WriteModel(graph.value(), sink).ok());
  folder_.Write("m.pare",
                {reinterpret_cast<const char*>(sink.bytes().data()), sink.bytes().size()});
  ComparisonOptions options;
  options.dims = {{"batch", 2}, {"sequence", 5}};
  const auto arrays = RandomInputs(graph.value(), options, 3);
  ASSERT_TRUE(arrays.ok());
  EXPECT_EQ(arrays.value()[0].shape[1], 5);
  const std::string npz = (folder_.path() / "data.npz").string();
  ASSERT_TRUE(tools::WriteNpz(npz, arrays.value()).ok());
  const auto [code, out] =
      Run({Folder(), Folder() + "/m.pare", "--inputs", npz, "--min-snr", "120"});
  EXPECT_EQ(code, kExitOk);
  EXPECT_THAT(out, HasSubstr("[2, 5, 24]"));
}

TEST_F(CompareModels, FailsCleanly) {
  EXPECT_EQ(Run({Folder(), "/no/such/model.onnx"}).code, kExitFailed);
  EXPECT_EQ(Run({Folder()}).code, kExitUsage);
  EXPECT_EQ(Run({Folder(), Folder(), "--dim", "batch"}).code, kExitUsage);
  EXPECT_EQ(Run({Folder(), Folder(), "--inputs", "/no/such/file"}).code, kExitUsage);
  // Arrays of other types than the inputs are refused.
  tools::Array wrong{"input_ids", DType::kF32, testing::MakeShape({1, 1}), {}};
  wrong.data.resize(4);
  const std::string npz = (folder_.path() / "wrong.npz").string();
  ASSERT_TRUE(tools::WriteNpz(npz, {wrong}).ok());
  EXPECT_EQ(Run({Folder(), Folder(), "--inputs", npz}).code, kExitFailed);
}

// A reference with channels second, another with channels last.
TEST(CompareGraphs, MovesChannels) {
  const auto build = [](bool last) {
    Graph g;
    const ValueId x = g.AddValue("x", DType::kF32);
    std::vector<fb::DimT> dims(4);
    const int64_t sizes[] = {1, 2, 3, 4};
    for (int d = 0; d < 4; ++d) dims[d].value = sizes[d];
    g.values[0].dims = dims;
    g.values[0].shape = testing::MakeShape({1, 2, 3, 4});
    g.values[0].has_shape = true;
    g.inputs = {x};
    fb::TransposeT transpose;
    transpose.perm = last ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 1, 2, 3};
    const ValueId y = g.AddValue("y", DType::kF32);
    g.AddNode("t", std::move(transpose), {x}, {y});
    g.outputs = {y};
    return g;
  };
  const Graph a = build(false), b = build(true);
  const auto inputs = RandomInputs(a, {}, 1);
  ASSERT_TRUE(inputs.ok());
  const auto comparison = CompareGraphs(a, b, inputs.value(), {});
  ASSERT_TRUE(comparison.ok()) << comparison.status().message;
  EXPECT_TRUE(std::isinf(comparison.value().outputs[0].fidelity.snr_db));
}

}  // namespace
}  // namespace pare::converter
