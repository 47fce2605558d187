#include "tests/converter/support/graph_builder.h"

namespace pare::converter {
namespace {

// A body that computes f(x) and hands x on as its second result.
Graph MakeBody(fb::UnaryKind kind) {
  GraphBuilder b;
  const ValueId x = b.graph.AddValue("captured", DType::kF32);
  b.graph.inputs = {x};
  b.graph.outputs = {b.Binary(fb::BinaryKind::Add, b.Unary(kind, x), b.Scalar(1)), x};
  return b.graph;
}

ValueId AddIf(GraphBuilder* b, ValueId condition, ValueId x, ValueId* passed) {
  fb::IfT branch;
  branch.then_graph = 0;
  branch.else_graph = 1;
  const ValueId y = b->graph.AddValue("y", DType::kF32);
  *passed = b->graph.AddValue("passed", DType::kF32);
  b->graph.AddNode("if", branch, {condition, x}, {y, *passed});
  return y;
}

TEST(InlineBranches, TakesTheBranchOfAConstantCondition) {
  for (const uint8_t condition : {1, 0}) {
    GraphBuilder b;
    b.graph.subgraphs = {MakeBody(fb::UnaryKind::Exp), MakeBody(fb::UnaryKind::Tanh)};
    const ValueId x = b.Unary(fb::UnaryKind::Abs, b.Input("x", {2, 3}));
    bool* data;
    Weight weight = Weight::Make("c", Shape{}, &data);
    *data = condition != 0;
    ValueId passed;
    const ValueId y = AddIf(&b, b.graph.AddWeight(std::move(weight)), x, &passed);
    b.Output(b.Binary(fb::BinaryKind::Mul, y, passed), "z");
    Optimise(&b.graph);
    EXPECT_EQ(CountOps(b.graph, fb::Op::If), 0) << Dump(b.graph);
    EXPECT_TRUE(b.graph.subgraphs.empty());
    EXPECT_EQ(CountOps(b.graph, fb::Op::Identity), 0) << Dump(b.graph);
  }
}

TEST(InlineBranches, LeavesWhatDataDecides) {
  GraphBuilder b;
  b.graph.subgraphs = {MakeBody(fb::UnaryKind::Exp), MakeBody(fb::UnaryKind::Tanh)};
  ValueId passed;
  const ValueId y = AddIf(&b, b.Input("c", {}, DType::kBool), b.Input("x", {2, 3}), &passed);
  b.Output(y, "z");
  b.Output(passed, "w");
  Optimise(&b.graph);
  EXPECT_EQ(CountOps(b.graph, fb::Op::If), 1);
}

}  // namespace
}  // namespace pare::converter
