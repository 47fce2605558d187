// Shapes and permutations as passes reason about them. Dimension -1: not known.
#pragma once

#include <optional>
#include <vector>

#include "runtime/core/tensor.h"

namespace pare::converter {

using Permutation = std::vector<int>;

// The attribute of a Reshape from x to y, or nothing where several dimensions would have to be
// inferred. 0 stands for a dimension copied from x: y must be x with ones put in or taken out, or
// have at most one unknown dimension. The caller vouches for it.
std::optional<std::vector<int64_t>> ReshapeTarget(const Shape& x, const Shape& y);

bool IsIdentity(const Permutation& p);
// y[i] = x[p[i]] undone by Inverse(p).
Permutation Inverse(const Permutation& p);
// Transpose by `first`, then by `second`, in one.
Permutation Compose(const Permutation& first, const Permutation& second);
Shape Permute(const Shape& shape, const Permutation& p);
// Whether the bytes stay where they are: dimensions other than 1 keep their order.
bool KeepsOrder(const Shape& shape, const Permutation& p);

// Dimensions of x, [x_end of the group before, x_end), that a Reshape makes into y's [y_end of the
// group before, y_end).
struct DimGroup {
  int x_end, y_end;
};
// A Reshape from x to y with attribute `target`, as groups of dimensions with equal products. Empty
// where unknown dimensions hide them.
std::vector<DimGroup> GroupDims(const Shape& x, const Shape& y, const std::vector<int64_t>& target);

int CountUnknown(const Shape& shape);

}  // namespace pare::converter
