// ONNX tensors as weights.
#pragma once

#include "converter/import/onnx/reader.h"

namespace pare::converter {

// False for element types that Pare has not: strings, complex, 8-bit floats, 4-bit integers.
bool ToDType(int32_t onnx_type, DType* dtype);
// True for 4-bit integers: tensors of them are unpacked into bytes of type *dtype.
bool UnpackedType(int32_t onnx_type, DType* dtype);
// "float16", "string": ONNX's name of a type, for messages.
std::string OnnxTypeName(int32_t onnx_type);

// Moves the tensor's bytes out of it where they are stored as they lie in memory, else converts
// them. Errors name no tensor: the caller does.
Result<Weight> TakeTensor(TensorProto& tensor, ExternalFiles& files);
// The dense form of a sparse tensor.
Result<Weight> DensifyTensor(pare::onnx::SparseTensorProto& sparse, ExternalFiles& files);

}  // namespace pare::converter
