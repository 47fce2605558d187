// Damaged files end in an error or a graph, never in a crash.
#include <gtest/gtest.h>

#include <random>

#include "tests/converter/import/onnx/onnx_builder.h"

namespace pare::converter {
namespace {

// A bit of everything that the importer walks.
std::string Sample() {
  OnnxBuilder b;
  b.Input("x", {1, 2, 4, 4}).Input("c", {}, TensorProto::BOOL).Output("y").Output("z");
  b.Floats("w", {2, 2, 1, 1}, {1, 2, 3, 4}).Integers("shape", {2}, {1, -1});
  b.Floats("s", {2}, {1, 2});
  SetInts(b.Node("Conv", {"x", "w"}, {"a"}), "pads", {0, 0, 0, 0});
  b.Node("BatchNormalization", {"a", "s", "s", "s", "s"}, {"bn"});
  NodeProto* pool = b.Node("MaxPool", {"bn"}, {"p"});
  SetInts(pool, "kernel_shape", {2, 2});
  b.Node("Reshape", {"p", "shape"}, {"r"});
  NodeProto* branch = b.Node("If", {"c"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    GraphProto* body = SetGraph(branch, name);
    OnnxBuilder::AddNode(body, "Softmax", {"r"}, {"o"});
    OnnxBuilder::AddOutput(body, "o");
  }
  b.Node("Shape", {"r"}, {"dims"});
  b.Node("Expand", {"s", "dims"}, {"z"});
  return b.Bytes();
}

Result<Graph> ImportText(const std::string& bytes) {
  return ImportOnnxBytes({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m", {});
}

TEST(HostileOnnx, SampleIsFine) {
  auto graph = ImportText(Sample());
  ASSERT_TRUE(graph.ok()) << graph.status().message;
}

TEST(HostileOnnx, EveryTruncation) {
  const std::string sample = Sample();
  for (size_t n = 0; n < sample.size(); ++n) {
    auto graph = ImportText(sample.substr(0, n));
    if (graph.ok()) {
      EXPECT_EQ(CheckGraph(*graph), "");
    }
  }
}

TEST(HostileOnnx, RandomDamage) {
  const std::string sample = Sample();
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = sample;
    for (int k = 0; k <= i % 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    auto graph = ImportText(bytes);
    if (graph.ok()) {
      EXPECT_EQ(CheckGraph(*graph), "");
    }
  }
}

}  // namespace
}  // namespace pare::converter
