// Quantized ONNX as floats: a tensor of integers that stand for real numbers is imported as those
// numbers, rounded by a Quantize and a Dequantize that name the file's scale and zero point. So
// every form that ONNX has (pairs around float operators, operators on integers, integers that are
// multiplied and then scaled) becomes one, and a pass (passes/quantize/import_quantized.cc) lets
// operators compute on the integers themselves. What else reads the integers gets them, too.
#pragma once

#include "converter/import/onnx/context.h"

namespace pare::converter {

// How the integers of a tensor stand for real numbers: scale * (q - zero).
struct Scaling {
  ValueId scale = kAbsent, zero = kAbsent;  // zero: none is 0
  int64_t axis = 1;                         // of the tensor, where `scale` has a dimension
  int64_t block = 0;                        // elements along it with one scale; 0: one
};

// v, a scale or zero point, so that it broadcasts to x.
Result<ValueId> Spread(OnnxNode& n, ValueId v, ValueId x, const Scaling& scaling);

// The real numbers of `q`.
Result<ValueId> Dequantized(OnnxNode& n, ValueId q, const Scaling& scaling);

// Makes output i the integers of type `type` that stand for x.
Status EmitQuantized(OnnxNode& n, int i, ValueId x, const Scaling& scaling, DType type, int bits);

// Imports `op` of ai.onnx with the attributes of n and these inputs; its outputs, as many as n has.
Result<std::vector<ValueId>> ImportTwin(OnnxNode& n, const char* op,
                                        const std::vector<ValueId>& inputs);

// Nodes of other operators that read quantized tensors, or products of integers: true where one was
// imported. It is then done.
Result<bool> ImportReaderOfQuantized(OnnxNode& n);

}  // namespace pare::converter
