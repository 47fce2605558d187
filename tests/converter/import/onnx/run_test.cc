// Imported models that run: what needs importer and engine together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/ir/engine.h"
#include "tests/converter/import/onnx/onnx_builder.h"

namespace pare::converter {
namespace {

using testing::HasSubstr;

// One branch squeezes a dimension that is not 1; the other does not.
Result<Graph> BranchesForTwoSizes() {
  OnnxBuilder b;
  b.Input("c", {}, TensorProto::BOOL).Input("x", {3, 2}).Integers("zero", {1}, {0}).Output("y");
  NodeProto* branch = b.Node("If", {"c"}, {"y"});
  GraphProto* then_graph = SetGraph(branch, "then_branch");
  OnnxBuilder::AddNode(then_graph, "Squeeze", {"x", "zero"}, {"t"});
  OnnxBuilder::AddOutput(then_graph, "t");
  GraphProto* else_graph = SetGraph(branch, "else_branch");
  OnnxBuilder::AddNode(else_graph, "Neg", {"x"}, {"e"});
  OnnxBuilder::AddOutput(else_graph, "e");
  return b.Import();
}

TEST(RunImported, LeavesOutABranchThatDoesNotFitAndDoesNotRun) {
  auto graph = BranchesForTwoSizes();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  const bool no = false;
  EngineOptions options;
  options.values["c"] = &no;
  auto engine = Engine::Create(*graph, options);
  ASSERT_TRUE(engine.ok()) << engine.status().message;
  *engine->session().input(0).Data<bool>() = no;
  for (int i = 0; i < 6; ++i) engine->session().input(1).Data<float>()[i] = 1;
  ASSERT_TRUE(engine->Run().ok());
  EXPECT_EQ(engine->session().output(0).shape, (Shape{2, {3, 2}}));
  EXPECT_EQ(engine->session().output(0).Data<float>()[5], -1);
}

TEST(RunImported, RefusesToRunSuchABranch) {
  auto graph = BranchesForTwoSizes();
  ASSERT_TRUE(graph.ok()) << graph.status().message;
  auto engine = Engine::Create(*graph, {});
  ASSERT_TRUE(engine.ok()) << engine.status().message;
  *engine->session().input(0).Data<bool>() = true;
  EXPECT_EQ(engine->Run().code, Code::kUnknownSize);
  *engine->session().input(0).Data<bool>() = false;
  EXPECT_TRUE(engine->Run().ok());
  const bool yes = true;
  EngineOptions options;
  options.values["c"] = &yes;
  EXPECT_THAT(Engine::Create(*graph, options).status().message, HasSubstr("Squeeze"));
}

}  // namespace
}  // namespace pare::converter
