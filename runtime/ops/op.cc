#include "runtime/ops/op.h"

#include "model_generated.h"

namespace pare {

Status InferSameAsInput(const NodeView& node) {
  SetOutput(node, 0, node.In(0)->dtype, node.In(0)->shape);
  return Ok();
}

Status PlanInPlace(PlanContext& context) {
  context.in_place = 0;
  return Ok();
}

Status ReadIntegers(const NodeView& node, uint32_t input, const void* attribute_vector_i64,
                    int64_t* values, int capacity, int* count) {
  if (const Tensor* t = node.In(input)) {
    if (!t->known) {
      return Error(
          Code::kUnknownSize,
          "a size depends on the values of an input; give them when the session is created");
    }
    const int64_t n = t->Elements();
    if (n > capacity) return ShapeError("too many values in an input that gives axes or sizes");
    for (int64_t i = 0; i < n; ++i) values[i] = IntegerAt(*t, i);
    *count = static_cast<int>(n);
    return Ok();
  }
  *count = 0;
  const auto* list = static_cast<const flatbuffers::Vector<int64_t>*>(attribute_vector_i64);
  if (list == nullptr) return Ok();
  if (list->size() > static_cast<uint32_t>(capacity))
    return ShapeError("too many values in an attribute");
  for (uint32_t i = 0; i < list->size(); ++i) values[i] = list->Get(i);
  *count = static_cast<int>(list->size());
  return Ok();
}

}  // namespace pare
