// The table of ONNX operators: one span a family, each beside its functions.
#pragma once

#include "converter/import/onnx/context.h"
#include "runtime/core/span.h"

namespace pare::converter {

using OnnxOps = Span<const OnnxOp>;

OnnxOps ControlFlowOnnxOps();
OnnxOps ConvOnnxOps();
OnnxOps CreationOnnxOps();
OnnxOps ElementwiseOnnxOps();
OnnxOps GatherOnnxOps();
OnnxOps ImageOnnxOps();
OnnxOps IntegerOnnxOps();
OnnxOps LossOnnxOps();
OnnxOps MatmulOnnxOps();
OnnxOps NormalizationOnnxOps();
OnnxOps PoolOnnxOps();
OnnxOps QLinearOnnxOps();
OnnxOps QuantizedOnnxOps();
OnnxOps ReduceOnnxOps();
OnnxOps RnnOnnxOps();
OnnxOps ShapeOnnxOps();
OnnxOps SignalOnnxOps();

// The operator's row, or null.
const OnnxOp* FindOnnxOp(const std::string& domain, const std::string& name);

}  // namespace pare::converter
