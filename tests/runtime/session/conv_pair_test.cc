// A pointwise convolution that the depthwise one after it computes: the same bits as both alone.
#include <cstring>
#include <string>
#include <vector>

#include "runtime/layout/layout.h"
#include "runtime/plan/plan.h"
#include "tests/support/opened_graph.h"
#include "tests/support/random.h"

namespace pare::test {
namespace {

struct Case {
  int64_t batch, height, width, channels, filters, kernel, stride, dilation, pad;
  bool addend;
};

ValueId AddFloats(Graph& graph, const std::vector<int64_t>& dims, Layout layout, int seed) {
  Shape shape;
  for (const int64_t d : dims) (void)shape.Push(d);
  const auto values = Uniform(CountOf(dims), -1, 1, static_cast<unsigned>(seed));
  const auto rows = static_cast<size_t>(dims[0]), columns = values.size() / rows;
  float* data;
  converter::Weight w = converter::Weight::Make<float>("w", shape, &data);
  std::memcpy(data, values.data(), values.size() * sizeof(float));
  if (layout != Layout::kPlain) {
    std::byte* packed;
    const size_t bytes = layout == Layout::kT16
                             ? PackedBytesT16(DType::kF32, rows, columns)
                             : PackedBytesDepthwise16(DType::kF32, rows, columns);
    converter::Bytes memory = converter::Bytes::Allocate(bytes, &packed);
    if (layout == Layout::kT16) {
      PackT16(DType::kF32, values.data(), rows, columns, packed);
    } else {
      PackDepthwise16(DType::kF32, values.data(), rows, columns, packed);
    }
    w.layout = layout;
    w.bytes = std::move(memory);
  }
  return graph.AddWeight(std::move(w));
}

// x -> pointwise Conv + Clip -> depthwise Conv + HardSwish -> y. `whole`: what lies between is an
// output as well.
Graph Pair(const Case& c, bool whole) {
  Graph graph;
  const ValueId x = AddInput(graph, "x", DType::kF32, {c.batch, c.height, c.width, c.channels});
  fb::ConvT points;
  points.activation = std::make_unique<fb::ActivationT>();
  points.activation->kind = fb::UnaryKind::Clip;
  points.activation->beta = 1;
  const ValueId between = graph.AddValue("between", DType::kF32);
  graph.AddNode("points", std::move(points),
                {x, AddFloats(graph, {c.filters, 1, 1, c.channels}, Layout::kT16, 1),
                 AddFloats(graph, {c.filters}, Layout::kPlain, 2)},
                {between});
  fb::ConvT depthwise;
  depthwise.group = c.filters;
  depthwise.strides = {c.stride, c.stride};
  depthwise.dilations = {c.dilation, c.dilation};
  depthwise.pads = {c.pad, c.pad, c.pad, c.pad};
  depthwise.activation = std::make_unique<fb::ActivationT>();
  depthwise.activation->kind = fb::UnaryKind::HardSwish;
  std::vector<ValueId> inputs = {
      between, AddFloats(graph, {c.filters, c.kernel, c.kernel, 1}, Layout::kDepthwise16, 3),
      AddFloats(graph, {c.filters}, Layout::kPlain, 4)};
  const auto out = [&](int64_t n) {
    return (n + 2 * c.pad - c.dilation * (c.kernel - 1) - 1) / c.stride + 1;
  };
  if (c.addend) {
    inputs.push_back(
        AddInput(graph, "addend", DType::kF32, {c.batch, out(c.height), out(c.width), c.filters}));
  }
  const ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("depthwise", std::move(depthwise), inputs, {y});
  graph.outputs = {y};
  if (whole) graph.outputs.push_back(between);
  return graph;
}

void Fill(Session& session) {
  for (uint32_t i = 0; i < session.input_count(); ++i) {
    const Tensor& t = session.input(i);
    const auto values = Uniform(static_cast<size_t>(t.Elements()), -1, 1, 10 + i);
    std::memcpy(t.data, values.data(), t.Bytes());
  }
}

std::vector<float> Answer(Session& session) {
  Fill(session);
  EXPECT_TRUE(session.Run().ok());
  const Tensor& y = session.output(0);
  return {y.Data<float>(), y.Data<float>() + y.Elements()};
}

TEST(ConvPair, GivesTheSameBits) {
  const Case cases[] = {
      {1, 112, 112, 16, 96, 3, 2, 1, 1, false}, {1, 97, 80, 5, 100, 3, 1, 1, 1, true},
      {2, 60, 30, 8, 144, 5, 2, 1, 2, false},   {1, 240, 24, 12, 96, 3, 1, 2, 2, false},
      {1, 90, 70, 7, 128, 3, 2, 1, 0, true},    {3, 64, 64, 16, 64, 2, 2, 1, 0, false},
  };
  for (const Case& c : cases) {
    for (const size_t threads : {1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << c.height << "x" << c.width << " " << threads);
      SessionConfig config;
      config.threads = threads;
      Opened joined(Pair(c, false)), whole(Pair(c, true));
      auto a = joined.Create(config), b = whole.Create(config);
      ASSERT_TRUE(a.ok() && b.ok()) << a.status().what;
      EXPECT_EQ(b.value().step(0).mode, StepMode::kRun);
      if (threads == 1) {
        EXPECT_EQ(a.value().step(0).mode, StepMode::kJoined);
      }
      EXPECT_TRUE(Answer(a.value()) == Answer(b.value()));
    }
  }
}

TEST(ConvPair, FollowsSmallerSizes) {
  Case c = {1, -1, 112, 16, 96, 3, 2, 1, 1, false};
  const auto open = [&](bool whole) {
    Graph graph = Pair(c, whole);
    AddSymbol(graph, "height", 112);
    return graph;
  };
  Opened joined(open(false)), whole(open(true));
  auto a = joined.Create(), b = whole.Create();
  ASSERT_TRUE(a.ok() && b.ok()) << a.status().what;
  EXPECT_EQ(a.value().step(0).mode, StepMode::kJoined);
  for (const int64_t height : {112, 57, 2, 1, 100}) {
    Shape shape = a.value().input(0).shape;
    shape[1] = height;
    ASSERT_TRUE(a.value().Resize(0, shape).ok() && b.value().Resize(0, shape).ok());
    EXPECT_TRUE(Answer(a.value()) == Answer(b.value())) << height;
  }
}

TEST(ConvPair, NeedsLessMemoryThanWhatLiesBetween) {
  const Case c = {1, 112, 112, 16, 96, 3, 2, 1, 1, false};
  const auto needs = Opened(Pair(c, false)).Measure();
  ASSERT_TRUE(needs.ok());
  EXPECT_LT(needs.value().activation_bytes, uint64_t{112 * 112 * 96 * sizeof(float)});
}

}  // namespace
}  // namespace pare::test
