// Quantized operators: refused as one group, with one message.
#include "converter/import/onnx/ops.h"

namespace pare::converter {

namespace {

Status Refuse(OnnxNode&) {
  return Unsupported(
      "quantized ONNX comes with Pare's low-bit release; export the float model and let Pare "
      "compress it");
}

constexpr OnnxOp kOps[] = {
    {"ConvInteger", Refuse, 0},
    {"DequantizeLinear", Refuse, 0},
    {"DequantizeLinear", Refuse, 0, 1, "com.microsoft"},
    {"DynamicQuantizeLinear", Refuse, 0},
    {"DynamicQuantizeMatMul", Refuse, 0, 1, "com.microsoft"},
    {"MatMulInteger", Refuse, 0},
    {"MatMulIntegerToFloat", Refuse, 0, 1, "com.microsoft"},
    {"MatMulNBits", Refuse, 0, 1, "com.microsoft"},
    {"QLinearAdd", Refuse, 0, 1, "com.microsoft"},
    {"QLinearConv", Refuse, 0},
    {"QLinearMatMul", Refuse, 0},
    {"QuantizeLinear", Refuse, 0},
    {"QuantizeLinear", Refuse, 0, 1, "com.microsoft"},
};

}  // namespace

OnnxOps QuantizedOnnxOps() { return kOps; }

}  // namespace pare::converter
