#include "converter/quantize/four_bit.h"

#include <cmath>
#include <string>

#include "runtime/layout/layout.h"

namespace pare::converter {

Result<Weight> MakeFourBit(const float* rows, const Shape& shape, Layout layout, std::byte** data) {
  const size_t group = GroupOf(layout);
  if (group == 0 || shape.rank < 2)
    return Error(Code::kUnsupported, "only weights of two dimensions or more have 4 bits");
  const int64_t k = shape.Elements(1, shape.rank);
  if (k % static_cast<int64_t>(group) != 0)
    return Error(Code::kUnsupported, "groups of " + std::to_string(group) +
                                         " do not divide rows of " + std::to_string(k) +
                                         " values: choose a smaller group or another format");
  Weight weight;
  weight.shape = shape;
  weight.layout = layout;
  uint64_t bytes;
  if (!PackedBytes(layout, weight.dtype, shape, &bytes))
    return Error(Code::kShape, "the weight is too large");
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    if (!std::isfinite(rows[i]))
      return Error(Code::kInvalidArgument, "the weight has values that are not finite");
  }
  weight.bytes = Bytes::Allocate(bytes, data);
  return weight;
}

}  // namespace pare::converter
