// Reductions along axes.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

struct ReduceRow {
  const char* name;
  fb::ReduceKind kind;
};
constexpr ReduceRow kReductions[] = {
    {"ReduceSum", fb::ReduceKind::Sum},       {"ReduceMean", fb::ReduceKind::Mean},
    {"ReduceMax", fb::ReduceKind::Max},       {"ReduceMin", fb::ReduceKind::Min},
    {"ReduceProd", fb::ReduceKind::Prod},     {"ReduceL1", fb::ReduceKind::L1},
    {"ReduceL2", fb::ReduceKind::L2},         {"ReduceSumSquare", fb::ReduceKind::SumSquare},
    {"ReduceLogSum", fb::ReduceKind::LogSum}, {"ReduceLogSumExp", fb::ReduceKind::LogSumExp},
};

Status ImportReduce(OnnxNode& n) {
  fb::ReduceT op;
  for (const ReduceRow& row : kReductions) {
    if (n.op() == row.name) op.kind = row.kind;
  }
  op.keep_dims = n.Int("keepdims", 1) != 0;
  op.noop_with_empty_axes = n.Int("noop_with_empty_axes", 0) != 0;
  ValueId axes;
  n.IntsFromAttributeOrInput("axes", 1, &op.axes, &axes);
  return n.Emit(std::move(op), {n.In(0), axes});
}

Status ImportArgReduce(OnnxNode& n) {
  fb::ArgReduceT op;
  op.largest = n.op() == "ArgMax";
  op.axis = n.Int("axis", 0);
  op.keep_dims = n.Int("keepdims", 1) != 0;
  op.select_last = n.Int("select_last_index", 0) != 0;
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportCumSum(OnnxNode& n) {
  fb::CumSumT op;
  op.exclusive = n.Int("exclusive", 0) != 0;
  op.reverse = n.Int("reverse", 0) != 0;
  std::vector<int64_t> axis;
  if (n.Integers(n.In(1), &axis) && axis.size() == 1) {
    op.axis = axis[0];
    return n.Emit(std::move(op), {n.In(0)});
  }
  return n.Emit(std::move(op), {n.In(0), n.In(1)});
}

Status ImportTopK(OnnxNode& n) {
  fb::TopKT op;
  op.axis = n.Int("axis", -1);
  op.largest = n.Int("largest", 1) != 0;
  op.sorted = n.Int("sorted", 1) != 0;
  ValueId k = n.In(1);
  std::vector<int64_t> values;
  if (k == kAbsent) {
    op.k = n.Int("k", -1);
  } else if (n.Integers(k, &values) && values.size() == 1) {
    op.k = values[0];
    k = kAbsent;
  }
  return n.Emit(std::move(op), {n.In(0), k}, n.Outputs());
}

constexpr OnnxOp kOps[] = {
    {"ArgMax", ImportArgReduce},       {"ArgMin", ImportArgReduce},  {"CumSum", ImportCumSum, 2},
    {"ReduceL1", ImportReduce},        {"ReduceL2", ImportReduce},   {"ReduceLogSum", ImportReduce},
    {"ReduceLogSumExp", ImportReduce}, {"ReduceMax", ImportReduce},  {"ReduceMean", ImportReduce},
    {"ReduceMin", ImportReduce},       {"ReduceProd", ImportReduce}, {"ReduceSum", ImportReduce},
    {"ReduceSumSquare", ImportReduce}, {"TopK", ImportTopK},
};

}  // namespace

OnnxOps ReduceOnnxOps() { return kOps; }

}  // namespace pare::converter
