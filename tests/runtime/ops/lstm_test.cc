// LSTM, GRU and RNN against the equations in double precision, and their options.
#include <cstdint>
#include <random>
#include <vector>

#include "tests/reference/recurrent.h"
#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;
constexpr double kTolerance = 2e-6;

struct Sizes {
  int64_t steps, batch, input, hidden, gates, directions;
};

// Everything that a layer may be given, in the runtime's order.
struct Layer {
  Sizes s;
  Floats x, w, r, b, h0, c0, p;

  explicit Layer(Sizes sizes) : s(sizes) {
    std::mt19937 random(7);
    const auto fill = [&](int64_t n) {
      std::uniform_real_distribution<float> between(-0.7f, 0.7f);
      Floats values(static_cast<size_t>(n));
      for (float& v : values) v = between(random);
      return values;
    };
    const int64_t rows = s.gates * s.hidden, state = s.directions * s.batch * s.hidden;
    x = fill(s.steps * s.batch * s.input);
    w = fill(s.directions * rows * s.input);
    r = fill(s.directions * rows * s.hidden);
    b = fill(s.directions * 2 * rows);
    h0 = fill(state);
    c0 = fill(state);
    p = fill(s.directions * 3 * s.hidden);
  }

  RecurrentWeights Direction(int64_t d, bool peepholes) const {
    const auto part = [&](const Floats& all) {
      const size_t n = all.size() / static_cast<size_t>(s.directions);
      return Doubles(all.begin() + static_cast<int64_t>(n) * d,
                     all.begin() + static_cast<int64_t>(n) * (d + 1));
    };
    return {s.input, s.hidden, part(w), part(r), part(b), peepholes ? part(p) : Doubles()};
  }
};

// step(weights, x, h, c) of one direction over one sequence of `length`; returns y, time-major
// [T, D, B, H].
template <class Step>
void CheckAll(const Layer& layer, const Floats& y, const Floats& last, const Integers& lengths,
              bool reverse_only, bool peepholes, const Step& step) {
  const Sizes& s = layer.s;
  for (int64_t d = 0; d < s.directions; ++d) {
    const RecurrentWeights weights = layer.Direction(d, peepholes);
    for (int64_t b = 0; b < s.batch; ++b) {
      const int64_t state = (d * s.batch + b) * s.hidden;
      Doubles h(layer.h0.begin() + state, layer.h0.begin() + state + s.hidden);
      Doubles c(layer.c0.begin() + state, layer.c0.begin() + state + s.hidden);
      for (int64_t i = 0; i < s.steps; ++i) {
        const bool backwards = reverse_only || d == 1;
        const int64_t t = backwards && i < lengths[b] ? lengths[b] - 1 - i : i;
        const float* row = &layer.x[(t * s.batch + b) * s.input];
        const Doubles x(row, row + s.input);
        if (i < lengths[b]) step(weights, x.data(), &h, &c);
        for (int64_t j = 0; j < s.hidden; ++j) {
          ASSERT_NEAR(y[((t * s.directions + d) * s.batch + b) * s.hidden + j],
                      i < lengths[b] ? h[j] : 0, kTolerance)
              << "direction " << d << " sequence " << b << " step " << t;
        }
      }
      for (int64_t j = 0; j < s.hidden; ++j) ASSERT_NEAR(last[state + j], h[j], kTolerance);
    }
  }
}

template <class Test>
void AddInputs(Test& t, const Layer& layer, const Integers& lengths, bool c0, bool peepholes) {
  const Sizes& s = layer.s;
  const int64_t rows = s.gates * s.hidden;
  t.template In<float>({s.steps, s.batch, s.input}, layer.x);
  t.template Const<float>({s.directions, rows, s.input}, layer.w);
  t.template Const<float>({s.directions, rows, s.hidden}, layer.r);
  t.template Const<float>({s.directions, 2 * rows}, layer.b);
  t.template In<int32_t>({s.batch}, std::vector<int32_t>(lengths.begin(), lengths.end()));
  t.template In<float>({s.directions, s.batch, s.hidden}, layer.h0);
  if (c0) t.template In<float>({s.directions, s.batch, s.hidden}, layer.c0);
  if (peepholes) t.template Const<float>({s.directions, 3 * s.hidden}, layer.p);
}

TEST(Lstm, AgreesWithItsEquations) {
  for (const bool peepholes : {false, true}) {
    for (const auto direction :
         {fb::RnnDirection::Forward, fb::RnnDirection::Reverse, fb::RnnDirection::Bidirectional}) {
      const int64_t directions = direction == fb::RnnDirection::Bidirectional ? 2 : 1;
      const Layer layer({5, 3, 19, 33, 4, directions});
      const Integers lengths = {5, 2, 0};
      fb::LstmT attributes;
      attributes.direction = direction;
      attributes.hidden = 33;
      OpTest<fb::LstmT> t(attributes);
      AddInputs(t, layer, lengths, true, peepholes);
      ASSERT_TRUE(t.Outputs(3).Threads(2).Run());
      CheckAll(layer, t.Values<float>(0), t.Values<float>(1), lengths,
               direction == fb::RnnDirection::Reverse, peepholes,
               [](const RecurrentWeights& m, const double* x, Doubles* h, Doubles* c) {
                 ReferenceLstmStep(m, x, h, c);
               });
    }
  }
}

TEST(Gru, AgreesWithItsEquations) {
  for (const bool linear : {false, true}) {
    const Layer layer({4, 2, 5, 18, 3, 2});
    const Integers lengths = {4, 3};
    fb::GruT attributes;
    attributes.direction = fb::RnnDirection::Bidirectional;
    attributes.hidden = 18;
    attributes.linear_before_reset = linear;
    OpTest<fb::GruT> t(attributes);
    AddInputs(t, layer, lengths, false, false);
    ASSERT_TRUE(t.Outputs(2).Run());
    CheckAll(layer, t.Values<float>(0), t.Values<float>(1), lengths, false, false,
             [&](const RecurrentWeights& m, const double* x, Doubles* h, Doubles*) {
               ReferenceGruStep(m, x, linear, h);
             });
  }
}

TEST(Rnn, AgreesWithItsEquations) {
  const Layer layer({4, 2, 5, 6, 1, 1});
  const Integers lengths = {4, 1};
  fb::RnnT attributes;
  attributes.direction = fb::RnnDirection::Reverse;
  attributes.hidden = 6;
  OpTest<fb::RnnT> t(attributes);
  AddInputs(t, layer, lengths, false, false);
  ASSERT_TRUE(t.Outputs(2).Run());
  CheckAll(layer, t.Values<float>(0), t.Values<float>(1), lengths, true, false,
           [](const RecurrentWeights& m, const double* x, Doubles* h, Doubles*) {
             ReferenceRnnStep(m, x, h);
           });
}

TEST(Lstm, TakesBatchesFirst) {
  const Layer layer({3, 1, 4, 8, 4, 1});
  fb::LstmT attributes;
  attributes.hidden = 8;
  OpTest<fb::LstmT> time_first(attributes);
  AddInputs(time_first, layer, {3}, false, false);
  ASSERT_TRUE(time_first.Outputs(2).Run());
  attributes.batch_first = true;
  OpTest<fb::LstmT> t(attributes);
  t.In<float>({1, 3, 4}, layer.x).Const<float>({1, 32, 4}, layer.w);
  t.Const<float>({1, 32, 8}, layer.r).Const<float>({1, 64}, layer.b).Absent();
  t.In<float>({1, 1, 8}, layer.h0);
  ASSERT_TRUE(t.Outputs(2).Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 3, 1, 8}));
  EXPECT_EQ(t.Values<float>(0), time_first.Values<float>(0));
  EXPECT_EQ(t.Values<float>(1), time_first.Values<float>(1));
}

TEST(Rnn, AppliesItsActivationAndClip) {
  fb::RnnT attributes;
  attributes.hidden = 2;
  attributes.activations = {fb::UnaryKind::LeakyRelu};
  attributes.activation_alpha = {0.5f};
  attributes.clip = 3;
  OpTest<fb::RnnT> t(attributes);
  t.In<float>({1, 1, 1}, {2})
      .Const<float>({1, 2, 1}, {4, -1})
      .Const<float>({1, 2, 2}, {0, 0, 0, 0});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{3, -1}));
}

TEST(Lstm, CouplesForgetToInput) {
  fb::LstmT attributes;
  attributes.hidden = 1;
  attributes.input_forget = true;
  OpTest<fb::LstmT> t(attributes);
  t.In<float>({1, 1, 1}, {0}).Const<float>({1, 4, 1}, {0, 0, 9, 0});
  t.Const<float>({1, 4, 1}, {0, 0, 0, 0}).Absent().Absent().Absent().In<float>({1, 1, 1}, {8});
  ASSERT_TRUE(t.Outputs(3).Run());
  EXPECT_NEAR(t.Values<float>(2)[0], 4, 1e-6);
}

TEST(Lstm, RejectsMisfits) {
  const auto code = [](Integers w, Integers r, std::vector<fb::UnaryKind> activations) {
    fb::LstmT attributes;
    attributes.hidden = 2;
    attributes.activations = std::move(activations);
    OpTest<fb::LstmT> t(attributes);
    t.In<float>({1, 1, 3}, Floats(3));
    t.Const<float>(w, Floats(static_cast<size_t>(ShapeOf(w).Elements())));
    t.Const<float>(r, Floats(static_cast<size_t>(ShapeOf(r).Elements())));
    return t.TryRun().code;
  };
  EXPECT_EQ(code({1, 8, 3}, {1, 8, 2}, {}), Code::kOk);
  EXPECT_EQ(code({1, 8, 2}, {1, 8, 2}, {}), Code::kShape);
  EXPECT_EQ(code({1, 8, 3}, {1, 8, 3}, {}), Code::kShape);
  EXPECT_EQ(code({2, 8, 3}, {2, 8, 2}, {}), Code::kShape);
  EXPECT_EQ(code({1, 8, 3}, {1, 8, 2}, {fb::UnaryKind::Tanh}), Code::kShape);
  EXPECT_EQ(
      code({1, 8, 3}, {1, 8, 2}, {fb::UnaryKind::Not, fb::UnaryKind::Tanh, fb::UnaryKind::Tanh}),
      Code::kUnsupported);
  OpTest<fb::LstmT> length;
  length.In<float>({1, 1, 1}, {0}).Const<float>({1, 4, 1}, Floats(4));
  length.Const<float>({1, 4, 1}, Floats(4)).Absent().In<int32_t>({1}, {2});
  EXPECT_EQ(length.TryRun().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace pare::test
