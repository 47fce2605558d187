// Files that once were right stay right: each version's golden file opens, runs, and gives the
// answer that was recorded with it.
#include <gtest/gtest.h>

#include <cmath>

#include "converter/write/byte_sink.h"
#include "converter/write/write_model.h"
#include "runtime/tools/npz.h"
#include "tests/golden/golden_model.h"
#include "tests/support/model_file.h"

namespace pare {
namespace {

const std::string kFolder = PARE_SOURCE_DIR "/tests/golden/";

using testing::AlignedBytes;
using tools::Array;

// Runs the golden model on arrays named as its inputs; `runs` times for the state.
void RunModel(const Model& model, const std::vector<Array>& inputs, int runs,
              std::vector<Array>* outputs) {
  const DimSize dims[] = {{"batch", 2}};
  SessionConfig config;
  config.dims = {dims, 1};
  const auto needs = Session::Measure(model, config);
  ASSERT_TRUE(needs.ok()) << needs.status().what;
  const AlignedBytes arena(static_cast<size_t>(needs.value().arena_bytes));
  auto session = Session::Create(model, config, {arena.data(), arena.size()});
  ASSERT_TRUE(session.ok()) << session.status().what;
  for (int run = 0; run < runs; ++run) {
    for (uint32_t i = 0; i < session->input_count(); ++i) {
      const Array* array = tools::FindArray(inputs, session->input_name(i));
      ASSERT_NE(array, nullptr) << session->input_name(i);
      ASSERT_EQ(array->data.size(), session->input(i).Bytes());
      std::memcpy(session->input(i).data, array->data.data(), array->data.size());
    }
    const Status status = session->Run();
    ASSERT_TRUE(status.ok()) << status.what;
  }
  for (uint32_t i = 0; i < session->output_count(); ++i) {
    const Tensor& t = session->output(i);
    const auto* data = static_cast<const std::byte*>(t.data);
    outputs->push_back({session->output_name(i), t.dtype, t.shape, {data, data + t.Bytes()}});
  }
}

TEST(Golden, Version1GivesTheRecordedAnswer) {
  const std::string file = testing::ReadWholeFile(kFolder + "model_v1.pare");
  const AlignedBytes bytes(file.data(), file.size());
  const auto model = Model::Open(bytes.span());
  ASSERT_TRUE(model.ok()) << model.status().what;
  std::vector<Array> recorded, outputs;
  ASSERT_TRUE(tools::ReadArrays(kFolder + "model_v1.npz", &recorded).ok());
  RunModel(model.value(), recorded, 3, &outputs);
  ASSERT_EQ(outputs.size(), 2u);
  for (const Array& output : outputs) {
    const Array* expected = tools::FindArray(recorded, output.name);
    ASSERT_NE(expected, nullptr) << output.name;
    ASSERT_TRUE(expected->shape == output.shape);
    const auto* a = reinterpret_cast<const float*>(output.data.data());
    const auto* e = reinterpret_cast<const float*>(expected->data.data());
    for (int64_t i = 0; i < output.shape.Elements(); ++i) EXPECT_NEAR(a[i], e[i], 1e-5);
  }
}

TEST(Golden, Version1KeepsItsChecksumsAndAssets) {
  const std::string file = testing::ReadWholeFile(kFolder + "model_v1.pare");
  const AlignedBytes bytes(file.data(), file.size());
  const auto model = Model::Open(bytes.span());
  ASSERT_TRUE(model.ok()) << model.status().what;
  for (uint32_t i = 0; i < 6; ++i) EXPECT_TRUE(model.value().VerifyWeight(i).ok()) << i;
  const Span<const std::byte> labels = model.value().AssetData(0);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(labels.data), labels.size),
            "a\nb\nc\nd\ne\n");
  EXPECT_EQ(model.value().FindEntry("main").value(), 0u);
}

// The same graph still gives a file that means the same.
TEST(Golden, TodaysWriterGivesTheSameAnswer) {
  converter::MemorySink sink;
  const converter::Graph graph = testing::GoldenModel().Build();
  ASSERT_EQ(converter::CheckGraph(graph), "");
  ASSERT_TRUE(converter::WriteModel(graph, sink).ok());
  const AlignedBytes bytes(sink.bytes().data(), sink.bytes().size());
  const auto model = Model::Open(bytes.span());
  ASSERT_TRUE(model.ok()) << model.status().what;
  std::vector<Array> recorded, outputs;
  ASSERT_TRUE(tools::ReadArrays(kFolder + "model_v1.npz", &recorded).ok());
  RunModel(model.value(), recorded, 3, &outputs);
  const Array* expected = tools::FindArray(recorded, "answer");
  const Array* answer = tools::FindArray(outputs, "answer");
  ASSERT_NE(expected, nullptr);
  ASSERT_NE(answer, nullptr);
  const auto* a = reinterpret_cast<const float*>(answer->data.data());
  const auto* e = reinterpret_cast<const float*>(expected->data.data());
  for (int64_t i = 0; i < answer->shape.Elements(); ++i) EXPECT_NEAR(a[i], e[i], 1e-5);
}

// Writes the golden file of the current version: once for each version, then never again.
//   test_golden --gtest_also_run_disabled_tests --gtest_filter='*Write*'
TEST(Golden, DISABLED_Write) {
  converter::MemorySink sink;
  ASSERT_TRUE(converter::WriteModel(testing::GoldenModel().Build(), sink).ok());
  const std::string stem = kFolder + "model_v" + std::to_string(kFormatVersion);
  std::ofstream(stem + ".pare", std::ios::binary)
      .write(reinterpret_cast<const char*>(sink.bytes().data()),
             static_cast<std::streamsize>(sink.bytes().size()));
  const std::vector<float> pixels = testing::CoarseValues(2 * 6 * 6 * 3, 9);
  Array image{"image", DType::kF32, testing::MakeShape({2, 6, 6, 3}), {}};
  image.data.resize(pixels.size() * sizeof(float));
  std::memcpy(image.data.data(), pixels.data(), image.data.size());
  std::vector<Array> arrays = {image, {"negate", DType::kBool, Shape(), {std::byte{0}}}};
  const AlignedBytes bytes(sink.bytes().data(), sink.bytes().size());
  const auto model = Model::Open(bytes.span());
  ASSERT_TRUE(model.ok()) << model.status().what;
  std::vector<Array> outputs;
  RunModel(model.value(), arrays, 3, &outputs);
  for (Array& output : outputs) arrays.push_back(std::move(output));
  ASSERT_TRUE(tools::WriteNpz(stem + ".npz", arrays).ok());
}

}  // namespace
}  // namespace pare
