#include <cmath>
#include <limits>

#include "tests/support/op_test.h"
#include "tests/support/tolerance.h"

namespace pare {
namespace {

using fb::BinaryKind;
using test::OpTest;
using Dims = std::vector<int64_t>;

fb::BinaryT Attributes(BinaryKind kind) {
  fb::BinaryT attributes;
  attributes.kind = kind;
  return attributes;
}

// The offset in a tensor of `dims` that numpy broadcasts to element `index` of `out`.
int64_t Broadcast(const Dims& dims, const Dims& out, int64_t index) {
  int64_t offset = 0, stride = 1;
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t size = out[out.size() - 1 - i], at = index % size;
    index /= size;
    if (i < dims.size() && dims[dims.size() - 1 - i] != 1) {
      offset += at * stride;
      stride *= size;
    }
  }
  return offset;
}

int64_t Count(const Dims& dims) {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

std::vector<float> Ramp(const Dims& dims, float start) {
  std::vector<float> v(static_cast<size_t>(Count(dims)));
  for (size_t i = 0; i < v.size(); ++i) v[i] = start + static_cast<float>(i % 97) * 0.5f;
  return v;
}

TEST(BinaryOp, BroadcastsAsNumpyDoes) {
  const struct {
    Dims a, b, out;
  } kCases[] = {
      {{}, {}, {}},
      {{5}, {}, {5}},
      {{}, {37}, {37}},
      {{2, 3, 37}, {2, 3, 37}, {2, 3, 37}},
      {{2, 7, 5, 64}, {64}, {2, 7, 5, 64}},
      {{64}, {2, 7, 5, 64}, {2, 7, 5, 64}},
      {{2, 7, 5, 33}, {2, 1, 1, 33}, {2, 7, 5, 33}},
      {{2, 7, 5, 33}, {2, 7, 5, 1}, {2, 7, 5, 33}},
      {{50, 40, 3}, {3}, {50, 40, 3}},
      {{3}, {50, 41, 3}, {50, 41, 3}},
      {{4, 1, 6, 1}, {5, 1, 7}, {4, 5, 6, 7}},
      {{2, 1, 3, 1, 2, 1}, {1, 2, 1, 3, 1, 2}, {2, 2, 3, 3, 2, 2}},
      {{300, 1}, {1, 300}, {300, 300}},
      {{0, 3}, {3}, {0, 3}},
  };
  for (const auto& c : kCases) {
    for (size_t threads : {1, 2}) {
      const std::vector<float> a = Ramp(c.a, -3), b = Ramp(c.b, 1);
      OpTest<fb::BinaryT> t(Attributes(BinaryKind::Sub));
      t.In<float>(c.a, a).In<float>(c.b, b).Threads(threads);
      ASSERT_TRUE(t.Run());
      ASSERT_EQ(t.Shape(0), c.out);
      const std::vector<float> y = t.Values<float>(0);
      for (size_t i = 0; i < y.size(); ++i) {
        const auto at = static_cast<int64_t>(i);
        ASSERT_EQ(y[i], a[static_cast<size_t>(Broadcast(c.a, c.out, at))] -
                            b[static_cast<size_t>(Broadcast(c.b, c.out, at))])
            << testing::PrintToString(c.a) << testing::PrintToString(c.b) << " at " << i;
      }
    }
  }
}

TEST(BinaryOp, ComputesFloats) {
  const float kNan = std::nanf(""), kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {7, -7, 2.5f, -2, 0, 1, kNan, 1},
                           b = {2, 2, 0.5f, 3, 0, kInf, 1, kNan};
  const struct {
    BinaryKind kind;
    float (*exact)(float, float);
  } kCases[] = {
      {BinaryKind::Add, [](float x, float y) { return x + y; }},
      {BinaryKind::Mul, [](float x, float y) { return x * y; }},
      {BinaryKind::Div, [](float x, float y) { return x / y; }},
      {BinaryKind::Pow, [](float x, float y) { return std::pow(x, y); }},
      {BinaryKind::Fmod, [](float x, float y) { return std::fmod(x, y); }},
      {BinaryKind::Min,
       [](float x, float y) { return std::isnan(x) || std::isnan(y) ? x + y : std::fmin(x, y); }},
      {BinaryKind::Max,
       [](float x, float y) { return std::isnan(x) || std::isnan(y) ? x + y : std::fmax(x, y); }},
      {BinaryKind::Prelu, [](float x, float y) { return x < 0 ? x * y : x; }},
  };
  for (const auto& c : kCases) {
    OpTest<fb::BinaryT> t(Attributes(c.kind));
    t.In<float>({8}, a).In<float>({8}, b);
    ASSERT_TRUE(t.Run());
    const std::vector<float> y = t.Values<float>(0);
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE(test::IsClose(y[i], c.exact(a[i], b[i]), "Libm"))
          << fb::EnumNameBinaryKind(c.kind) << "(" << a[i] << ", " << b[i] << ") = " << y[i];
    }
  }
}

TEST(BinaryOp, RaisesToCommonExponentsFast) {
  for (float exponent : {2.0f, 3.0f, 0.5f, -1.0f, 1.5f}) {
    const std::vector<float> x = Ramp({100}, 0.25f);
    OpTest<fb::BinaryT> t(Attributes(BinaryKind::Pow));
    t.In<float>({100}, x).Const<float>({}, {exponent});
    ASSERT_TRUE(t.Run());
    const std::vector<float> y = t.Values<float>(0);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(test::IsClose(y[i], std::pow(static_cast<double>(x[i]), exponent), "Libm"));
    }
  }
}

TEST(BinaryOp, ComputesIntegersWithoutTraps) {
  constexpr int32_t kMin = INT32_MIN, kMax = INT32_MAX;
  const std::vector<int32_t> a = {7, -7, 7, -7, kMin, 5, kMax, 1};
  const std::vector<int32_t> b = {3, 3, -3, -3, -1, 0, 1, 40};
  const struct {
    BinaryKind kind;
    std::vector<int32_t> y;
  } kCases[] = {
      {BinaryKind::Add, {10, -4, 4, -10, kMax, 5, kMin, 41}},
      {BinaryKind::Sub, {4, -10, 10, -4, kMin + 1, 5, kMax - 1, -39}},
      {BinaryKind::Mul, {21, -21, -21, 21, kMin, 0, kMax, 40}},
      {BinaryKind::Div, {2, -2, -2, 2, kMin, 0, kMax, 0}},
      {BinaryKind::Mod, {1, 2, -2, -1, 0, 0, 0, 1}},
      {BinaryKind::Fmod, {1, -1, 1, -1, 0, 0, 0, 1}},
      {BinaryKind::Pow, {343, -343, 0, 0, 0, 1, kMax, 1}},
      {BinaryKind::Min, {3, -7, -3, -7, kMin, 0, 1, 1}},
      {BinaryKind::Max, {7, 3, 7, -3, -1, 5, kMax, 40}},
      {BinaryKind::BitAnd, {3, 1, 5, -7, kMin, 0, 1, 0}},
      {BinaryKind::ShiftLeft, {56, -56, 0, 0, 0, 5, -2, 0}},
      {BinaryKind::ShiftRight, {0, 0x1fffffff, 0, 0, 0, 5, kMax >> 1, 0}},
  };
  for (const auto& c : kCases) {
    OpTest<fb::BinaryT> t(Attributes(c.kind));
    t.In<int32_t>({8}, a).In<int32_t>({8}, b);
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<int32_t>(0), c.y) << fb::EnumNameBinaryKind(c.kind);
  }
  OpTest<fb::BinaryT> t(Attributes(BinaryKind::Div));
  t.In<int64_t>({2}, {INT64_MIN, 9}).In<int64_t>({2}, {-1, 0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<int64_t>(0), (std::vector<int64_t>{INT64_MIN, 0}));
}

TEST(BinaryOp, ComparesToBooleans) {
  const struct {
    BinaryKind kind;
    std::vector<uint8_t> y;
  } kCases[] = {
      {BinaryKind::Equal, {0, 1, 0, 0}},          {BinaryKind::Less, {1, 0, 0, 0}},
      {BinaryKind::Greater, {0, 0, 1, 0}},        {BinaryKind::LessOrEqual, {1, 1, 0, 0}},
      {BinaryKind::GreaterOrEqual, {0, 1, 1, 0}},
  };
  for (const auto& c : kCases) {
    OpTest<fb::BinaryT> t(Attributes(c.kind));
    t.In<float>({4}, {1, 2, 3, std::nanf("")}).In<float>({1}, {2});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<bool>(0), c.y) << fb::EnumNameBinaryKind(c.kind);
  }
}

TEST(BinaryOp, CombinesBooleans) {
  const struct {
    BinaryKind kind;
    std::vector<uint8_t> y;
  } kCases[] = {
      {BinaryKind::And, {0, 0, 0, 1}},
      {BinaryKind::Or, {0, 1, 1, 1}},
      {BinaryKind::Xor, {0, 1, 1, 0}},
      {BinaryKind::Equal, {1, 0, 0, 1}},
  };
  for (const auto& c : kCases) {
    OpTest<fb::BinaryT> t(Attributes(c.kind));
    t.In<bool>({4}, {0, 0, 1, 1}).In<bool>({4}, {0, 1, 0, 1});
    ASSERT_TRUE(t.Run());
    EXPECT_EQ(t.Values<bool>(0), c.y) << fb::EnumNameBinaryKind(c.kind);
  }
}

TEST(BinaryOp, FusesAnActivation) {
  for (const Dims& b_dims : {Dims{40, 100}, Dims{100}, Dims{40, 1}}) {
    fb::BinaryT attributes = Attributes(BinaryKind::Sub);
    attributes.activation = std::make_unique<fb::ActivationT>();
    attributes.activation->kind = fb::UnaryKind::Relu;
    const std::vector<float> a = Ramp({40, 100}, -5), b = Ramp(b_dims, 3);
    OpTest<fb::BinaryT> t(std::move(attributes));
    t.In<float>({40, 100}, a).In<float>(b_dims, b);
    ASSERT_TRUE(t.Run());
    const std::vector<float> y = t.Values<float>(0);
    for (size_t i = 0; i < y.size(); ++i) {
      const auto j = static_cast<size_t>(Broadcast(b_dims, {40, 100}, static_cast<int64_t>(i)));
      ASSERT_EQ(y[i], std::fmax(a[i] - b[j], 0.0f));
    }
  }
}

// Inputs [rows, 300] and [others, 300] of sizes up to 4 each, both negated, so that the result may
// replace either; then combined by Binary or Where.
template <class OpT>
void CheckSmallerOperands(const OpT& attributes, bool with_condition) {
  converter::Graph graph;
  std::vector<converter::ValueId> in;
  for (int i = 0; i < 2; ++i) {
    fb::SymbolT symbol;
    symbol.name = i == 0 ? "rows" : "others";
    symbol.max = 4;
    graph.symbols.push_back(symbol);
    const converter::ValueId x = graph.AddValue("x" + std::to_string(i), DType::kF32);
    fb::DimT rows, columns;
    rows.symbol = i;
    columns.value = 300;
    graph.values[static_cast<size_t>(x)].dims = {rows, columns};
    graph.inputs.push_back(x);
    fb::UnaryT negate;
    negate.activation = std::make_unique<fb::ActivationT>();
    negate.activation->kind = fb::UnaryKind::Neg;
    in.push_back(graph.AddValue("n" + std::to_string(i), DType::kF32));
    graph.AddNode("negate", negate, {x}, {in.back()});
  }
  if (with_condition) {
    bool* yes;
    Shape one;
    in.insert(in.begin(), graph.AddWeight(converter::Weight::Make<bool>("yes", one, &yes)));
    *yes = true;
  }
  const converter::ValueId y = graph.AddValue("y", DType::kF32);
  graph.AddNode("node", attributes, in, {y});
  // Not an output of the graph itself: those never share a buffer.
  fb::UnaryT negate;
  negate.activation = std::make_unique<fb::ActivationT>();
  negate.activation->kind = fb::UnaryKind::Neg;
  const converter::ValueId out = graph.AddValue("out", DType::kF32);
  graph.AddNode("negate", negate, {y}, {out});
  graph.outputs = {out};
  auto engine = converter::Engine::Create(graph, {});
  ASSERT_TRUE(engine.ok()) << engine.status().message;
  Session& session = engine->session();
  for (int64_t rows : {4, 1, 3}) {
    const int64_t others = rows == 1 ? 4 : rows == 3 ? 1 : 4;
    const Shape shapes[] = {test::ShapeOf({rows, 300}), test::ShapeOf({others, 300})};
    ASSERT_TRUE(session.Resize(Span<const Shape>(shapes, 2)).ok());
    for (uint32_t i = 0; i < 2; ++i) {
      const Tensor& t = session.input(i);
      for (int64_t j = 0; j < t.Elements(); ++j) {
        t.Data<float>()[j] = static_cast<float>(j + 1) * (i == 0 ? 1.0f : 0.5f);
      }
    }
    ASSERT_TRUE(engine->Run().ok());
    const Tensor& result = session.output(0);
    for (int64_t j = 0; j < result.Elements(); ++j) {
      const auto a = static_cast<float>((rows == 1 ? j % 300 : j) + 1);
      const auto b = 0.5f * static_cast<float>((others == 1 ? j % 300 : j) + 1);
      ASSERT_EQ(result.Data<float>()[j], with_condition ? a : a - b) << rows << " rows, at " << j;
    }
  }
}

TEST(BinaryOp, SurvivesInPlaceResultsThatOutgrowTheirOperand) {
  CheckSmallerOperands(Attributes(BinaryKind::Sub), false);
  CheckSmallerOperands(fb::WhereT(), true);
}

TEST(BinaryOp, RefusesWhatDoesNotFit) {
  OpTest<fb::BinaryT> types(Attributes(BinaryKind::Add));
  types.In<float>({1}, {1}).In<int32_t>({1}, {1});
  EXPECT_FALSE(types.TryRun().ok());
  OpTest<fb::BinaryT> shapes(Attributes(BinaryKind::Add));
  shapes.In<float>({2}, {1, 2}).In<float>({3}, {1, 2, 3});
  EXPECT_FALSE(shapes.TryRun().ok());
  OpTest<fb::BinaryT> logic(Attributes(BinaryKind::And));
  logic.In<float>({1}, {1}).In<float>({1}, {1});
  EXPECT_FALSE(logic.TryRun().ok());
}

}  // namespace
}  // namespace pare
