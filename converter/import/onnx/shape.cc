// Operators that change shapes and arrange data.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

Status ImportReshape(OnnxNode& n) {
  fb::ReshapeT op;
  op.allow_zero = n.Int("allowzero", 0) != 0;
  ValueId shape;
  n.IntsFromAttributeOrInput("shape", 1, &op.shape, &shape);
  if (op.shape.size() > kMaxRank) return Unsupported("more than 8 dimensions");
  return n.Emit(std::move(op), {n.In(0), shape});
}

template <class OpT>
Status ImportAxes(OnnxNode& n) {
  OpT op;
  ValueId axes;
  n.IntsFromAttributeOrInput("axes", 1, &op.axes, &axes);
  return n.Emit(std::move(op), {n.In(0), axes});
}

Status ImportFlatten(OnnxNode& n) {
  fb::FlattenT op;
  op.axis = n.Int("axis", 1);
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportTranspose(OnnxNode& n) {
  fb::TransposeT op;
  op.perm = n.Ints("perm");
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportExpand(OnnxNode& n) {
  fb::ExpandT op;
  ValueId shape = n.In(1);
  if (n.Integers(shape, &op.shape)) shape = kAbsent;
  return n.Emit(std::move(op), {n.In(0), shape});
}

Status ImportTile(OnnxNode& n) {
  fb::TileT op;
  ValueId repeats = n.In(1);
  if (n.Integers(repeats, &op.repeats)) repeats = kAbsent;
  return n.Emit(std::move(op), {n.In(0), repeats});
}

Status ImportConcat(OnnxNode& n) {
  fb::ConcatT op;
  op.axis = n.Int("axis", 1);
  return n.Emit(std::move(op), n.Inputs());
}

Status ImportSplit(OnnxNode& n) {
  fb::SplitT op;
  op.axis = n.Int("axis", 0);
  ValueId sizes;
  n.IntsFromAttributeOrInput("split", 1, &op.sizes, &sizes);
  return n.Emit(std::move(op), {n.In(0), sizes}, n.Outputs());
}

Status ImportSlice(OnnxNode& n) {
  fb::SliceT op;
  if (n.opset() < 10) {
    op.starts = n.Ints("starts");
    op.ends = n.Ints("ends");
    op.axes = n.Ints("axes");
    return n.Emit(std::move(op), {n.In(0)});
  }
  std::vector<int64_t>* attributes[] = {&op.starts, &op.ends, &op.axes, &op.steps};
  std::vector<ValueId> inputs = {n.In(0)};
  for (int i = 0; i < 4; ++i) {
    const ValueId v = n.In(i + 1);
    inputs.push_back(n.Integers(v, attributes[i]) ? kAbsent : v);
  }
  if ((op.starts.empty() && inputs[1] == kAbsent) || (op.ends.empty() && inputs[2] == kAbsent))
    return n.Emit(fb::IdentityT{}, {n.In(0)});
  return n.Emit(std::move(op), std::move(inputs));
}

Status ImportPad(OnnxNode& n) {
  fb::PadT op;
  const std::string mode = n.String("mode", "constant");
  if (mode == "reflect") {
    op.mode = fb::PadMode::Reflect;
  } else if (mode == "edge") {
    op.mode = fb::PadMode::Edge;
  } else if (mode == "wrap") {
    op.mode = fb::PadMode::Wrap;
  } else if (mode != "constant") {
    return Unsupported("mode '" + mode + "'");
  }
  if (n.opset() < 11) {
    op.pads = n.Ints("pads");
    op.value = n.Float("value", 0);
    return n.Emit(std::move(op), {n.In(0)});
  }
  ValueId pads = n.In(1), value = n.In(2);
  if (n.Integers(pads, &op.pads)) pads = kAbsent;
  std::vector<float> values;
  // Floats only: an integer may need more bits than the attribute has.
  if (n.FloatsOf(value, &values) && values.size() == 1 && n.Of(value).dtype != DType::kF64) {
    op.value = values[0];
    value = kAbsent;
  }
  return n.Emit(std::move(op), {n.In(0), pads, value, n.In(3)});
}

Status ImportShape(OnnxNode& n) {
  fb::ShapeOfT op;
  op.start = n.Int("start", 0);
  op.end = n.Int("end", op.end);
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportSize(OnnxNode& n) { return n.Emit(fb::SizeT{}, {n.In(0)}); }

Status ImportTrilu(OnnxNode& n) {
  fb::TriluT op;
  op.upper = n.Int("upper", 1) != 0;
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportReverseSequence(OnnxNode& n) {
  fb::ReverseSequenceT op;
  op.batch_axis = n.Int("batch_axis", 1);
  op.time_axis = n.Int("time_axis", 0);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

constexpr OnnxOp kOps[] = {
    {"Concat", ImportConcat},
    {"Expand", ImportExpand, 2},
    {"Flatten", ImportFlatten},
    {"Pad", ImportPad},
    {"Reshape", ImportReshape},
    {"ReverseSequence", ImportReverseSequence, 2},
    {"Shape", ImportShape},
    {"Size", ImportSize},
    {"Slice", ImportSlice},
    {"Split", ImportSplit},
    {"Squeeze", ImportAxes<fb::SqueezeT>},
    {"Tile", ImportTile, 2},
    {"Transpose", ImportTranspose},
    {"Trilu", ImportTrilu},
    {"Unsqueeze", ImportAxes<fb::UnsqueezeT>},
};

}  // namespace

OnnxOps ShapeOnnxOps() { return kOps; }

}  // namespace pare::converter
