#include "runtime/session/session.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "converter/ir/engine.h"
#include "converter/ir/graph.h"
#include "runtime/plan/plan.h"
#include "tests/support/opened_graph.h"

namespace pare {
namespace {

using converter::Graph;
using converter::ValueId;
using test::AddInput;
using test::AddSymbol;
using test::Opened;

ValueId AddIntegers(Graph& graph, const std::vector<int64_t>& values) {
  int64_t* data;
  Shape shape;
  (void)shape.Push(static_cast<int64_t>(values.size()));
  converter::Weight w = converter::Weight::Make<int64_t>("c", shape, &data);
  std::memcpy(data, values.data(), values.size() * sizeof(int64_t));
  return graph.AddWeight(std::move(w));
}

ValueId AddUnary(Graph& graph, fb::UnaryKind kind, ValueId x, const char* name) {
  fb::UnaryT op;
  op.activation = std::make_unique<fb::ActivationT>();
  op.activation->kind = kind;
  const ValueId y = graph.AddValue(name, DType::kF32);
  graph.AddNode(name, std::move(op), {x}, {y});
  return y;
}

// y = Reshape(x [n, 4], [shape(x)[0], 2, 2])
Graph ReshapeByShape(int64_t bound) {
  Graph graph;
  AddSymbol(graph, "n", bound);
  const ValueId x = AddInput(graph, "x", DType::kF32, {-1, 4});
  const ValueId shape = graph.AddValue("shape", DType::kI64);
  graph.AddNode("shape", fb::ShapeOfT{}, {x}, {shape});
  const ValueId rows = graph.AddValue("rows", DType::kI64);
  graph.AddNode("rows", fb::GatherT{}, {shape, AddIntegers(graph, {0})}, {rows});
  const ValueId target = graph.AddValue("target", DType::kI64);
  graph.AddNode("target", fb::ConcatT{}, {rows, AddIntegers(graph, {2, 2})}, {target});
  const ValueId moved = AddUnary(graph, fb::UnaryKind::Neg, x, "moved");
  const ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("y", fb::ReshapeT{}, {moved, target}, {y});
  graph.outputs = {y};
  return graph;
}

Shape Dims(std::initializer_list<int64_t> dims) {
  Shape s;
  for (const int64_t d : dims) (void)s.Push(d);
  return s;
}

TEST(Session, ComputesShapesBeforeItRunsAndFollowsSmallerSizes) {
  Opened model(ReshapeByShape(8));
  auto created = model.Create();
  ASSERT_TRUE(created.ok()) << created.status().what;
  Session& session = created.value();
  EXPECT_EQ(session.output(0).shape, Dims({8, 2, 2}));
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(session.step(i).mode, StepMode::kAtInfer);
  ASSERT_TRUE(session.Resize(0, Dims({3, 4})).ok());
  EXPECT_EQ(session.output(0).shape, Dims({3, 2, 2}));
  for (int i = 0; i < 12; ++i) session.input(0).Data<float>()[i] = static_cast<float>(i);
  ASSERT_TRUE(session.Run().ok());
  EXPECT_EQ(session.output(0).Data<float>()[11], -11.0f);
  EXPECT_EQ(session.Resize(0, Dims({9, 4})).code, Code::kOutOfMemory);
  EXPECT_EQ(session.Resize(0, Dims({3, 5})).code, Code::kShape);
}

TEST(Session, AsksForTheBoundOfAnUnboundedDimension) {
  Opened model(ReshapeByShape(0));
  EXPECT_EQ(model.Create().status().code, Code::kUnknownSize);
  const DimSize dims[] = {{"n", 5}};
  SessionConfig config;
  config.dims = dims;
  auto session = model.Create(config);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session.value().output(0).shape, Dims({5, 2, 2}));
}

TEST(Session, NeedsEveryByteThatMeasureSays) {
  Opened model(ReshapeByShape(8));
  EXPECT_TRUE(model.Create({}, 0).ok());
  EXPECT_EQ(model.Create({}, 1).status().code, Code::kOutOfMemory);
}

TEST(Session, ReusesMemoryInPlaceButNotTheCallersInput) {
  Graph graph;
  ValueId v = AddInput(graph, "x", DType::kF32, {1024});
  for (const char* name : {"a", "b", "c", "d"}) v = AddUnary(graph, fb::UnaryKind::Neg, v, name);
  graph.outputs = {v};
  Opened model(std::move(graph));
  auto created = model.Create();
  ASSERT_TRUE(created.ok());
  Session& session = created.value();
  for (int run = 0; run < 2; ++run) {
    if (run == 0) {
      for (int i = 0; i < 1024; ++i) session.input(0).Data<float>()[i] = static_cast<float>(i);
    }
    ASSERT_TRUE(session.Run().ok());
    EXPECT_EQ(session.output(0).Data<float>()[7], 7.0f);
    EXPECT_EQ(session.input(0).Data<float>()[7], 7.0f);
  }
  const auto needs = model.Measure();
  EXPECT_LE(needs.value().activation_bytes,
            2 * 4096u + 64u);  // the input and one buffer for all results
}

TEST(Session, RunsWhatDependsOnDataWithItsRealSize) {
  Graph graph;
  const ValueId x = AddInput(graph, "x", DType::kF32, {6});
  const ValueId indices = graph.AddValue("indices", DType::kI64);
  graph.AddNode("indices", fb::NonZeroT{}, {x}, {indices});
  const ValueId flat = graph.AddValue("flat", DType::kI64);
  fb::ReshapeT reshape;
  reshape.shape = {-1};
  graph.AddNode("flat", reshape, {indices}, {flat});
  const ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("y", fb::GatherT{}, {x, flat}, {y});
  graph.outputs = {y};
  Opened model(std::move(graph));
  auto created = model.Create();
  ASSERT_TRUE(created.ok()) << created.status().what;
  Session& session = created.value();
  const float first[] = {0, 1, 0, 2, 0, 3}, second[] = {4, 0, 0, 0, 0, 0};
  std::memcpy(session.input(0).data, first, sizeof first);
  ASSERT_TRUE(session.Run().ok());
  ASSERT_EQ(session.output(0).shape, Dims({3}));
  EXPECT_EQ(session.output(0).Data<float>()[2], 3.0f);
  std::memcpy(session.input(0).data, second, sizeof second);
  ASSERT_TRUE(session.Run().ok());
  ASSERT_EQ(session.output(0).shape, Dims({1}));
  EXPECT_EQ(session.output(0).Data<float>()[0], 4.0f);
}

TEST(Session, FollowsValuesThatDecideSizes) {
  Graph graph;
  const ValueId x = AddInput(graph, "x", DType::kF32, {12});
  const ValueId shape = AddInput(graph, "shape", DType::kI64, {2});
  const ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("y", fb::ReshapeT{}, {x, shape}, {y});
  graph.outputs = {y};
  Opened model(std::move(graph));
  EXPECT_EQ(model.Create().status().code, Code::kUnknownSize);
  const int64_t values[] = {3, 4};
  const InputHint hints[] = {{"shape", nullptr, values}};
  SessionConfig config;
  config.inputs = hints;
  auto created = model.Create(config);
  ASSERT_TRUE(created.ok()) << created.status().what;
  Session& session = created.value();
  EXPECT_EQ(session.output(0).shape, Dims({3, 4}));
  ASSERT_TRUE(session.Run().ok());
  session.input(1).Data<int64_t>()[0] = 2;
  session.input(1).Data<int64_t>()[1] = 6;
  ASSERT_TRUE(session.Run().ok());
  EXPECT_EQ(session.output(0).shape, Dims({2, 6}));
  session.input(1).Data<int64_t>()[0] = 5;
  EXPECT_EQ(session.Run().code, Code::kShape);
  session.input(1).Data<int64_t>()[0] = 2;
  EXPECT_TRUE(session.Run().ok());  // the session survives an error
}

TEST(Session, KeepsStateBetweenRuns) {
  Graph graph;
  const ValueId s = graph.AddValue("s", DType::kF32);
  graph.values[s].dims.emplace_back();
  graph.values[s].dims[0].value = 1;
  const ValueId x = AddInput(graph, "x", DType::kF32, {1});
  const ValueId next = graph.AddValue("next", DType::kF32);
  fb::BinaryT add;
  graph.AddNode("add", std::move(add), {s, x}, {next});
  graph.outputs = {next};
  graph.states.push_back({"sum", s, next, -1});
  Opened model(std::move(graph));
  auto created = model.Create();
  ASSERT_TRUE(created.ok()) << created.status().what;
  Session& session = created.value();
  session.input(0).Data<float>()[0] = 2.0f;
  for (int run = 1; run <= 3; ++run) {
    ASSERT_TRUE(session.Run().ok());
    EXPECT_EQ(session.output(0).Data<float>()[0], 2.0f * static_cast<float>(run));
  }
  session.ResetState();
  ASSERT_TRUE(session.Run().ok());
  EXPECT_EQ(session.output(0).Data<float>()[0], 2.0f);
}

TEST(Session, RunsInTheCallersMemory) {
  Graph graph;
  const ValueId x = AddInput(graph, "x", DType::kF32, {4});
  graph.outputs = {
      AddUnary(graph, fb::UnaryKind::Neg, AddUnary(graph, fb::UnaryKind::Abs, x, "a"), "b")};
  Opened model(std::move(graph));
  auto created = model.Create();
  ASSERT_TRUE(created.ok());
  Session& session = created.value();
  alignas(64) float in[8] = {1, -2, 3, -4}, out[4] = {};
  ASSERT_TRUE(session.BindInput(0, in, 16).ok());
  ASSERT_TRUE(session.BindOutput(0, out, sizeof out).ok());
  ASSERT_TRUE(session.Run().ok());
  EXPECT_EQ(out[3], -4.0f);
  EXPECT_EQ(session.BindOutput(0, out, 8).code, Code::kInvalidArgument);
  EXPECT_EQ(session.BindInput(0, in + 1, 16).code, Code::kInvalidArgument);
  ASSERT_TRUE(session.BindOutput(0, nullptr, 0).ok());
  EXPECT_NE(session.output(0).data, out);
}

TEST(Session, StopsWhenCancelled) {
  Opened model(ReshapeByShape(8));
  std::atomic<bool> cancel{true};
  SessionConfig config;
  config.cancel = &cancel;
  auto session = model.Create(config);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(session.value().Run().code, Code::kCancelled);
  cancel = false;
  EXPECT_TRUE(session.value().Run().ok());
}

TEST(Session, RefusesNodesOutOfOrder) {
  Graph graph;
  const ValueId x = AddInput(graph, "x", DType::kF32, {4});
  const ValueId y =
      AddUnary(graph, fb::UnaryKind::Neg, AddUnary(graph, fb::UnaryKind::Abs, x, "a"), "b");
  std::swap(graph.nodes[0], graph.nodes[1]);
  graph.outputs = {y};
  Opened model(std::move(graph));
  const Status status = model.Create().status();
  EXPECT_EQ(status.code, Code::kCorrupt);
  EXPECT_EQ(status.node, 0);
}

}  // namespace
}  // namespace pare
