#include "converter/passes/shapes.h"

#include <numeric>

namespace pare::converter {

bool IsIdentity(const Permutation& p) {
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] != static_cast<int>(i)) return false;
  }
  return true;
}

Permutation Inverse(const Permutation& p) {
  Permutation inverse(p.size());
  for (size_t i = 0; i < p.size(); ++i) inverse[p[i]] = static_cast<int>(i);
  return inverse;
}

Permutation Compose(const Permutation& first, const Permutation& second) {
  Permutation both(second.size());
  for (size_t i = 0; i < second.size(); ++i) both[i] = first[second[i]];
  return both;
}

Shape Permute(const Shape& shape, const Permutation& p) {
  Shape result;
  for (int axis : p) result.Push(shape[axis]);
  return result;
}

bool KeepsOrder(const Shape& shape, const Permutation& p) {
  int last = -1;
  for (int axis : p) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

int CountUnknown(const Shape& shape) {
  int count = 0;
  for (int i = 0; i < shape.rank; ++i) count += shape[i] < 0 ? 1 : 0;
  return count;
}

namespace {

int64_t KnownProduct(const Shape& shape) {
  int64_t product = 1;
  for (int i = 0; i < shape.rank; ++i) product *= shape[i] < 0 ? 1 : shape[i];
  return product;
}

bool AllOnes(const Shape& shape, int begin) {
  for (int i = begin; i < shape.rank; ++i) {
    if (shape[i] != 1) return false;
  }
  return true;
}

// Takes dimensions from both until their products agree. False where that does not happen among
// known ones.
bool TakeGroup(const Shape& x, const Shape& y, int* i, int* j) {
  if (x[*i] < 0 || y[*j] < 0) return false;
  int64_t a = x[(*i)++], b = y[(*j)++];
  while (a != b) {
    const Shape& smaller = a < b ? x : y;
    int& next = a < b ? *i : *j;
    if (next == smaller.rank || smaller[next] < 0) return false;
    (a < b ? a : b) *= smaller[next++];
  }
  return true;
}

}  // namespace

std::vector<DimGroup> GroupDims(const Shape& x, const Shape& y,
                                const std::vector<int64_t>& target) {
  // One unknown dimension on each side is the same where all else agrees.
  const bool same_unknown =
      CountUnknown(x) == 1 && CountUnknown(y) == 1 && KnownProduct(x) == KnownProduct(y);
  std::vector<DimGroup> groups;
  int i = 0, j = 0;
  while (i < x.rank && j < y.rank) {
    const bool copied = i == j && j < static_cast<int>(target.size()) && target[j] == 0;
    int x_end = i + 1, y_end = j + 1;
    if (x[i] == 0 || y[j] == 0) return {};
    if (x[i] != y[j] || (x[i] < 0 && !same_unknown && !copied)) {
      x_end = i;
      y_end = j;
      if (!TakeGroup(x, y, &x_end, &y_end)) break;
    }
    i = x_end;
    j = y_end;
    groups.push_back({i, j});
  }
  if (i == x.rank && j == y.rank) return groups;
  // What is left: ones at the end join the last group, anything else is one group.
  if (AllOnes(x, i) && AllOnes(y, j) && !groups.empty()) {
    groups.back() = {x.rank, y.rank};
  } else if (i < x.rank && j < y.rank) {
    groups.push_back({x.rank, y.rank});
  } else {
    return {};
  }
  return groups;
}

std::optional<std::vector<int64_t>> ReshapeTarget(const Shape& x, const Shape& y) {
  std::vector<int64_t> target(y.dims, y.dims + y.rank);
  for (int64_t dim : target) {
    if (dim == 0) return std::nullopt;
  }
  if (CountUnknown(y) <= 1) return target;
  // Walk both shapes while they agree: a dimension at the same place is copied.
  bool inferred = false;
  for (int i = 0; i < y.rank; ++i) {
    if (y[i] >= 0) continue;
    bool copied = i < x.rank && x[i] < 0;
    for (int k = 0; copied && k < i; ++k) copied = x[k] == y[k];
    if (!copied && inferred) return std::nullopt;
    inferred |= !copied;
    target[i] = copied ? 0 : -1;
  }
  return target;
}

}  // namespace pare::converter
