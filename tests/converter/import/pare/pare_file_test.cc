#include "converter/import/pare/pare_file.h"

#include <gtest/gtest.h>

#include "converter/write/byte_sink.h"
#include "converter/write/write_model.h"
#include "tests/golden/golden_model.h"
#include "tests/support/model_folder.h"

namespace pare::converter {
namespace {

std::string Format(const Graph& graph) {
  MemorySink sink;
  EXPECT_TRUE(WriteModel(graph, sink).ok());
  return {reinterpret_cast<const char*>(sink.bytes().data()), sink.bytes().size()};
}

class PareFile : public ::testing::Test {
 protected:
  PareFile() : bytes_(Format(testing::GoldenModel().Build())) { folder_.Write("m.pare", bytes_); }
  std::filesystem::path Path() const { return folder_.path() / "m.pare"; }

  testing::TempFolder folder_;
  std::string bytes_;
};

TEST_F(PareFile, ReadAndWrittenAgainIsTheSame) {
  const Result<Graph> graph = ReadPareFile(Path());
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph.value().subgraphs.size(), 2u);
  EXPECT_EQ(graph.value().states.size(), 1u);
  EXPECT_TRUE(Format(graph.value()) == bytes_);
}

TEST_F(PareFile, ImportUnpacks) {
  const Result<Graph> graph = ImportPare(Path(), {});
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const Graph original = testing::GoldenModel().Build();
  for (const Weight& w : graph.value().weights) {
    EXPECT_EQ(w.layout, Layout::kPlain);
    EXPECT_EQ(w.bytes.size, static_cast<size_t>(w.shape.Elements()) * SizeOf(w.dtype));
  }
  const Weight plain =
      testing::MakeWeight("", graph.value().weights[0].shape, DType::kF32, Layout::kPlain, 1);
  EXPECT_EQ(std::memcmp(graph.value().weights[0].bytes.data, plain.bytes.data, plain.bytes.size),
            0);
}

TEST_F(PareFile, BoundsAreTaken) {
  ImportOptions options;
  options.dims = {{"batch", 2, 3}};
  const Result<Graph> graph = ImportPare(Path(), options);
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  EXPECT_EQ(graph.value().symbols[0].max, 3);
  options.dims = {{"height", 2, 3}};
  EXPECT_EQ(ImportPare(Path(), options).status().code, Code::kNotFound);
  options.dims.clear();
  options.adapters = {{"adapter", 1}};
  EXPECT_EQ(ImportPare(Path(), options).status().code, Code::kUnsupported);
}

}  // namespace
}  // namespace pare::converter
