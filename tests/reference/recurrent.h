// LSTM, GRU and RNN of one sequence in one direction, in double precision, straight from ONNX's
// equations with sigmoid and tanh.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace pare::test {

using Doubles = std::vector<double>;

// Weights of one direction: w [gates * hidden, input], r [gates * hidden, hidden], b [2 * gates *
// hidden], p [3 * hidden] (may be empty).
struct RecurrentWeights {
  int64_t input, hidden;
  Doubles w, r, b, p;
};

inline double Sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

// Gate `gate` of row `j`: x W + h R + both biases.
inline double GateInput(const RecurrentWeights& m, int64_t row, const double* x) {
  double sum = m.b[row];
  for (int64_t k = 0; k < m.input; ++k) sum += m.w[row * m.input + k] * x[k];
  return sum;
}
inline double GateState(const RecurrentWeights& m, int64_t row, const Doubles& h) {
  const int64_t rows = static_cast<int64_t>(m.r.size()) / m.hidden;
  double sum = m.b[rows + row];
  for (int64_t k = 0; k < m.hidden; ++k) sum += m.r[row * m.hidden + k] * h[k];
  return sum;
}

inline void ReferenceLstmStep(const RecurrentWeights& m, const double* x, Doubles* h, Doubles* c) {
  const int64_t n = m.hidden;
  const auto gate = [&](int64_t g, int64_t j) {
    return GateInput(m, g * n + j, x) + GateState(m, g * n + j, *h);
  };
  const auto peephole = [&](int64_t g, int64_t j, double state) {
    return m.p.empty() ? 0 : m.p[g * n + j] * state;
  };
  Doubles next_h(n), next_c(n);
  for (int64_t j = 0; j < n; ++j) {
    const double i = Sigmoid(gate(0, j) + peephole(0, j, (*c)[j]));
    const double f = Sigmoid(gate(2, j) + peephole(2, j, (*c)[j]));
    next_c[j] = f * (*c)[j] + i * std::tanh(gate(3, j));
    const double o = Sigmoid(gate(1, j) + peephole(1, j, next_c[j]));
    next_h[j] = o * std::tanh(next_c[j]);
  }
  *h = next_h;
  *c = next_c;
}

inline void ReferenceGruStep(const RecurrentWeights& m, const double* x, bool linear_before_reset,
                             Doubles* h) {
  const int64_t n = m.hidden;
  Doubles z(n), r(n), next(n), reset(n);
  for (int64_t j = 0; j < n; ++j) {
    z[j] = Sigmoid(GateInput(m, j, x) + GateState(m, j, *h));
    r[j] = Sigmoid(GateInput(m, n + j, x) + GateState(m, n + j, *h));
    reset[j] = r[j] * (*h)[j];
  }
  for (int64_t j = 0; j < n; ++j) {
    const int64_t row = 2 * n + j;
    const double state =
        linear_before_reset ? r[j] * GateState(m, row, *h) : GateState(m, row, reset);
    next[j] = (1 - z[j]) * std::tanh(GateInput(m, row, x) + state) + z[j] * (*h)[j];
  }
  *h = next;
}

inline void ReferenceRnnStep(const RecurrentWeights& m, const double* x, Doubles* h) {
  Doubles next(m.hidden);
  for (int64_t j = 0; j < m.hidden; ++j) {
    next[j] = std::tanh(GateInput(m, j, x) + GateState(m, j, *h));
  }
  *h = next;
}

}  // namespace pare::test
