// Constants, and operators that make data from little.
#include <algorithm>
#include <cstring>

#include "converter/import/onnx/importer.h"
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

template <class T>
ValueId Vector(OnnxNode& n, const std::vector<T>& values) {
  Shape shape;
  shape.Push(static_cast<int64_t>(values.size()));
  return n.Constant<T>(shape, values);
}

Status ImportConstant(OnnxNode& n) {
  bool four_bit = false;
  auto add = [&](Result<Weight> weight) -> Status {
    if (!weight.ok()) return weight.status();
    weight->name = n.scope().prefix + n.proto().output(0);
    const ValueId v = n.scope().builder->AddWeight(std::move(*weight));
    n.scope().builder->facts[static_cast<size_t>(v)].four_bit = four_bit;
    n.Alias(0, v);
    return Ok();
  };
  if (AttributeProto* a = n.Find("value"); a != nullptr && a->has_t()) {
    DType unpacked;
    four_bit = UnpackedType(a->t().data_type(), &unpacked);
    return add(n.importer().WeightOf(*a->mutable_t()));
  }
  if (AttributeProto* a = n.Find("sparse_value"); a != nullptr && a->has_sparse_tensor())
    return add(n.importer().WeightOf(*a->mutable_sparse_tensor()));
  if (n.Has("value_float")) {
    n.Alias(0, n.Scalar<float>(n.Float("value_float", 0)));
  } else if (n.Has("value_int")) {
    n.Alias(0, n.Scalar<int64_t>(n.Int("value_int", 0)));
  } else if (n.Has("value_floats")) {
    n.Alias(0, Vector<float>(n, n.Floats("value_floats")));
  } else if (n.Has("value_ints")) {
    n.Alias(0, Vector<int64_t>(n, n.Ints("value_ints")));
  } else if (n.Has("value_string") || n.Has("value_strings")) {
    return Unsupported("strings");
  } else {
    return Malformed("it has no value");
  }
  return Ok();
}

Status ImportConstantOfShape(OnnxNode& n) {
  fb::ConstantOfShapeT op;
  if (AttributeProto* a = n.Find("value"); a != nullptr && a->has_t()) {
    const Weight value = PARE_TRY(n.importer().WeightOf(*a->mutable_t()));
    if (value.shape.Elements() != 1) return Malformed("its value is not one element");
    op.dtype = static_cast<fb::DType>(value.dtype);
    std::memcpy(&op.bits, value.bytes.data, SizeOf(value.dtype));
  }
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportEyeLike(OnnxNode& n) {
  fb::EyeLikeT op;
  op.k = n.Int("k", 0);
  DType dtype = n.Of(n.In(0)).dtype;
  if (n.Has("dtype")) {
    const auto type = static_cast<int32_t>(n.Int("dtype", 0));
    if (!ToDType(type, &dtype)) return Unsupported("element type " + OnnxTypeName(type));
  } else if (!n.Of(n.In(0)).has_dtype) {
    return Unsupported("the type of its input is not known");
  }
  op.dtype = static_cast<fb::DType>(dtype);
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportRange(OnnxNode& n) { return n.Emit(fb::RangeT{}, {n.In(0), n.In(1), n.In(2)}); }

constexpr OnnxOp kOps[] = {
    {"Constant", ImportConstant, 0},
    {"ConstantOfShape", ImportConstantOfShape},
    {"EyeLike", ImportEyeLike},
    {"Range", ImportRange, 3},
};

}  // namespace

OnnxOps CreationOnnxOps() { return kOps; }

}  // namespace pare::converter
