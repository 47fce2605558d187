#include "converter/import/safetensors/tensors.h"

#include "tests/support/model_folder.h"

namespace pare::converter {
namespace {

using testing::FormatSafetensors;
using testing::PlainTensors;
using testing::TempFolder;
using testing::ToBytes;

std::string File(const std::string& header, const std::string& payload) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + payload;
}

std::string ErrorOf(const std::string& header, const std::string& payload) {
  return ParseSafetensors(ToBytes(File(header, payload)), "f").status().message;
}

TEST(Safetensors, ReadsViewsOfTheFile) {
  const PlainTensors tensors = {{"a", {{2, 2}, {1, 2, 3, 4}}}, {"b", {{}, {5}}}, {"c", {{0}, {}}}};
  const Bytes file = ToBytes(FormatSafetensors(tensors));
  const Result<TensorMap> read = ParseSafetensors(file, "f");
  ASSERT_TRUE(read.ok()) << read.status().message;
  ASSERT_EQ(read.value().size(), 3u);
  const Weight& a = read.value().at("a");
  EXPECT_GE(a.bytes.data, file.data);
  EXPECT_LE(a.bytes.data + a.bytes.size, file.data + file.size);
  EXPECT_EQ(a.shape[1], 2);
  EXPECT_EQ(a.Data<float>()[3], 4);
  EXPECT_EQ(read.value().at("b").shape.rank, 0);
}

TEST(Safetensors, ConvertsHalvesExactly) {
  const std::string payload =
      std::string("\x00\x3c\x00\xc0", 4) + std::string("\x80\x3f\x00\xc0", 4);
  const Result<TensorMap> read =
      ParseSafetensors(ToBytes(File(R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},
                       "b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}})",
                                    payload)),
                       "f");
  ASSERT_TRUE(read.ok()) << read.status().message;
  for (const char* name : {"h", "b"}) {
    const Result<Weight> w = ToFloat(read.value().at(name));
    ASSERT_TRUE(w.ok());
    EXPECT_EQ(w.value().Data<float>()[0], 1) << name;
    EXPECT_EQ(w.value().Data<float>()[1], -2) << name;
  }
}

TEST(Safetensors, RefusesWhatContradictsItself) {
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234567"), "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"({"a":7})", "12345678"), "");
  EXPECT_NE(ErrorOf(R"([1])", "12345678"), "");
  EXPECT_NE(
      ErrorOf(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", ""),
      "");
  EXPECT_NE(ErrorOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                        "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                    "123456")
                .find("overlap"),
            std::string::npos);
  EXPECT_NE(ErrorOf(std::string(200, '['), ""), "");
}

TEST(Safetensors, SurvivesDamage) {
  const std::string good = FormatSafetensors({{"a", {{2, 2}, {1, 2, 3, 4}}}, {"b", {{1}, {5}}}});
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(ParseSafetensors(ToBytes(good.substr(0, length)), "f").ok());
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
      bad[random() % bad.size()] ^= static_cast<char>(1 << (random() % 8));
    const Bytes file = ToBytes(bad);
    const Result<TensorMap> read = ParseSafetensors(file, "f");
    if (!read.ok()) continue;
    for (const auto& [name, w] : read.value()) {
      EXPECT_GE(w.bytes.data, file.data);
      EXPECT_LE(w.bytes.data + w.bytes.size, file.data + file.size);
    }
  }
}

TEST(Safetensors, ReadsShards) {
  const TempFolder folder;
  folder.Write("one.safetensors", FormatSafetensors({{"a", {{1}, {1}}}}));
  folder.Write("two.safetensors", FormatSafetensors({{"b", {{1}, {2}}}}));
  folder.Write("model.safetensors.index.json",
               R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  const Result<TensorMap> read = ReadSafetensorsFolder(folder.path());
  ASSERT_TRUE(read.ok()) << read.status().message;
  EXPECT_EQ(read.value().at("b").Data<float>()[0], 2);

  folder.Write("two.safetensors", FormatSafetensors({{"a", {{1}, {2}}}}));
  EXPECT_NE(ReadSafetensorsFolder(folder.path()).status().message.find("another shard"),
            std::string::npos);
  folder.Write("model.safetensors.index.json", R"({"weight_map": {"a": "../one.safetensors"}})");
  EXPECT_NE(ReadSafetensorsFolder(folder.path()).status().message.find("elsewhere"),
            std::string::npos);
}

TEST(Safetensors, SaysWhatToDoWithPickles) {
  const TempFolder folder;
  folder.Write("pytorch_model.bin", "x");
  EXPECT_NE(ReadSafetensorsFolder(folder.path()).status().message.find("safe_serialization"),
            std::string::npos);
}

}  // namespace
}  // namespace pare::converter
