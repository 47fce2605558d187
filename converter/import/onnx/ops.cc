#include "converter/import/onnx/ops.h"

#include <cstring>

namespace pare::converter {

namespace {

constexpr OnnxOps (*kFamilies[])() = {
    ControlFlowOnnxOps, ConvOnnxOps,    CreationOnnxOps,  ElementwiseOnnxOps, GatherOnnxOps,
    ImageOnnxOps,       IntegerOnnxOps, LossOnnxOps,      MatmulOnnxOps,      NormalizationOnnxOps,
    PoolOnnxOps,        QLinearOnnxOps, QuantizedOnnxOps, ReduceOnnxOps,      RnnOnnxOps,
    ShapeOnnxOps,       SignalOnnxOps,
};

}  // namespace

const OnnxOp* FindOnnxOp(const std::string& domain, const std::string& name) {
  for (const auto& family : kFamilies) {
    for (const OnnxOp& op : family()) {
      if (name == op.name && domain == op.domain) return &op;
    }
  }
  return nullptr;
}

}  // namespace pare::converter
