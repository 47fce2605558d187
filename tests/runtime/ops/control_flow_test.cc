// If, Loop and Scan, with bodies as the importer builds them: every capture is an input.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;
using converter::Graph;
using converter::ValueId;

ValueId Input(Graph& g, const std::string& name, DType dtype) {
  const ValueId id = g.AddValue(name, dtype);
  g.inputs.push_back(id);
  return id;
}

template <class T>
ValueId Constant(Graph& g, std::vector<int64_t> dims, std::vector<T> values) {
  T* data;
  converter::Weight weight = converter::Weight::Make<T>("c", ShapeOf(dims), &data);
  std::copy(values.begin(), values.end(), data);
  return g.AddWeight(std::move(weight));
}

template <class OpT>
ValueId Node(Graph& g, OpT op, std::vector<ValueId> in, DType dtype = DType::kF32) {
  const ValueId out = g.AddValue("v" + std::to_string(g.values.size()), dtype);
  g.AddNode("n", std::move(op), std::move(in), {out});
  return out;
}

fb::BinaryT Binary(fb::BinaryKind kind) {
  fb::BinaryT attributes;
  attributes.kind = kind;
  return attributes;
}

// x -> x op x
Graph Doubling(fb::BinaryKind kind) {
  Graph g;
  const ValueId x = Input(g, "x", DType::kF32);
  g.outputs = {Node(g, Binary(kind), {x, x})};
  return g;
}

// x -> the first element of x
Graph First() {
  Graph g;
  const ValueId x = Input(g, "x", DType::kF32);
  fb::SliceT slice;
  slice.starts = {0};
  slice.ends = {1};
  slice.axes = {0};
  g.outputs = {Node(g, slice, {x})};
  return g;
}

fb::IfT Branches() {
  fb::IfT attributes;
  attributes.then_graph = 0;
  attributes.else_graph = 1;
  return attributes;
}

TEST(If, RunsTheBranchThatItsConditionTells) {
  for (const bool condition : {true, false}) {
    for (const bool known : {true, false}) {
      OpTest<fb::IfT> t(Branches());
      t.Body(Doubling(fb::BinaryKind::Add)).Body(Doubling(fb::BinaryKind::Mul));
      if (known) {
        t.Known<bool>({}, {condition});
      } else {
        t.In<bool>({}, {condition});
      }
      t.In<float>({2}, {3, 5});
      ASSERT_TRUE(t.Run());
      EXPECT_EQ(t.Values<float>(0), condition ? (Floats{6, 10}) : (Floats{9, 25}));
    }
  }
}

TEST(If, ReturnsDifferentSizes) {
  for (const bool condition : {true, false}) {
    OpTest<fb::IfT> t(Branches());
    t.Body(First()).Body(Doubling(fb::BinaryKind::Add));
    t.In<bool>({}, {condition}).In<float>({3}, {1, 2, 3});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<float>(0), condition ? (Floats{1}) : (Floats{2, 4, 6}));
  }
}

TEST(If, ReturnsWhatItCaptures) {
  Graph pass;
  pass.outputs = {Input(pass, "x", DType::kF32)};
  OpTest<fb::IfT> t(Branches());
  t.Body(pass).Body(Doubling(fb::BinaryKind::Add)).In<bool>({}, {1}).Const<float>({2}, {3, 4});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{3, 4}));
}

TEST(If, LeavesABranchThatDoesNotFitAlone) {
  Graph squeeze;  // of a dimension that is not 1
  squeeze.outputs = {Node(squeeze, fb::SqueezeT(), {Input(squeeze, "x", DType::kF32)})};
  squeeze.nodes[0].op.AsSqueeze()->axes = {0};
  for (const bool condition : {true, false}) {
    OpTest<fb::IfT> t(Branches());
    t.Body(squeeze).Body(First()).In<bool>({}, {condition}).In<float>({2}, {1, 2});
    EXPECT_EQ(t.TryRun().code, condition ? Code::kUnknownSize : Code::kOk);
    if (condition) continue;
    EXPECT_EQ(t.Values<float>(0), (Floats{1}));
  }
  OpTest<fb::IfT> neither(Branches());
  neither.Body(squeeze).Body(squeeze).In<bool>({}, {1}).In<float>({2}, {1, 2});
  EXPECT_EQ(neither.TryRun().code, Code::kShape);
}

TEST(If, RejectsAConditionOfManyValues) {
  OpTest<fb::IfT> t(Branches());
  t.Body(First()).Body(First()).In<bool>({2}, {1, 0}).In<float>({1}, {1});
  EXPECT_EQ(t.TryRun().code, Code::kShape);
}

// sum, product, step -> condition, sum + step, product * sum, scan of sum; goes on while sum <
// limit
Graph Counting(float limit) {
  Graph g;
  Input(g, "iteration", DType::kI64);
  Input(g, "condition", DType::kBool);
  const ValueId sum = Input(g, "sum", DType::kF32), product = Input(g, "product", DType::kF32);
  const ValueId step = Input(g, "step", DType::kF32);
  const ValueId next = Node(g, Binary(fb::BinaryKind::Add), {sum, step});
  const ValueId multiplied = Node(g, Binary(fb::BinaryKind::Mul), {product, sum});
  const ValueId more =
      Node(g, Binary(fb::BinaryKind::Less), {next, Constant<float>(g, {}, {limit})}, DType::kBool);
  g.outputs = {more, next, multiplied, sum};
  return g;
}

fb::LoopT LoopOf(int32_t carried) {
  fb::LoopT attributes;
  attributes.carried = carried;
  return attributes;
}

TEST(Loop, CarriesAndStacks) {
  OpTest<fb::LoopT> t(LoopOf(2));
  t.Body(Counting(100)).Known<int64_t>({}, {4}).Absent();
  t.In<float>({}, {1}).In<float>({}, {1}).In<float>({}, {1}).Outputs(3);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{5}));
  EXPECT_EQ(t.Values<float>(1), (Floats{24}));
  EXPECT_EQ(t.Values<float>(2), (Floats{1, 2, 3, 4}));
}

TEST(Loop, EndsByItsCondition) {
  OpTest<fb::LoopT> t(LoopOf(2));
  t.Body(Counting(3)).Absent().In<bool>({}, {1});
  t.In<float>({}, {1}).In<float>({}, {1}).In<float>({}, {1}).Outputs(3);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{3}));
  EXPECT_EQ(t.Shape(2), (Integers{2}));
}

TEST(Loop, MayNotRunAtAll) {
  OpTest<fb::LoopT> t(LoopOf(2));
  t.Body(Counting(3)).In<int64_t>({}, {9}).In<bool>({}, {0});
  t.In<float>({}, {7}).In<float>({}, {1}).In<float>({}, {1}).Outputs(3);
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{7}));
  EXPECT_EQ(t.Shape(2), (Integers{0}));
}

TEST(Loop, RefusesMoreTripsThanPlanned) {
  fb::LoopT attributes = LoopOf(2);
  attributes.max_trips = 2;
  OpTest<fb::LoopT> t(attributes);
  t.Body(Counting(100)).In<int64_t>({}, {3}).Absent();
  t.In<float>({}, {1}).In<float>({}, {1}).In<float>({}, {1}).Outputs(3);
  EXPECT_EQ(t.TryRun().code, Code::kInvalidArgument);
}

TEST(Loop, SwapsCarriedValues) {
  Graph g;
  Input(g, "iteration", DType::kI64);
  const ValueId condition = Input(g, "condition", DType::kBool);
  const ValueId a = Input(g, "a", DType::kF32), b = Input(g, "b", DType::kF32);
  g.outputs = {condition, b, a};
  OpTest<fb::LoopT> t(LoopOf(2));
  t.Body(g).Known<int64_t>({}, {3}).Absent().In<float>({2}, {1, 2}).In<float>({2}, {3, 4});
  ASSERT_TRUE(t.Outputs(2).Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{3, 4}));
  EXPECT_EQ(t.Values<float>(1), (Floats{1, 2}));
}

TEST(Loop, RejectsACarriedValueThatGrows) {
  Graph g;
  Input(g, "iteration", DType::kI64);
  const ValueId condition = Input(g, "condition", DType::kBool);
  const ValueId a = Input(g, "a", DType::kF32);
  g.outputs = {condition, Node(g, fb::ConcatT(), {a, a})};
  OpTest<fb::LoopT> t(LoopOf(1));
  t.Body(g).Known<int64_t>({}, {3}).Absent().In<float>({2}, {1, 2});
  EXPECT_EQ(t.TryRun().code, Code::kShape);
}

// iteration, condition, sum, list -> condition, sum + list[iteration]; the planner cannot know that
// a slice has one element.
Graph SummingSlices(bool one) {
  Graph g;
  const ValueId iteration = Input(g, "iteration", DType::kI64);
  const ValueId condition = Input(g, "condition", DType::kBool);
  const ValueId sum = Input(g, "sum", DType::kF32), list = Input(g, "list", DType::kF32);
  fb::UnsqueezeT unsqueeze;
  unsqueeze.axes = {0};
  const ValueId begin = Node(g, unsqueeze, {iteration}, DType::kI64);
  const ValueId end = Node(g, Binary(fb::BinaryKind::Add),
                           {begin, Constant<int64_t>(g, {1}, {one ? 1 : 2})}, DType::kI64);
  const ValueId slice = Node(g, fb::SliceT(), {list, begin, end});
  g.outputs = {condition, Node(g, Binary(fb::BinaryKind::Add), {sum, slice})};
  return g;
}

TEST(Loop, TrustsSizesThatOnlyDataTells) {
  OpTest<fb::LoopT> t(LoopOf(1));
  t.Body(SummingSlices(true)).Known<int64_t>({}, {3}).Absent();
  t.In<float>({1}, {10}).In<float>({4}, {1, 2, 3, 4});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{16}));
  OpTest<fb::LoopT> grows(LoopOf(1));
  grows.Body(SummingSlices(false)).Known<int64_t>({}, {3}).Absent();
  grows.In<float>({1}, {10}).In<float>({4}, {1, 2, 3, 4});
  EXPECT_EQ(grows.TryRun().code, Code::kUnsupported);
}

// state, slice -> state + slice, state + slice
Graph Summing() {
  Graph g;
  const ValueId state = Input(g, "state", DType::kF32), slice = Input(g, "slice", DType::kF32);
  const ValueId sum = Node(g, Binary(fb::BinaryKind::Add), {state, slice});
  g.outputs = {sum, sum};
  return g;
}

fb::ScanT ScanOf(int64_t input_axis, int64_t output_axis, bool reverse) {
  fb::ScanT attributes;
  attributes.states = 1;
  attributes.scans = 1;
  attributes.input_axes = {input_axis};
  attributes.output_axes = {output_axis};
  attributes.input_reverse = {reverse};
  attributes.output_reverse = {reverse};
  return attributes;
}

TEST(Scan, SumsSlices) {
  OpTest<fb::ScanT> rows(ScanOf(0, 0, false));
  rows.Body(Summing()).In<float>({2}, {0, 0}).In<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(rows.Outputs(2).Run());
  EXPECT_EQ(rows.Values<float>(0), (Floats{9, 12}));
  EXPECT_EQ(rows.Values<float>(1), (Floats{1, 2, 4, 6, 9, 12}));
}

TEST(Scan, WalksAnyAxisBackwards) {
  OpTest<fb::ScanT> t(ScanOf(-1, 1, true));
  t.Body(Summing()).In<float>({2}, {0, 0}).In<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(t.Outputs(2).Run());
  EXPECT_EQ(t.Shape(1), (Integers{2, 3}));
  EXPECT_EQ(t.Values<float>(0), (Floats{6, 15}));
  EXPECT_EQ(t.Values<float>(1), (Floats{6, 5, 3, 15, 11, 6}));
}

TEST(Scan, MayHaveNoSlices) {
  OpTest<fb::ScanT> t(ScanOf(0, 0, false));
  t.Body(Summing()).In<float>({2}, {8, 9}).In<float>({0, 2}, {});
  ASSERT_TRUE(t.Outputs(2).Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{8, 9}));
  EXPECT_EQ(t.Shape(1), (Integers{0, 2}));
}

TEST(Scan, RejectsAnAxisOutside) {
  OpTest<fb::ScanT> t(ScanOf(2, 0, false));
  t.Body(Summing()).In<float>({2}, {8, 9}).In<float>({1, 2}, {1, 2});
  EXPECT_EQ(t.Outputs(2).TryRun().code, Code::kShape);
}

}  // namespace
}  // namespace pare::test
