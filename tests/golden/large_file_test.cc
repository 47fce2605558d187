// A file above 2 GiB: FlatBuffers' offsets are 32-bit, the weight segment's are not. The file is
// sparse, so it costs neither disk nor time.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "converter/write/metadata.h"
#include "platforms/platform.h"
#include "tests/golden/golden_model.h"
#include "tests/support/model_file.h"

namespace pare {
namespace {

constexpr int64_t kRows = 600000, kColumns = 1024;  // f32: 2.46 GB
constexpr int64_t kShort = 4;

// row = table[index], y = x + addend. The table's bytes are given by size only: they are a hole.
converter::Graph BuildGraph() {
  converter::Graph g;
  converter::Weight table;
  table.name = "table";
  table.shape = testing::MakeShape({kRows, kColumns});
  table.bytes.size = static_cast<size_t>(kRows * kColumns) * sizeof(float);
  const converter::ValueId t = g.AddWeight(std::move(table));
  float* addend;
  const converter::ValueId a =
      g.AddWeight(converter::Weight::Make<float>("addend", testing::MakeShape({kShort}), &addend));
  const auto input = [&](const char* name, DType dtype, int64_t size) {
    const converter::ValueId v = g.AddValue(name, dtype);
    g.values[static_cast<size_t>(v)].shape = testing::MakeShape({size});
    g.values[static_cast<size_t>(v)].has_shape = true;
    g.inputs.push_back(v);
    return v;
  };
  const converter::ValueId index = input("index", DType::kI64, 1);
  const converter::ValueId x = input("x", DType::kF32, kShort);
  g.outputs = {g.AddValue("row", DType::kF32), g.AddValue("y", DType::kF32)};
  g.AddNode("gather", fb::GatherT(), {t, index}, {g.outputs[0]});
  fb::BinaryT add;
  add.kind = fb::BinaryKind::Add;
  g.AddNode("add", std::move(add), {x, a}, {g.outputs[1]});
  return g;
}

void WriteAt(int file, uint64_t offset, const void* data, size_t bytes) {
  ASSERT_EQ(pwrite(file, data, bytes, static_cast<off_t>(offset)), static_cast<ssize_t>(bytes));
}

void WriteSparse(const std::string& path) {
  const uint64_t table_bytes = static_cast<uint64_t>(kRows * kColumns) * sizeof(float);
  converter::MetadataOptions places;
  places.weights = {{0, 0}, {AlignUp(table_bytes), 0}};
  const converter::Graph graph = BuildGraph();
  const converter::Metadata metadata = converter::BuildMetadata(graph, places);
  FileHeader h = {};
  std::memcpy(h.magic, kFileMagic, sizeof kFileMagic);
  h.version = kFormatVersion;
  h.metadata_checksum = Crc32c(metadata.bytes.data(), metadata.bytes.size());
  h.metadata_offset = sizeof h;
  h.metadata_bytes = metadata.bytes.size();
  h.weights_offset = AlignUp(sizeof h + metadata.bytes.size(), kWeightsAlignment);
  h.weights_bytes = AlignUp(table_bytes) + 128;
  h.file_bytes = h.weights_offset + h.weights_bytes;
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, static_cast<off_t>(h.file_bytes)), 0);
  WriteAt(file, 0, &h, sizeof h);
  WriteAt(file, h.metadata_offset, metadata.bytes.data(), metadata.bytes.size());
  const std::vector<float> last_row(kColumns, 2.5f);
  WriteAt(file, h.weights_offset + table_bytes - kColumns * sizeof(float), last_row.data(),
          kColumns * sizeof(float));
  const float addend[kShort] = {1, 2, 3, 4};
  WriteAt(file, h.weights_offset + AlignUp(table_bytes), addend, sizeof addend);
  close(file);
}

TEST(LargeFile, WeightsBehindTwoGibibytes) {
  if (sizeof(size_t) < 8) GTEST_SKIP() << "the file does not fit into this address space";
  const std::string path = ::testing::TempDir() + "pare_large_" + std::to_string(getpid());
  WriteSparse(path);
  pare_mapping mapping;
  ASSERT_EQ(pare_platform_map(path.c_str(), &mapping), 0);
  ASSERT_GT(mapping.bytes, uint64_t{1} << 31);
  std::remove(path.c_str());
  {
    const auto model = Model::Open({static_cast<const std::byte*>(mapping.data), mapping.bytes});
    ASSERT_TRUE(model.ok()) << model.status().what;
    const SessionConfig config;
    const auto needs = Session::Measure(model.value(), config);
    ASSERT_TRUE(needs.ok()) << needs.status().what;
    const testing::AlignedBytes arena(static_cast<size_t>(needs.value().arena_bytes));
    auto session = Session::Create(model.value(), config, {arena.data(), arena.size()});
    ASSERT_TRUE(session.ok()) << session.status().what;
    *session->input(0).Data<int64_t>() = kRows - 1;
    for (int64_t i = 0; i < kShort; ++i) session->input(1).Data<float>()[i] = 10;
    const Status status = session->Run();
    ASSERT_TRUE(status.ok()) << status.what;
    EXPECT_EQ(session->output(0).Data<float>()[kColumns - 1], 2.5f);
    for (int64_t i = 0; i < kShort; ++i)
      EXPECT_EQ(session->output(1).Data<float>()[i], 11 + static_cast<float>(i));
  }
  pare_platform_unmap(&mapping);
}

}  // namespace
}  // namespace pare
