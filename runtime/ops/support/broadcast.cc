#include "runtime/ops/support/broadcast.h"

namespace pare {

int64_t BroadcastLoop::Rows() const {
  int64_t rows = 1;
  for (int i = 0; i + 1 < rank; ++i) rows *= dims[i];
  return rows;
}

void BroadcastLoop::Offsets(int64_t row, int64_t* offsets) const {
  for (int o = 0; o < kMaxOperands; ++o) offsets[o] = 0;
  for (int i = rank - 2; i >= 0; --i) {
    const int64_t index = row % dims[i];
    row /= dims[i];
    for (int o = 0; o < kMaxOperands; ++o) offsets[o] += index * strides[o][i];
  }
}

BroadcastLoop MakeBroadcastLoop(const Shape& out, const Shape* const* operands, int count) {
  // Innermost first, merged on the way.
  BroadcastLoop r;
  int64_t next[kMaxOperands] = {1, 1, 1};  // stride of the next dimension, were it not repeated
  int rank = 0;
  for (int i = out.rank - 1; i >= 0; --i) {
    const int64_t size = out[i];
    if (size == 1) continue;
    bool merge = rank > 0;
    int64_t strides[kMaxOperands] = {};
    for (int o = 0; o < count; ++o) {
      const int j = i - (out.rank - operands[o]->rank);
      if (j >= 0 && (*operands[o])[j] != 1) {
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): count <= kMaxOperands.
        strides[o] = next[o];
        next[o] *= size;
      }
      merge = merge && strides[o] == r.strides[o][rank - 1] * r.dims[rank - 1];
    }
    if (merge) {
      r.dims[rank - 1] *= size;
      continue;
    }
    r.dims[rank] = size;
    for (int o = 0; o < count; ++o) r.strides[o][rank] = strides[o];
    ++rank;
  }
  r.rank = rank > 0 ? rank : 1;
  for (int a = 0, b = r.rank - 1; a < b; ++a, --b) {
    int64_t t = r.dims[a];
    r.dims[a] = r.dims[b];
    r.dims[b] = t;
    for (auto& s : r.strides) {
      t = s[a];
      s[a] = s[b];
      s[b] = t;
    }
  }
  return r;
}

}  // namespace pare
