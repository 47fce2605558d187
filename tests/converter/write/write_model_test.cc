#include "converter/write/write_model.h"

#include <filesystem>
#include <fstream>

#include "runtime/model/model.h"
#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

namespace fs = std::filesystem;

// A folder that is gone after the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "pare_write_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

Graph SmallGraph() {
  GraphBuilder b;
  const ValueId w = b.Random({8, 8}), same = b.graph.AddWeight(b.graph.weights[0]);
  const ValueId x = b.Op(fb::MatMulT(), {b.Input("x", {2, 8}), w});
  b.Output(b.Op(fb::MatMulT(), {x, same}), "y");
  Graph::Asset asset;
  asset.name = "labels.txt";
  asset.kind = "labels";
  std::byte* data;
  asset.bytes = Bytes::Allocate(3, &data);
  std::memcpy(data, "a\nb", 3);
  b.graph.assets.push_back(std::move(asset));
  b.graph.metadata.emplace_back("author", "someone");
  return b.graph;
}

TEST(WriteModel, RoundTrip) {
  const Graph graph = SmallGraph();
  MemorySink sink;
  ASSERT_TRUE(WriteModel(graph, sink).ok());
  std::byte* data;
  const Bytes file = Bytes::Allocate(sink.bytes().size(), &data);
  std::memcpy(data, sink.bytes().data(), sink.bytes().size());
  auto model = Model::Open({file.data, file.size});
  ASSERT_TRUE(model.ok()) << model.status().what;
  const fb::Model& metadata = model->metadata();
  ASSERT_EQ(metadata.weights()->size(), 2u);
  for (uint32_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(model->VerifyWeight(i).ok());
    EXPECT_EQ(std::memcmp(model->WeightData(i), graph.weights[i].bytes.data, 8 * 8 * 4), 0);
  }
  // Equal weights lie in the file once.
  EXPECT_EQ(model->WeightData(0), model->WeightData(1));
  const Span<const std::byte> asset = model->AssetData(0);
  EXPECT_EQ(std::memcmp(asset.data, "a\nb", 3), 0);
  FileHeader header;
  std::memcpy(&header, file.data, sizeof header);
  EXPECT_EQ(header.weights_offset % kWeightsAlignment, 0u);
  EXPECT_EQ(header.file_bytes, file.size);
  EXPECT_GE(header.weights_bytes, 8 * 8 * 4 + 3 + 16u);
}

TEST(FileSink, TheFileAppearsWhole) {
  const Folder folder;
  const fs::path path = folder / "m.pare";
  auto sink = FileSink::Create(path);
  ASSERT_TRUE(sink.ok());
  ASSERT_TRUE(WriteModel(SmallGraph(), **sink).ok());
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE((*sink)->Commit().ok());
  EXPECT_EQ(fs::file_size(path), (*sink)->position());
  EXPECT_EQ(folder.Files(), 1u);
}

TEST(FileSink, NothingIsLeftWithoutCommit) {
  const Folder folder;
  const fs::path path = folder / "m.pare";
  std::ofstream(path) << "old";
  {
    auto sink = FileSink::Create(path);
    ASSERT_TRUE(sink.ok());
    ASSERT_TRUE((*sink)->Write("new", 3).ok());
  }
  EXPECT_EQ(folder.Files(), 1u);
  EXPECT_EQ(fs::file_size(path), 3u);
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "old");
}

TEST(FileSink, FollowsALink) {
  const Folder folder;
  std::ofstream(folder / "target") << "old";
  fs::create_symlink(folder / "target", folder / "link");
  auto sink = FileSink::Create(folder / "link");
  ASSERT_TRUE(sink.ok());
  ASSERT_TRUE((*sink)->Write("newer", 5).ok());
  ASSERT_TRUE((*sink)->Commit().ok());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(fs::file_size(folder / "target"), 5u);
}

TEST(FileSink, SaysWhyItCannotWrite) {
  const Folder folder;
  EXPECT_EQ(FileSink::Create(folder / "no/such/m.pare").status().code, Code::kIo);
  EXPECT_EQ(FileSink::Create(folder / ".").status().code, Code::kIo);
}

TEST(FileSink, WritesToADeviceDirectly) {
  auto sink = FileSink::Create("/dev/null");
  ASSERT_TRUE(sink.ok());
  ASSERT_TRUE((*sink)->Write("x", 1).ok());
  ASSERT_TRUE((*sink)->Commit().ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(FileSink, ReportsAFullDevice) {
  if (!fs::exists("/dev/full")) GTEST_SKIP();
  auto sink = FileSink::Create("/dev/full");
  ASSERT_TRUE(sink.ok());
  ASSERT_TRUE((*sink)->Write("x", 1).ok());
  EXPECT_EQ((*sink)->Commit().code, Code::kIo);
}

}  // namespace
}  // namespace pare::converter
