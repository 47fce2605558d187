// Attributes and inputs that no exporter would write: an error or an answer, never a crash. Meant
// for the sanitizers; other runs take more of it by --gtest_random_seed and --gtest_repeat.
#pragma once

#include <cstdint>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/op_test.h"

namespace pare::test {

inline constexpr int kRounds = 100;  // of each operator
inline constexpr int64_t kMostElements = 4096;

class Chance {
 public:
  explicit Chance(uint32_t seed) : random_(seed) {}
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool OneIn(int64_t n) { return Between(1, n) == 1; }
  // Mostly small numbers, sometimes the ends of the range.
  int64_t Integer() {
    if (!OneIn(24)) return Between(-4, 6);
    constexpr int64_t kEnds[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1};
    return kEnds[Between(0, 3)];
  }
  std::vector<int64_t> Integers() {
    std::vector<int64_t> values(static_cast<size_t>(Between(0, 5)));
    for (int64_t& v : values) v = Integer();
    return values;
  }
  std::vector<int64_t> Dims(int64_t rank) {
    std::vector<int64_t> dims(static_cast<size_t>(rank));
    for (int64_t& d : dims) d = OneIn(12) ? 0 : Between(1, 4);
    return dims;
  }
  template <class E>
  E Enum() {
    // One more than there is, now and then.
    return static_cast<E>(Between(0, static_cast<int64_t>(E::MAX) + (OneIn(16) ? 1 : 0)));
  }
  bool Bool() { return OneIn(2); }
  float Float() {
    constexpr float kOdd[] = {0, -0.0f, 1e30f, -1e30f, 1e-30f};
    return OneIn(8) ? kOdd[Between(0, 4)] : static_cast<float>(Between(-30, 30)) / 10;
  }

 private:
  std::mt19937 random_;
};

template <class T, class Op>
void AddTensor(OpTest<Op>& t, Chance& c, const std::vector<int64_t>& dims) {
  const int64_t n = ShapeOf(dims).Elements();
  std::vector<Element<T>> values(static_cast<size_t>(n < kMostElements ? n : 0));
  for (auto& v : values) {
    if constexpr (std::is_same_v<T, float>) {
      v = c.Float();
    } else if constexpr (std::is_same_v<T, bool>) {
      v = c.Bool();
    } else if constexpr (std::is_unsigned_v<T>) {
      v = static_cast<T>(c.Between(0, 6));
    } else {
      v = static_cast<T>(c.Integer());
    }
  }
  if (c.OneIn(3)) {
    t.template In<T>(dims, std::move(values));
  } else if (c.OneIn(2)) {
    t.template Known<T>(dims, std::move(values));
  } else {
    t.template Const<T>(dims, std::move(values));
  }
}

template <class Op>
void AddRandomTensor(OpTest<Op>& t, Chance& c, bool index) {
  const std::vector<int64_t> dims = c.Dims(index ? c.Between(0, 2) : c.Between(0, 5));
  switch (c.Between(0, index ? 4 : 9)) {
    case 0: return AddTensor<int32_t>(t, c, dims);
    case 1:
    case 2:
    case 3: return AddTensor<int64_t>(t, c, dims);
    case 4: return AddTensor<bool>(t, c, dims);
    case 5: return AddTensor<int8_t>(t, c, dims);
    case 6: return AddTensor<uint16_t>(t, c, dims);
    default: return AddTensor<float>(t, c, dims);
  }
}

template <class Op, class Make>
void Attack(const Make& make, int64_t least_inputs, int64_t most_inputs, int most_outputs = 1) {
  Chance c(static_cast<uint32_t>(testing::UnitTest::GetInstance()->random_seed()) + 1);
  int answers = 0;
  for (int round = 0; round < kRounds; ++round) {
    OpTest<Op> t(make(c));
    const int64_t inputs = c.Between(least_inputs, most_inputs);
    for (int64_t i = 0; i < inputs; ++i) {
      if (i >= least_inputs && c.OneIn(8)) {
        t.Absent();
      } else {
        AddRandomTensor(t, c, i > 0 && c.OneIn(2));
      }
    }
    t.Outputs(static_cast<int>(c.Between(1, most_outputs)));
    if (c.OneIn(4)) t.Threads(2);
    answers += t.TryRun().ok() ? 1 : 0;
  }
  testing::Test::RecordProperty("answers", answers);
}

template <class Op>
Op Plain(Chance&) {
  return Op();
}
template <class Op>
Op WithAxis(Chance& c) {
  Op op;
  op.axis = c.Integer();
  return op;
}

}  // namespace pare::test
