// Weights in every form that a file may store them in.
#include "converter/import/onnx/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/converter/import/onnx/onnx_builder.h"

namespace pare::converter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Weight> Take(TensorProto tensor) {
  ExternalFiles none("");
  return TakeTensor(tensor, none);
}

TensorProto Typed(int32_t type, const std::vector<int64_t>& dims) {
  TensorProto tensor;
  tensor.set_data_type(type);
  for (int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

TEST(OnnxTensor, TakesRawBytesAsTheyAre) {
  auto w = Take(OnnxBuilder::Tensor<float>("w", {3}, {1, 2, 3}, TensorProto::FLOAT));
  ASSERT_TRUE(w.ok());
  EXPECT_THAT(ValuesOf<float>(*w), ElementsAre(1, 2, 3));
}

TEST(OnnxTensor, NarrowsWhatIsStoredWide) {
  TensorProto half = Typed(TensorProto::FLOAT16, {2});
  half.add_int32_data(0x3c00);
  half.add_int32_data(0xc000);
  EXPECT_THAT(ValuesOf<uint16_t>(*Take(half)), ElementsAre(0x3c00, 0xc000));
  TensorProto bf = Typed(TensorProto::BFLOAT16, {1});
  bf.add_int32_data(0x3f80);
  EXPECT_THAT(ValuesOf<uint16_t>(*Take(bf)), ElementsAre(0x3f80));
  TensorProto bytes = Typed(TensorProto::INT8, {2});
  bytes.add_int32_data(-1);
  bytes.add_int32_data(127);
  EXPECT_THAT(ValuesOf<int8_t>(*Take(bytes)), ElementsAre(-1, 127));
  TensorProto u32 = Typed(TensorProto::UINT32, {1});
  u32.add_uint64_data(4000000000U);
  EXPECT_THAT(ValuesOf<uint32_t>(*Take(u32)), ElementsAre(4000000000U));
  TensorProto f64 = Typed(TensorProto::DOUBLE, {});
  f64.add_double_data(0.5);
  EXPECT_THAT(ValuesOf<double>(*Take(f64)), ElementsAre(0.5));
}

TEST(OnnxTensor, MakesBoolsZeroOrOne) {
  TensorProto t = Typed(TensorProto::BOOL, {3});
  t.set_raw_data(std::string("\x00\x07\x01", 3));
  EXPECT_THAT(ValuesOf<uint8_t>(*Take(t)), ElementsAre(0, 1, 1));
}

TEST(OnnxTensor, RefusesShapesThatTheDataDoesNotFill) {
  TensorProto few = Typed(TensorProto::FLOAT, {1000000000, 1000000000, 1000000000});
  few.add_float_data(1);
  EXPECT_EQ(Take(few).status().code, Code::kCorrupt);
  TensorProto negative = Typed(TensorProto::FLOAT, {-1});
  EXPECT_EQ(Take(negative).status().code, Code::kCorrupt);
  TensorProto raw = Typed(TensorProto::FLOAT, {2});
  raw.set_raw_data("abc");
  EXPECT_EQ(Take(raw).status().code, Code::kCorrupt);
  TensorProto deep = Typed(TensorProto::FLOAT, std::vector<int64_t>(9, 1));
  EXPECT_EQ(Take(deep).status().code, Code::kUnsupported);
  EXPECT_THAT(Take(Typed(TensorProto::STRING, {1})).status().message, HasSubstr("string"));
}

pare::onnx::SparseTensorProto Sparse(const std::vector<int64_t>& index_dims,
                                     const std::vector<int64_t>& indices) {
  pare::onnx::SparseTensorProto sparse;
  *sparse.mutable_values() = OnnxBuilder::Tensor<float>("s", {2}, {5, 7}, TensorProto::FLOAT);
  *sparse.mutable_indices() =
      OnnxBuilder::Tensor<int64_t>("", index_dims, indices, TensorProto::INT64);
  sparse.add_dims(2);
  sparse.add_dims(2);
  return sparse;
}

TEST(OnnxTensor, DensifiesSparseOnes) {
  ExternalFiles none("");
  auto linear = Sparse({2}, {1, 2});
  EXPECT_THAT(ValuesOf<float>(*DensifyTensor(linear, none)), ElementsAre(0, 5, 7, 0));
  auto pairs = Sparse({2, 2}, {0, 0, 1, 1});
  EXPECT_THAT(ValuesOf<float>(*DensifyTensor(pairs, none)), ElementsAre(5, 0, 0, 7));
  auto outside = Sparse({2}, {0, 4});
  EXPECT_THAT(DensifyTensor(outside, none).status().message, HasSubstr("out of range"));
  auto few = Sparse({1}, {0});
  EXPECT_FALSE(DensifyTensor(few, none).ok());
}

// ---- External data

class OnnxExternal : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "pare_onnx_external";
    std::filesystem::create_directories(folder_ / "data");
    const float values[] = {1, 2, 3, 4};
    std::ofstream(folder_ / "data" / "w.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(values), sizeof values);
  }
  Result<Weight> Load(const std::string& location, const std::string& offset,
                      const std::string& length) {
    TensorProto t = Typed(TensorProto::FLOAT, {2});
    t.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] :
         {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
      auto* entry = t.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    ExternalFiles files(folder_);
    return TakeTensor(t, files);
  }
  std::filesystem::path folder_;
};

TEST_F(OnnxExternal, IsMapped) {
  auto w = Load("data/w.bin", "8", "8");
  ASSERT_TRUE(w.ok()) << w.status().message;
  EXPECT_THAT(ValuesOf<float>(*w), ElementsAre(3, 4));
}

TEST_F(OnnxExternal, StaysInsideTheFolder) {
  EXPECT_THAT(Load("../w.bin", "0", "8").status().message, HasSubstr("outside"));
  EXPECT_THAT(Load("data/../../w.bin", "0", "8").status().message, HasSubstr("outside"));
  EXPECT_THAT(Load("/etc/passwd", "0", "8").status().message, HasSubstr("outside"));
  EXPECT_THAT(Load("", "0", "8").status().message, HasSubstr("outside"));
}

TEST_F(OnnxExternal, StaysInsideTheFile) {
  EXPECT_THAT(Load("data/w.bin", "12", "8").status().message, HasSubstr("beyond the end"));
  EXPECT_THAT(Load("data/w.bin", "99999999999999999", "8").status().message,
              HasSubstr("beyond the end"));
  EXPECT_THAT(Load("data/w.bin", "-1", "8").status().message, HasSubstr("no number"));
  EXPECT_THAT(Load("data/w.bin", "0", "4").status().message, HasSubstr("length"));
  EXPECT_EQ(Load("data/none.bin", "0", "8").status().code, Code::kNotFound);
}

TEST(OnnxFile, SaysWhyItCannotBeRead) {
  EXPECT_EQ(ImportOnnx("/nonexistent/m.onnx", {}).status().code, Code::kNotFound);
  const std::string text = "this is no model";
  auto graph = ImportOnnxBytes({reinterpret_cast<const std::byte*>(text.data()), text.size()},
                               "readme.onnx", {});
  EXPECT_THAT(graph.status().message, HasSubstr("readme.onnx: not an ONNX model"));
}

}  // namespace
}  // namespace pare::converter
