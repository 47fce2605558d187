// Einsum, Det and Dft against their definitions.
#include <cmath>
#include <complex>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

Floats Random(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> between(-1, 1);
  Floats values(static_cast<size_t>(n));
  for (float& v : values) v = between(random);
  return values;
}

struct Operand {
  std::string labels;
  Integers dims;
};

// Sums products over every assignment of the labels; letters only.
std::vector<double> Naive(const std::vector<Operand>& in, const std::vector<Floats>& data,
                          const std::string& out) {
  std::map<char, int64_t> sizes;
  for (const Operand& o : in) {
    for (size_t i = 0; i < o.labels.size(); ++i) sizes[o.labels[i]] = o.dims[i];
  }
  std::map<char, int64_t> at;
  const auto offset = [&](const std::string& labels) {
    int64_t index = 0;
    for (const char c : labels) index = index * sizes[c] + at[c];
    return index;
  };
  int64_t total = 1, results = 1;
  for (const auto& [label, size] : sizes) total *= size;
  for (const char c : out) results *= sizes[c];
  std::vector<double> y(static_cast<size_t>(results));
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = i;
    for (const auto& [label, size] : sizes) {
      at[label] = rest % size;
      rest /= size;
    }
    double product = 1;
    for (size_t t = 0; t < in.size(); ++t) product *= data[t][offset(in[t].labels)];
    y[offset(out)] += product;
  }
  return y;
}

void Check(const std::string& equation, const std::vector<Operand>& in, const std::string& out) {
  fb::EinsumT attributes;
  attributes.equation = equation;
  OpTest<fb::EinsumT> t(attributes);
  std::vector<Floats> data;
  for (size_t i = 0; i < in.size(); ++i) {
    data.push_back(Random(ShapeOf(in[i].dims).Elements(), static_cast<uint32_t>(i)));
    t.In<float>(in[i].dims, data.back());
  }
  ASSERT_TRUE(t.Run()) << equation;
  const std::vector<double> expected = Naive(in, data, out);
  const Floats y = t.Values<float>(0);
  ASSERT_EQ(y.size(), expected.size()) << equation;
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-5) << equation;
}

TEST(Einsum, AgreesWithItsDefinition) {
  Check("ij,jk->ik", {{"ij", {3, 4}}, {"jk", {4, 5}}}, "ik");
  Check("ij,jk", {{"ij", {3, 4}}, {"jk", {4, 5}}}, "ik");
  Check(" b i j , b j k -> b i k ", {{"bij", {2, 3, 4}}, {"bjk", {2, 4, 5}}}, "bik");
  Check("bhwc,hkc->bhwk", {{"bhwc", {2, 3, 4, 5}}, {"hkc", {3, 6, 5}}}, "bhwk");
  Check("i,j->ji", {{"i", {3}}, {"j", {4}}}, "ji");
  Check("ij->ji", {{"ij", {3, 4}}}, "ji");
  Check("ij->", {{"ij", {3, 4}}}, "");
  Check("ii->i", {{"ii", {3, 3}}}, "i");
  Check("ij,ij->i", {{"ij", {3, 4}}, {"ij", {3, 4}}}, "i");
  Check("ij,kl->ik", {{"ij", {2, 3}}, {"kl", {4, 5}}}, "ik");
  Check("ij,jk,kl->il", {{"ij", {2, 3}}, {"jk", {3, 4}}, {"kl", {4, 2}}}, "il");
  Check("...ij,...jk->...ik", {{"abij", {2, 2, 3, 4}}, {"abjk", {2, 2, 4, 5}}}, "abik");
}

TEST(Einsum, BroadcastsOnes) {
  fb::EinsumT attributes;
  attributes.equation = "...i,...i->...";
  OpTest<fb::EinsumT> t(attributes);
  t.In<int64_t>({2, 1, 2}, {1, 2, 3, 4}).In<int64_t>({2, 2}, {1, 1, 10, 10});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{2, 2}));
  EXPECT_EQ(t.Values<int64_t>(0), (Integers{3, 30, 7, 70}));
}

TEST(Einsum, RejectsBadEquations) {
  for (const char* equation : {"", "i", "ij,j", "ij->ik", "ij->ii", "i1->i", "ij-", "ij->i.",
                               "..ij", "...i...j->i", ",", "ijk->i"}) {
    fb::EinsumT attributes;
    attributes.equation = equation;
    OpTest<fb::EinsumT> t(attributes);
    EXPECT_EQ(t.In<float>({1, 2}, {1, 2}).TryRun().code, Code::kShape) << equation;
  }
}

TEST(Det, EliminatesWithPivots) {
  OpTest<fb::DetT> t;
  t.In<float>({2, 2, 2}, {0, 1, 2, 3, 1, 2, 2, 4});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Values<float>(0), (Floats{-2, 0}));
  OpTest<fb::DetT> wide;
  EXPECT_EQ(wide.In<float>({1, 2}, {1, 2}).TryRun().code, Code::kShape);
}

TEST(Dft, AgreesWithItsDefinition) {
  for (const int64_t n : {int64_t{1}, int64_t{8}, int64_t{6}, int64_t{13}}) {
    for (const bool inverse : {false, true}) {
      const Floats x = Random(2 * n * 2 * 2, 5);
      fb::DftT attributes;
      attributes.inverse = inverse;
      OpTest<fb::DftT> t(attributes);
      t.In<float>({2, n, 2, 2}, x);
      ASSERT_TRUE(t.Run());
      const Floats y = t.Values<float>(0);
      for (int64_t k = 0; k < n; ++k) {
        std::complex<double> sum = 0;
        for (int64_t i = 0; i < n; ++i) {
          const double angle = (inverse ? 2 : -2) * M_PI * static_cast<double>(i * k) / n;
          sum += std::complex<double>(x[i * 4 + 2], x[i * 4 + 3]) * std::polar(1.0, angle);
        }
        if (inverse) sum /= static_cast<double>(n);
        EXPECT_NEAR(y[k * 4 + 2], sum.real(), 1e-5);
        EXPECT_NEAR(y[k * 4 + 3], sum.imag(), 1e-5);
      }
    }
  }
}

TEST(Dft, PadsAndCutsRealInput) {
  fb::DftT attributes;
  attributes.onesided = true;
  attributes.axis = -2;
  OpTest<fb::DftT> t(attributes);
  t.In<float>({1, 2, 1}, {1, 2}).Known<int64_t>({}, {4});
  ASSERT_TRUE(t.Run());
  EXPECT_EQ(t.Shape(0), (Integers{1, 3, 2}));
  const Floats y = t.Values<float>(0);
  const Floats expected = {3, 0, 1, -2, -1, 0};
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-6);
  attributes.inverse = true;
  OpTest<fb::DftT> both(attributes);
  EXPECT_EQ(both.In<float>({1, 2, 1}, {1, 2}).TryRun().code, Code::kUnsupported);
}

}  // namespace
}  // namespace pare::test
