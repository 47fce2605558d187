#include "converter/import/lora/lora.h"

#include <cmath>

#include "tests/support/tiny_encoder.h"

namespace pare::converter {
namespace {

using nlohmann::json;
using testing::FormatSafetensors;
using testing::PlainTensor;
using testing::PlainTensors;
using testing::RandomTensor;
using testing::TempFolder;
using testing::TinyEncoder;
using testing::ToBytes;

constexpr int64_t kHidden = TinyEncoder::kHidden, kInner = TinyEncoder::kInner;
constexpr char kQuery[] = "encoder.layer.{}.attention.self.query";
constexpr char kUp[] = "encoder.layer.{}.intermediate.dense";

std::string At(const char* pattern, int64_t layer) {
  std::string name = pattern;
  return name.replace(name.find("{}"), 2, std::to_string(layer));
}

json Config(const json& changes = {}) {
  json config = {{"peft_type", "LORA"},     {"r", 4},
                 {"lora_alpha", 16},        {"bias", "none"},
                 {"lora_dropout", 0.1},     {"target_modules", {"query"}},
                 {"fan_in_fan_out", false}, {"inference_mode", true}};
  if (!changes.is_null()) config.update(changes);
  return config;
}

// Factors for modules of both layers, as PEFT names them.
struct TestAdapter {
  PlainTensors tensors;
  std::mt19937 random{11};

  void Add(const std::string& module, int64_t inputs, int64_t outputs, int64_t rank = 4,
           const std::string& prefix = "base_model.model.") {
    tensors[prefix + module + ".lora_A.weight"] = RandomTensor({rank, inputs}, &random);
    tensors[prefix + module + ".lora_B.weight"] = RandomTensor({outputs, rank}, &random);
  }
  void AddQueries(const std::string& prefix = "base_model.model.") {
    for (int64_t l = 0; l < TinyEncoder::kLayers; ++l)
      Add(At(kQuery, l), kHidden, kHidden, 4, prefix);
  }
  const PlainTensor& Factor(const std::string& module, char which) const {
    return tensors.at("base_model.model." + module + ".lora_" + which + ".weight");
  }
};

TensorMap Load(const PlainTensors& tensors) {
  Result<TensorMap> map = ParseSafetensors(ToBytes(FormatSafetensors(tensors)), "model");
  EXPECT_TRUE(map.ok());
  return std::move(map).value();
}

Status MergeInto(TensorMap* model, const TestAdapter& adapter, const json& config,
                 float scale = 1) {
  const TempFolder folder;
  folder.Write("adapter_config.json", config.dump());
  folder.Write("adapter_model.safetensors", FormatSafetensors(adapter.tensors));
  return MergeAdapter(folder.path(), scale, model);
}

// W + scale * B A in double precision.
std::vector<double> Expected(const PlainTensor& w, const PlainTensor& a, const PlainTensor& b,
                             double scale, bool transposed = false) {
  std::vector<double> y(w.values.begin(), w.values.end());
  const int64_t outputs = b.dims[0], rank = b.dims[1], inputs = a.dims[1];
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; ++i) {
      double sum = 0;
      for (int64_t r = 0; r < rank; ++r)
        sum += static_cast<double>(b.values[o * rank + r]) * a.values[r * inputs + i];
      y[static_cast<size_t>(transposed ? i * outputs + o : o * inputs + i)] += scale * sum;
    }
  }
  return y;
}

void ExpectEqual(const Weight& weight, const std::vector<double>& expected) {
  ASSERT_EQ(weight.shape.Elements(), static_cast<int64_t>(expected.size()));
  ASSERT_EQ(weight.dtype, DType::kF32);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(weight.Data<float>()[i], expected[i], 1e-6 * (1 + std::fabs(expected[i])));
}

class Lora : public ::testing::Test {
 protected:
  const TinyEncoder model_{"bert"};
  TensorMap tensors_ = Load(model_.tensors);
  TestAdapter adapter_;

  // Merges, and checks the weight of `module` against W + scale * B A.
  void Check(const json& config, const std::string& module, double scale, float strength = 1,
             bool transposed = false) {
    const Status status = MergeInto(&tensors_, adapter_, config, strength);
    ASSERT_TRUE(status.ok()) << status.message;
    const std::string name = module + ".weight";
    ExpectEqual(tensors_.at(name), Expected(model_.tensors.at(name), adapter_.Factor(module, 'A'),
                                            adapter_.Factor(module, 'B'), scale, transposed));
  }
  // Refused: the message names `part`, and every tensor is what it was.
  void CheckRefused(const json& config, const std::string& part) {
    const Status status = MergeInto(&tensors_, adapter_, config);
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message.find(part), std::string::npos) << status.message;
    for (const auto& [name, tensor] : model_.tensors) {
      EXPECT_EQ(std::memcmp(tensors_.at(name).bytes.data, tensor.values.data(),
                            tensor.values.size() * sizeof(float)),
                0);
    }
    EXPECT_EQ(tensors_.size(), model_.tensors.size());
  }
};

TEST_F(Lora, AddsScaledProduct) {
  adapter_.AddQueries();
  Check(Config(), At(kQuery, 1), 16.0 / 4);
  const std::string key = "encoder.layer.0.attention.self.key.weight";
  ExpectEqual(tensors_.at(key),
              {model_.tensors.at(key).values.begin(), model_.tensors.at(key).values.end()});
}

TEST_F(Lora, StrengthMultiplies) {
  adapter_.AddQueries();
  Check(Config(), At(kQuery, 0), 0.5 * 16 / 4, 0.5f);
}

TEST_F(Lora, RankStabilized) {
  adapter_.AddQueries();
  Check(Config({{"use_rslora", true}}), At(kQuery, 0), 16.0 / 2);
}

TEST_F(Lora, RegularExpressionOfTargets) {
  adapter_.AddQueries();
  adapter_.Add(At(kUp, 1), kHidden, kInner);
  Check(Config({{"target_modules", R"(.*\.query|.*layer\.1\.intermediate\.dense)"}}), At(kUp, 1),
        4);
}

TEST_F(Lora, LayersToTransform) {
  adapter_.Add(At(kQuery, 1), kHidden, kHidden);
  Check(Config({{"layers_to_transform", {1}}}), At(kQuery, 1), 4);
}

TEST_F(Lora, PatternsOfRankAndAlpha) {
  adapter_.AddQueries();
  adapter_.Add(At(kUp, 0), kHidden, kInner, 2);
  adapter_.Add(At(kUp, 1), kHidden, kInner, 2);
  Check(Config({{"target_modules", {"query", "intermediate.dense"}},
                {"rank_pattern", {{"intermediate.dense", 2}}},
                {"alpha_pattern", {{R"(encoder\.layer\.1\.intermediate\.dense)", 6}}}}),
        At(kUp, 1), 3);
  ExpectEqual(tensors_.at(At(kUp, 0) + ".weight"),
              Expected(model_.tensors.at(At(kUp, 0) + ".weight"), adapter_.Factor(At(kUp, 0), 'A'),
                       adapter_.Factor(At(kUp, 0), 'B'), 8));
}

TEST_F(Lora, FanInFanOutTransposes) {
  adapter_.AddQueries();
  Check(Config({{"fan_in_fan_out", true}}), At(kQuery, 0), 4, 1, true);
}

TEST_F(Lora, FanInFanOutOfOblongWeights) {
  // Stored [inputs, outputs] = [kInner, kHidden]: the factors are made for that.
  for (int64_t l = 0; l < TinyEncoder::kLayers; ++l) adapter_.Add(At(kUp, l), kInner, kHidden);
  Check(Config({{"fan_in_fan_out", true}, {"target_modules", {"intermediate.dense"}}}), At(kUp, 0),
        4, 1, true);
}

TEST_F(Lora, EmbeddingFactorsAreTransposed) {
  const std::string word = "embeddings.word_embeddings", base = "base_model.model." + word;
  const PlainTensor a = RandomTensor({4, TinyEncoder::kWords}, &adapter_.random),
                    b = RandomTensor({kHidden, 4}, &adapter_.random);
  adapter_.tensors[base + ".lora_embedding_A"] = a;
  adapter_.tensors[base + ".lora_embedding_B"] = b;
  const Status status =
      MergeInto(&tensors_, adapter_, Config({{"target_modules", {"word_embeddings"}}}));
  ASSERT_TRUE(status.ok()) << status.message;
  ExpectEqual(tensors_.at(word + ".weight"),
              Expected(model_.tensors.at(word + ".weight"), a, b, 4, true));
}

TEST_F(Lora, PrefixOfTaskModelsIsUnderstood) {
  adapter_.AddQueries("base_model.model.bert.");
  const TestAdapter named = adapter_;
  Status status = MergeInto(&tensors_, named, Config());
  ASSERT_TRUE(status.ok()) << status.message;
  const std::string weight = At(kQuery, 0) + ".weight";
  const auto factor = [&](const char* end) {
    return named.tensors.at("base_model.model.bert." + At(kQuery, 0) + end);
  };
  const std::vector<double> expected =
      Expected(model_.tensors.at(weight), factor(".lora_A.weight"), factor(".lora_B.weight"), 4);
  ExpectEqual(tensors_.at(weight), expected);

  PlainTensors prefixed;
  for (const auto& [name, tensor] : model_.tensors) prefixed["bert." + name] = tensor;
  TensorMap other = Load(prefixed);
  TestAdapter plain;
  plain.AddQueries();
  status = MergeInto(&other, plain, Config());
  ASSERT_TRUE(status.ok()) << status.message;
  ExpectEqual(other.at("bert." + weight),
              Expected(model_.tensors.at(weight), plain.Factor(At(kQuery, 0), 'A'),
                       plain.Factor(At(kQuery, 0), 'B'), 4));
}

TEST_F(Lora, BiasesAndSavedModulesReplace) {
  adapter_.AddQueries();
  const std::string bias = At(kQuery, 0) + ".bias";
  adapter_.tensors["base_model.model." + bias] = RandomTensor({kHidden}, &adapter_.random);
  adapter_.tensors["base_model.model.classifier.weight"] =
      RandomTensor({2, kHidden}, &adapter_.random);
  const PlainTensors& t = adapter_.tensors;
  Check(Config({{"bias", "lora_only"}, {"modules_to_save", {"classifier"}}}), At(kQuery, 0), 4);
  const auto doubles = [](const PlainTensor& p) {
    return std::vector<double>(p.values.begin(), p.values.end());
  };
  ExpectEqual(tensors_.at(bias), doubles(t.at("base_model.model." + bias)));
  ExpectEqual(tensors_.at("classifier.weight"),
              doubles(t.at("base_model.model.classifier.weight")));
}

TEST_F(Lora, DoraRescalesRows) {
  adapter_.AddQueries();
  for (int64_t l = 0; l < TinyEncoder::kLayers; ++l)
    adapter_.tensors["base_model.model." + At(kQuery, l) + ".lora_magnitude_vector"] =
        RandomTensor({kHidden}, &adapter_.random, 0.1f, 1);
  const Status status = MergeInto(&tensors_, adapter_, Config({{"use_dora", true}}));
  ASSERT_TRUE(status.ok()) << status.message;
  const std::string name = At(kQuery, 0);
  std::vector<double> w = Expected(model_.tensors.at(name + ".weight"), adapter_.Factor(name, 'A'),
                                   adapter_.Factor(name, 'B'), 4);
  const PlainTensor& m = adapter_.tensors.at("base_model.model." + name + ".lora_magnitude_vector");
  for (int64_t o = 0; o < kHidden; ++o) {
    double square = 0;
    for (int64_t i = 0; i < kHidden; ++i) square += w[o * kHidden + i] * w[o * kHidden + i];
    for (int64_t i = 0; i < kHidden; ++i) w[o * kHidden + i] *= m.values[o] / std::sqrt(square);
  }
  ExpectEqual(tensors_.at(name + ".weight"), w);
}

TEST_F(Lora, TwoAdaptersAddUp) {
  adapter_.AddQueries();
  TestAdapter second;
  second.random.seed(5);
  second.AddQueries();
  ASSERT_TRUE(MergeInto(&tensors_, adapter_, Config()).ok());
  ASSERT_TRUE(MergeInto(&tensors_, second, Config(), 0.25f).ok());
  const std::string name = At(kQuery, 1);
  PlainTensor once = model_.tensors.at(name + ".weight");
  const std::vector<double> first =
      Expected(once, adapter_.Factor(name, 'A'), adapter_.Factor(name, 'B'), 4);
  for (size_t i = 0; i < first.size(); ++i) once.values[i] = static_cast<float>(first[i]);
  ExpectEqual(tensors_.at(name + ".weight"),
              Expected(once, second.Factor(name, 'A'), second.Factor(name, 'B'), 1));
}

TEST_F(Lora, UnknownKeysAreTolerated) {
  adapter_.AddQueries();
  Check(Config({{"some_future_key", {{"a", 1}}}, {"eva_config", nullptr}, {"revision", "main"}}),
        At(kQuery, 0), 4);
}

TEST_F(Lora, RefusesModulesThatTheModelLacks) {
  adapter_.AddQueries();
  adapter_.Add(At(kQuery, 7), kHidden, kHidden);
  CheckRefused(Config(), "encoder.layer.7.attention.self.query");
}

TEST_F(Lora, RefusesAModelWithMoreLayers) {
  adapter_.Add(At(kQuery, 0), kHidden, kHidden);
  CheckRefused(Config(), "nothing for encoder.layer.1.attention.self.query");
}

TEST_F(Lora, RefusesOtherShapesAndRanks) {
  adapter_.AddQueries();
  adapter_.Add(At(kQuery, 1), kHidden + 1, kHidden);
  CheckRefused(Config(), At(kQuery, 1));
  adapter_.Add(At(kQuery, 1), kHidden, kHidden, 3);
  CheckRefused(Config(), At(kQuery, 1));
}

TEST_F(Lora, RefusesHalves) {
  adapter_.AddQueries();
  adapter_.tensors.erase("base_model.model." + At(kQuery, 0) + ".lora_B.weight");
  CheckRefused(Config(), "half of " + At(kQuery, 0));
}

TEST_F(Lora, RefusesWhatItDoesNotFollow) {
  adapter_.AddQueries();
  CheckRefused(Config({{"peft_type", "IA3"}}), "IA3");
  CheckRefused(Config({{"init_lora_weights", "pissa_niter_4"}}), "pissa");
  CheckRefused(Config({{"layer_replication", {{0, 2}}}}), "layer_replication");
  CheckRefused(Config({{"target_modules", "("}}), "regular expression");
  adapter_.tensors["base_model.model." + At(kQuery, 0) + ".bias"] =
      RandomTensor({kHidden}, &adapter_.random);
  CheckRefused(Config(), At(kQuery, 0) + ".bias");
}

}  // namespace
}  // namespace pare::converter
