// Pooling over windows and over whole images.
#include "converter/import/onnx/image.h"
#include "converter/import/onnx/ops.h"

namespace pare::converter {

Status ReadWindow(OnnxNode& n, int rank, std::vector<int64_t>* strides,
                  std::vector<int64_t>* dilations, std::vector<int64_t>* pads,
                  fb::AutoPad* auto_pad) {
  const size_t spatial = static_cast<size_t>(rank) - 2;
  *strides = n.Ints("strides");
  *dilations = n.Ints("dilations");
  *pads = n.Ints("pads");
  const std::string mode = n.String("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER") {
    *auto_pad = fb::AutoPad::SameUpper;
  } else if (mode == "SAME_LOWER") {
    *auto_pad = fb::AutoPad::SameLower;
  } else if (mode == "VALID") {
    *auto_pad = fb::AutoPad::Valid;
  } else if (mode != "NOTSET" && !mode.empty()) {
    return Malformed("its auto_pad '" + mode + "' is none that ONNX has");
  }
  if (*auto_pad != fb::AutoPad::Explicit) pads->clear();
  auto fits = [](const std::vector<int64_t>& v, size_t count) {
    return v.empty() || v.size() == count;
  };
  if (!fits(*strides, spatial) || !fits(*dilations, spatial) || !fits(*pads, 2 * spatial))
    return Malformed("its strides, dilations or pads are not as many as the spatial dimensions (" +
                     std::to_string(spatial) + ")");
  return Ok();
}

namespace {

Status ImportPool(OnnxNode& n) {
  fb::PoolT op;
  op.kernel = n.Ints("kernel_shape");
  const int rank = static_cast<int>(op.kernel.size()) + 2;
  if (rank < 3 || rank > kMaxRank) return Malformed("its kernel_shape is missing or too long");
  PARE_TRY(ReadWindow(n, rank, &op.strides, &op.dilations, &op.pads, &op.auto_pad));
  op.kind = n.op() == "MaxPool"  ? fb::PoolKind::Max
            : n.op() == "LpPool" ? fb::PoolKind::Lp
                                 : fb::PoolKind::Average;
  op.ceil_mode = n.Int("ceil_mode", 0) != 0;
  op.count_include_pad = n.Int("count_include_pad", 0) != 0;
  op.p = n.Int("p", 2);
  op.storage_order = n.Int("storage_order", 0);
  const ValueId y = n.Temporary();
  const ValueId indices = n.Wants(1) ? n.Temporary() : kAbsent;
  (void)n.Emit(std::move(op), {n.ToChannelsLast(n.In(0), rank)}, {y, indices});
  n.EmitChannelsFirst(0, y, rank);
  if (indices != kAbsent) n.EmitChannelsFirst(1, indices, rank);
  return Ok();
}

Status ImportGlobalPool(OnnxNode& n) {
  const int rank = PARE_TRY(n.Rank(0));
  fb::ReduceT op;
  for (int i = 2; i < rank; ++i) op.axes.push_back(i);
  if (op.axes.empty()) return n.Emit(fb::IdentityT{}, {n.In(0)});
  op.kind = n.op() == "GlobalMaxPool" ? fb::ReduceKind::Max : fb::ReduceKind::Mean;
  if (n.op() == "GlobalLpPool") {
    const int64_t p = n.Int("p", 2);
    if (p != 1 && p != 2) return Unsupported("p is neither 1 nor 2");
    op.kind = p == 1 ? fb::ReduceKind::L1 : fb::ReduceKind::L2;
  }
  return n.Emit(std::move(op), {n.In(0)});
}

Status ImportMaxUnpool(OnnxNode& n) {
  fb::MaxUnpoolT op;
  op.kernel = n.Ints("kernel_shape");
  const int rank = static_cast<int>(op.kernel.size()) + 2;
  if (rank < 3 || rank > kMaxRank) return Malformed("its kernel_shape is missing or too long");
  std::vector<int64_t> dilations;
  fb::AutoPad auto_pad = fb::AutoPad::Explicit;
  PARE_TRY(ReadWindow(n, rank, &op.strides, &dilations, &op.pads, &auto_pad));
  const ValueId y = n.Make(
      std::move(op), {n.ToChannelsLast(n.In(0), rank), n.ToChannelsLast(n.In(1), rank), n.In(2)});
  n.EmitChannelsFirst(0, y, rank);
  return Ok();
}

constexpr OnnxOp kOps[] = {
    {"AveragePool", ImportPool},
    {"GlobalAveragePool", ImportGlobalPool},
    {"GlobalLpPool", ImportGlobalPool},
    {"GlobalMaxPool", ImportGlobalPool},
    {"LpPool", ImportPool},
    {"MaxPool", ImportPool},
    {"MaxUnpool", ImportMaxUnpool, 2},
};

}  // namespace

OnnxOps PoolOnnxOps() { return kOps; }

}  // namespace pare::converter
