// Mixed precision within a budget.
#include <gmock/gmock.h>

#include <fstream>
#include <memory>

#include "converter/passes/quantize/quantization.h"
#include "converter/report/layer_errors.h"
#include "tests/converter/support/graph_builder.h"
#include "tests/support/temporary_file.h"

namespace pare::converter {
namespace {

using ::testing::HasSubstr;

// Two products; the inputs of the first have one far larger number, so int8 serves it badly.
Graph TwoLayers() {
  GraphBuilder b;
  std::vector<float> uneven(64 * 64);
  for (size_t i = 0; i < uneven.size(); ++i)
    uneven[i] = (i / 64 == 5 ? 0.f : 1.f) * (static_cast<float>(i * 7 % 13) / 13 - 0.5f);
  const ValueId x = b.Op(fb::MatMulT(), {b.Input("x", {4, 64}), b.Const({64, 64}, uneven)});
  b.graph.nodes.back().name = "first";
  b.Output(b.Op(fb::MatMulT(), {x, b.Random({64, 32})}), "y");
  b.graph.nodes.back().name = "second";
  return std::move(b.graph);
}

std::shared_ptr<const Dataset> Data() {
  std::mt19937 random(5);
  tools::Array array{"x", DType::kF32, MakeShape({3, 4, 64}), {}};
  std::vector<float> values(3 * 4 * 64);
  for (float& v : values) v = std::uniform_real_distribution<float>(-1, 1)(random);
  for (size_t i = 5; i < values.size(); i += 64) values[i] = 400;
  array.data.resize(values.size() * sizeof(float));
  std::memcpy(array.data.data(), values.data(), array.data.size());
  return std::make_shared<Dataset>(Dataset({std::vector<tools::Array>{array}}));
}

struct Chosen {
  Status status;
  Graph graph;
  std::shared_ptr<Quantization> q = std::make_shared<Quantization>();
};

Chosen Choose(const std::string& budget, std::vector<std::string> profiles = {},
              Graph graph = TwoLayers()) {
  Chosen chosen;
  chosen.graph = std::move(graph);
  chosen.q->format = QuantFormat::kInt8;
  chosen.q->budget = ParseBudget(budget).value();
  if (!profiles.empty()) chosen.q->target = TargetProfile::Read(profiles).value();
  Options options;
  options.quantization = chosen.q;
  options.calibration = Data();
  chosen.status = RunPipeline(chosen.graph, options, nullptr);
  return chosen;
}

std::string Profile(const std::string& name, const std::string& steps) {
  const std::string path = test::TemporaryPath(name);
  std::ofstream(path) << R"({"schema": "pare-target-profile", "version": 1, "steps": [)" << steps
                      << "]}";
  return path;
}

TEST(ParseBudget, TakesLimitsAndRefusesOthers) {
  const auto budget = ParseBudget("size<=0.3,snr>=30");
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(budget.value().size, 0.3);
  EXPECT_EQ(budget.value().snr, 30);
  EXPECT_FALSE(budget.value().latency.has_value());
  EXPECT_THAT(ParseBudget("speed<=1").status().message, HasSubstr("'speed' is no key"));
  for (const char* bad : {"", "size", "size<=", "size>=0.3", "snr<=30", "size<=x", "size<=-1",
                          "size<=0.3,", "snr>=30,snr>=20", "size<=0.3x"})
    EXPECT_FALSE(ParseBudget(bad).ok()) << bad;
}

TEST(ChooseEncodings, QuantizesWhatHarmsLeast) {
  const Chosen loose = Choose("snr>=0.1");
  ASSERT_TRUE(loose.status.ok()) << loose.status.message;
  for (const LayerRecord& layer : loose.q->layers) EXPECT_NE(layer.encoding, "f32") << layer.node;
  const Chosen tight = Choose("snr>=30");
  ASSERT_TRUE(tight.status.ok()) << tight.status.message;
  const auto errors = MeasureLayers(*tight.q->reference, tight.graph, *tight.q);
  EXPECT_GE(errors.value().outputs[0].second.snr_db, 30);
  EXPECT_THAT(tight.q->layers[1].reason, HasSubstr("dB, saves"));
}

TEST(ChooseEncodings, TheSameInputMakesTheSameChoice) {
  const Chosen a = Choose("snr>=30"), b = Choose("snr>=30");
  ASSERT_EQ(a.q->layers.size(), b.q->layers.size());
  for (size_t i = 0; i < a.q->layers.size(); ++i) {
    EXPECT_EQ(a.q->layers[i].encoding, b.q->layers[i].encoding);
    EXPECT_EQ(a.q->layers[i].reason, b.q->layers[i].reason);
  }
}

TEST(ChooseEncodings, SaysWhatIsReachable) {
  const Chosen small = Choose("size<=0.01");
  EXPECT_THAT(small.status.message, HasSubstr("the budget cannot be met"));
  EXPECT_THAT(small.status.message, HasSubstr("size 0."));
  EXPECT_THAT(Choose("latency<=0.5").status.message, HasSubstr("--target"));
}

TEST(ChooseEncodings, TakesOnlyWhatIsFasterOnTheTarget) {
  const std::string f32 =
      Profile("f32.json", R"({"node": "first", "kernel": "matmul_f32_f32", "us": 60},
      {"node": "second", "kernel": "matmul_f32_f32", "us": 40})");
  const std::string int8 =
      Profile("int8.json", R"({"node": "first", "kernel": "matmul_f32_qd8_qs8", "us": 90},
      {"node": "second", "kernel": "matmul_f32_qd8_qs8", "us": 10})");
  const Chosen chosen = Choose("latency<=0.75", {f32, int8});
  ASSERT_TRUE(chosen.status.ok()) << chosen.status.message;
  EXPECT_EQ(chosen.q->layers[0].encoding, "f32");
  EXPECT_EQ(chosen.q->layers[1].encoding, "int8-dynamic");
  EXPECT_THAT(chosen.q->layers[1].reason, HasSubstr("30.0 us"));
  EXPECT_THAT(Choose("latency<=0.2", {f32, int8}).status.message, HasSubstr("latency 0.700"));
}

// Of a choice that leaves every layer as it is, the table is one.
TEST(ChooseEncodings, TablesAreLayersToo) {
  for (const bool exact : {true, false}) {
    GraphBuilder b;
    const ValueId x = b.Input("x", {4, 64});
    fb::ArgReduceT largest;
    largest.axis = 1;
    largest.keep_dims = false;
    const ValueId ids = b.Op(std::move(largest), {x}, DType::kI64);
    const ValueId rows = b.Op(fb::GatherT(), {b.Random({512, 64}), ids});
    const ValueId y = b.Binary(fb::BinaryKind::Add, x, rows);
    b.Output(b.Op(fb::MatMulT(), {y, b.Random({64, 32})}), "y");
    const Chosen chosen = Choose(exact ? "snr>=200" : "size<=0.5", {}, std::move(b.graph));
    ASSERT_TRUE(chosen.status.ok()) << chosen.status.message;
    for (const LayerRecord& layer : chosen.q->layers) {
      if (!exact && layer.op != "Gather") continue;
      EXPECT_EQ(layer.encoding == "f32", exact) << layer.op;
    }
  }
}

TEST(TargetProfile, RefusesOtherFiles) {
  EXPECT_THAT(TargetProfile::Read({"/no/such/file"}).status().message, HasSubstr("cannot read"));
  const std::string other = test::TemporaryPath("other.json");
  std::ofstream(other) << R"({"schema": "pare-target-profile", "version": 9, "steps": []})";
  EXPECT_THAT(TargetProfile::Read({other}).status().message, HasSubstr("another version"));
  std::ofstream(other) << "{}";
  EXPECT_THAT(TargetProfile::Read({other}).status().message, HasSubstr("no profile"));
  const std::string untimed = Profile("untimed.json", R"({"node": "a", "us": "1"})");
  EXPECT_THAT(TargetProfile::Read({untimed}).status().message, HasSubstr("no time"));
  const std::string int8 = Profile("q.json", R"({"node": "a", "kernel": "x_qs8", "us": 1})");
  EXPECT_THAT(TargetProfile::Read({int8}).status().message, HasSubstr("f32"));
}

}  // namespace
}  // namespace pare::converter
