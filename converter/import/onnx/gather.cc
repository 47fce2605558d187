// Operators whose indices are data.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

Status ImportGather(OnnxNode& n) {
  fb::GatherT op;
  op.axis = n.Int("axis", 0);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportGatherElements(OnnxNode& n) {
  fb::GatherElementsT op;
  op.axis = n.Int("axis", 0);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportGatherNd(OnnxNode& n) {
  fb::GatherNdT op;
  op.batch_dims = n.Int("batch_dims", 0);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ReadReduction(OnnxNode& n, fb::ScatterReduce* reduce) {
  const std::string text = n.String("reduction", "none");
  if (text == "none") {
    *reduce = fb::ScatterReduce::None;
  } else if (text == "add") {
    *reduce = fb::ScatterReduce::Add;
  } else if (text == "mul") {
    *reduce = fb::ScatterReduce::Mul;
  } else if (text == "min") {
    *reduce = fb::ScatterReduce::Min;
  } else if (text == "max") {
    *reduce = fb::ScatterReduce::Max;
  } else {
    return Unsupported("reduction '" + text + "'");
  }
  return Ok();
}

Status ImportScatterElements(OnnxNode& n) {
  fb::ScatterElementsT op;
  op.axis = n.Int("axis", 0);
  PARE_TRY(ReadReduction(n, &op.reduce));
  return n.Emit(std::move(op), {n.In(0), n.In(1), n.In(2)});
}

Status ImportScatterNd(OnnxNode& n) {
  fb::ScatterNdT op;
  PARE_TRY(ReadReduction(n, &op.reduce));
  return n.Emit(std::move(op), {n.In(0), n.In(1), n.In(2)});
}

Status ImportOneHot(OnnxNode& n) {
  fb::OneHotT op;
  op.axis = n.Int("axis", -1);
  return n.Emit(std::move(op), {n.In(0), n.In(1), n.In(2)});
}

Status ImportCompress(OnnxNode& n) {
  fb::CompressT op;
  op.flat = !n.Has("axis");
  op.axis = n.Int("axis", 0);
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportUnique(OnnxNode& n) {
  fb::UniqueT op;
  op.flat = !n.Has("axis");
  op.axis = n.Int("axis", 0);
  op.sorted = n.Int("sorted", 1) != 0;
  return n.Emit(std::move(op), {n.In(0)}, n.Outputs());
}

Status ImportNonZero(OnnxNode& n) { return n.Emit(fb::NonZeroT{}, {n.In(0)}); }

constexpr OnnxOp kOps[] = {
    {"Compress", ImportCompress, 2},
    {"Gather", ImportGather, 2},
    {"GatherElements", ImportGatherElements, 2},
    {"GatherND", ImportGatherNd, 2},
    {"NonZero", ImportNonZero},
    {"OneHot", ImportOneHot, 3},
    {"Scatter", ImportScatterElements, 3},
    {"ScatterElements", ImportScatterElements, 3},
    {"ScatterND", ImportScatterNd, 3},
    {"Unique", ImportUnique},
};

}  // namespace

OnnxOps GatherOnnxOps() { return kOps; }

}  // namespace pare::converter
