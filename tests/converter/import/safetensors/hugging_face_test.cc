#include "converter/import/safetensors/hugging_face.h"

#include "converter/ir/engine.h"
#include "tests/reference/encoder.h"
#include "tests/support/tiny_encoder.h"

namespace pare::converter {
namespace {

using testing::Matrix;
using testing::ReferenceEncoder;
using testing::TempFolder;
using testing::TinyEncoder;

constexpr int64_t kTokens = 9;
// Two texts, the second with three tokens of padding (id 1).
const std::vector<int64_t> kIds = {3, 7, 12, 4, 49, 20, 31, 6, 2, 3, 9, 14, 8, 22, 2, 1, 1, 1};
const std::vector<int64_t> kMask = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0};
const std::vector<int64_t> kTypes = {0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};

struct Answer {
  std::vector<float> hidden, sentence;
};

void RunGraph(const Graph& graph, Answer* answer) {
  ASSERT_EQ(CheckGraph(graph), "");
  EngineOptions options;
  options.dims = {{"batch", 2}, {"sequence", kTokens}};
  Result<Engine> engine = Engine::Create(graph, options);
  ASSERT_TRUE(engine.ok()) << engine.status().message;
  Session& session = engine->session();
  const auto write = [&](const char* name, const std::vector<int64_t>& values) {
    const int32_t i = session.FindInput(name);
    if (i < 0) return;
    ASSERT_EQ(session.input(static_cast<uint32_t>(i)).Bytes(), values.size() * 8);
    std::memcpy(session.input(static_cast<uint32_t>(i)).data, values.data(), values.size() * 8);
  };
  write("input_ids", kIds);
  write("attention_mask", kMask);
  write("token_type_ids", kTypes);
  const Status status = engine->Run();
  ASSERT_TRUE(status.ok()) << status.message;
  const auto read = [&](const char* name, std::vector<float>* values) {
    const int32_t i = session.FindOutput(name);
    if (i < 0) return;
    const Tensor& t = session.output(static_cast<uint32_t>(i));
    values->assign(t.Data<float>(), t.Data<float>() + t.Elements());
  };
  read("last_hidden_state", &answer->hidden);
  read("sentence_embedding", &answer->sentence);
}

// Texts of the batch, each by the oracle.
std::vector<Matrix> Expected(const TinyEncoder& model) {
  const int first = model.family.positions_skip_padding ? 2 : 0;
  const ReferenceEncoder reference{model.family, model.tensors,
                                   static_cast<int>(TinyEncoder::kHeads),
                                   static_cast<int>(TinyEncoder::kLayers), first};
  std::vector<Matrix> texts;
  for (int64_t b = 0; b < 2; ++b) {
    const auto part = [&](const std::vector<int64_t>& v) {
      return std::vector<int64_t>(v.begin() + b * kTokens, v.begin() + (b + 1) * kTokens);
    };
    const bool typed = model.types > 1;
    texts.push_back(reference.Run(part(kIds), part(kMask),
                                  typed ? part(kTypes) : std::vector<int64_t>(kTokens)));
  }
  return texts;
}

void ExpectHidden(const TinyEncoder& model, const Answer& answer) {
  const std::vector<Matrix> texts = Expected(model);
  const auto width = static_cast<size_t>(TinyEncoder::kHidden);
  ASSERT_EQ(answer.hidden.size(), 2 * kTokens * width);
  size_t at = 0;
  for (const Matrix& text : texts)
    for (const auto& token : text)
      for (double v : token) ASSERT_NEAR(answer.hidden[at++], v, 2e-5);
}

class Family : public ::testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(Family, GivesTheOraclesHiddenStates) {
  const TinyEncoder model(GetParam().first, GetParam().second);
  const TempFolder folder;
  model.WriteTo(folder);
  const Result<Graph> graph = ImportHuggingFace(folder.path(), {});
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const size_t inputs = model.types > 1 && *model.family.token_type != 0 ? 3 : 2;
  EXPECT_EQ(graph.value().inputs.size(), inputs);
  EXPECT_EQ(graph.value().outputs.size(), 1u);
  Answer answer;
  RunGraph(graph.value(), &answer);
  ExpectHidden(model, answer);
}

INSTANTIATE_TEST_SUITE_P(All, Family,
                         ::testing::Values(std::make_pair("bert", 2), std::make_pair("roberta", 1),
                                           std::make_pair("distilbert", 1)));

TEST(HuggingFace, TaskModelsHaveAPrefix) {
  TinyEncoder model("bert");
  testing::PlainTensors prefixed;
  for (const auto& [name, tensor] : model.tensors) prefixed["bert." + name] = tensor;
  prefixed["classifier.weight"] = {{1, TinyEncoder::kHidden},
                                   std::vector<float>(TinyEncoder::kHidden)};
  const TempFolder folder;
  model.WriteTo(folder);
  folder.Write("model.safetensors", testing::FormatSafetensors(prefixed));
  std::string warning;
  ImportOptions options;
  options.warn = [&](const std::string& text) { warning = text; };
  const Result<Graph> graph = ImportHuggingFace(folder.path(), options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_NE(warning.find("classifier.weight"), std::string::npos);
  Answer answer;
  RunGraph(graph.value(), &answer);
  ExpectHidden(model, answer);
}

TEST(HuggingFace, PoolsAsModulesJsonSays) {
  const TinyEncoder model("bert");
  const std::vector<Matrix> texts = Expected(model);
  for (const std::string mode : {"mean_tokens", "cls_token", "max_tokens"}) {
    const TempFolder folder;
    model.WriteTo(folder);
    TinyEncoder::WritePooling(folder, mode);
    const Result<Graph> graph = ImportHuggingFace(folder.path(), {});
    ASSERT_TRUE(graph.ok()) << graph.status().message;
    Answer answer;
    RunGraph(graph.value(), &answer);
    ASSERT_EQ(answer.sentence.size(), 2 * static_cast<size_t>(TinyEncoder::kHidden)) << mode;
    for (size_t b = 0; b < 2; ++b) {
      std::vector<double> pooled(TinyEncoder::kHidden, mode == "max_tokens" ? -1e9 : 0);
      for (size_t t = 0; t < static_cast<size_t>(kTokens); ++t) {
        if (kMask[b * kTokens + t] == 0) continue;
        for (size_t i = 0; i < pooled.size(); ++i) {
          const double v = texts[b][t][i];
          if (mode == "mean_tokens") pooled[i] += v;
          if (mode == "cls_token" && t == 0) pooled[i] = v;
          if (mode == "max_tokens") pooled[i] = std::max(pooled[i], v);
        }
      }
      double length = 0;
      for (double v : pooled) length += v * v;
      for (size_t i = 0; i < pooled.size(); ++i)
        EXPECT_NEAR(answer.sentence[b * pooled.size() + i], pooled[i] / std::sqrt(length), 1e-5)
            << mode;
    }
  }
}

TEST(HuggingFace, ShapesAndBoundsAreHonoured) {
  const TinyEncoder model("bert");
  const TempFolder folder;
  model.WriteTo(folder);
  ImportOptions options;
  options.dims = {{"batch", 1, 4}, {"sequence", 8, 8}};
  Result<Graph> graph = ImportHuggingFace(folder.path(), options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph->symbols[0].max, 4);
  EXPECT_EQ(graph->values[graph->inputs[0]].shape[1], 8);

  options.dims.clear();
  options.shapes = {{"input_ids", {1, 16}}};
  graph = ImportHuggingFace(folder.path(), options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  for (ValueId input : graph->inputs) EXPECT_EQ(graph->values[input].shape[1], 16);

  options.shapes = {{"input_ids", {1, 21}}};
  EXPECT_NE(ImportHuggingFace(folder.path(), options).status().message.find("20 positions"),
            std::string::npos);
  options.shapes = {{"pixels", {1, 2}}};
  EXPECT_EQ(ImportHuggingFace(folder.path(), options).status().code, Code::kNotFound);
}

TEST(HuggingFace, RefusesWithAReason) {
  const TinyEncoder model("bert");
  const auto error = [&](const char* key, const nlohmann::json& value) {
    const TempFolder folder;
    model.WriteTo(folder);
    nlohmann::json config = model.Config();
    config[key] = value;
    folder.Write("config.json", config.dump());
    return ImportHuggingFace(folder.path(), {}).status().message;
  };
  EXPECT_NE(error("model_type", "llama").find("'llama'"), std::string::npos);
  EXPECT_NE(error("hidden_size", 25).find("heads"), std::string::npos);
  EXPECT_NE(error("hidden_size", 48).find("shape"), std::string::npos);
  EXPECT_NE(error("num_hidden_layers", 3).find("encoder.layer.2"), std::string::npos);
  EXPECT_NE(error("num_hidden_layers", -1), "");
  EXPECT_NE(error("position_embedding_type", "relative_key").find("ONNX"), std::string::npos);
  EXPECT_NE(error("hidden_act", "quick_gelu").find("quick_gelu"), std::string::npos);
}

}  // namespace
}  // namespace pare::converter
