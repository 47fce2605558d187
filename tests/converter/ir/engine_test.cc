#include "converter/ir/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace pare::converter {
namespace {

Graph OneNode(fb::UnaryKind kind) {
  Graph graph;
  const ValueId x = graph.AddValue("x", DType::kF32);
  graph.values[x].shape.rank = 1;
  graph.values[x].shape[0] = 3;
  graph.values[x].has_shape = true;
  graph.inputs = {x};
  const ValueId y = graph.AddValue("y", DType::kF32);
  fb::UnaryT op;
  op.activation = std::make_unique<fb::ActivationT>();
  op.activation->kind = kind;
  graph.AddNode("node of the test", std::move(op), {x}, {y});
  graph.outputs = {y};
  return graph;
}

TEST(Engine, RunsAGraph) {
  const Graph graph = OneNode(fb::UnaryKind::Neg);
  auto engine = Engine::Create(graph, {});
  ASSERT_TRUE(engine.ok()) << engine.status().message;
  engine->session().input(0).Data<float>()[2] = 5;
  ASSERT_TRUE(engine->Run().ok());
  EXPECT_EQ(engine->value(1).Data<float>()[2], -5.0f);
}

TEST(Engine, PlansWithoutMemory) {
  const Graph graph = OneNode(fb::UnaryKind::Neg);
  EngineOptions options;
  options.plan_only = true;
  auto engine = Engine::Create(graph, options);
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(engine->value(1).shape, graph.values[0].shape);
}

TEST(Engine, NamesTheNodeThatDoesNotFit) {
  const Graph bad = OneNode(static_cast<fb::UnaryKind>(200));
  EXPECT_THAT(Engine::Create(bad, {}).status().message,
              testing::HasSubstr("'node of the test' (Unary)"));
  Graph arity = OneNode(fb::UnaryKind::Neg);
  arity.nodes[0].inputs = {0, 0};  // refused when the model is opened
  EXPECT_THAT(Engine::Create(arity, {}).status().message,
              testing::HasSubstr("'node of the test' (Unary)"));
}

}  // namespace
}  // namespace pare::converter
