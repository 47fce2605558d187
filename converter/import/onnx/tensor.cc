#include "converter/import/onnx/tensor.h"

#include <algorithm>
#include <cstring>

#include "runtime/core/tensor.h"

namespace pare::converter {

namespace {

// The most that a tensor may grow to where its size is not that of bytes in the file.
constexpr uint64_t kMaxDenseBytes = uint64_t{1} << 30;

// Of TensorProto.DataType; older copies of ONNX's definition have no name for them.
constexpr int32_t kUint4 = 21, kInt4 = 22;

struct TypeRow {
  const char* name;
  bool supported;
  DType dtype;
};
// By number of TensorProto.DataType.
constexpr TypeRow kTypes[] = {
    {"undefined", false, DType::kF32},
    {"float", true, DType::kF32},
    {"uint8", true, DType::kU8},
    {"int8", true, DType::kI8},
    {"uint16", true, DType::kU16},
    {"int16", true, DType::kI16},
    {"int32", true, DType::kI32},
    {"int64", true, DType::kI64},
    {"string", false, DType::kF32},
    {"bool", true, DType::kBool},
    {"float16", true, DType::kF16},
    {"double", true, DType::kF64},
    {"uint32", true, DType::kU32},
    {"uint64", true, DType::kU64},
    {"complex64", false, DType::kF32},
    {"complex128", false, DType::kF32},
    {"bfloat16", true, DType::kBF16},
    {"float8e4m3fn", false, DType::kF32},
    {"float8e4m3fnuz", false, DType::kF32},
    {"float8e5m2", false, DType::kF32},
    {"float8e5m2fnuz", false, DType::kF32},
    {"uint4", false, DType::kF32},
    {"int4", false, DType::kF32},
    {"float4e2m1", false, DType::kF32},
};

// Whole values per element stored in a repeated field, narrowed to the element's bytes (ONNX keeps
// small integers and the bits of halves in int32_data).
template <class Field>
Result<Bytes> Narrow(const Field& field, uint64_t bytes, size_t element_size) {
  if (static_cast<uint64_t>(field.size()) * element_size != bytes)
    return Malformed("it has " + std::to_string(field.size()) +
                     " elements, not as many as its shape says");
  std::byte* out;
  Bytes result = Bytes::Allocate(bytes, &out);
  if (sizeof(typename Field::value_type) == element_size) {
    if (bytes != 0) std::memcpy(out, field.data(), bytes);
  } else {
    for (int i = 0; i < field.size(); ++i)
      std::memcpy(out + static_cast<size_t>(i) * element_size, &field[i], element_size);
  }
  return result;
}

Result<Bytes> ExternalBytes(const TensorProto& tensor, uint64_t bytes, ExternalFiles& files) {
  std::string location;
  uint64_t offset = 0;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const std::string& text = entry.value();
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
      return Malformed("its external " + entry.key() + " '" + text + "' is no number");
    const uint64_t number = std::stoull(text);
    if (entry.key() == "offset") offset = number;
    if (entry.key() == "length" && number != bytes)
      return Malformed("its external length " + text + " is not the " + std::to_string(bytes) +
                       " bytes of its shape");
  }
  Bytes view = PARE_TRY(files.View(location, offset, static_cast<int64_t>(bytes)));
  if (reinterpret_cast<uintptr_t>(view.data) % 8 == 0) return view;
  std::byte* aligned;
  Bytes copy = Bytes::Allocate(view.size, &aligned);
  std::memcpy(aligned, view.data, view.size);
  return copy;
}

Result<Bytes> TakeBytes(TensorProto& tensor, DType dtype, uint64_t bytes, ExternalFiles& files) {
  if (tensor.data_location() == TensorProto::EXTERNAL) return ExternalBytes(tensor, bytes, files);
  if (tensor.has_raw_data()) {
    if (tensor.raw_data().size() != bytes)
      return Malformed("it has " + std::to_string(tensor.raw_data().size()) +
                       " bytes of data, its shape needs " + std::to_string(bytes));
    auto raw = std::shared_ptr<const std::string>(tensor.release_raw_data());
    Bytes result;
    result.data = reinterpret_cast<const std::byte*>(raw->data());
    result.size = bytes;
    result.keeper = std::move(raw);
    return result;
  }
  const size_t size = SizeOf(dtype);
  switch (dtype) {
    case DType::kF32: return Narrow(tensor.float_data(), bytes, size);
    case DType::kF64: return Narrow(tensor.double_data(), bytes, size);
    case DType::kI64: return Narrow(tensor.int64_data(), bytes, size);
    case DType::kU32:
    case DType::kU64: return Narrow(tensor.uint64_data(), bytes, size);
    default: return Narrow(tensor.int32_data(), bytes, size);
  }
}

// Any byte but 0 is true; C++ knows only 1.
void NormalizeBools(Bytes* bytes) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes->data);
  if (std::all_of(p, p + bytes->size, [](uint8_t b) { return b <= 1; })) return;
  std::byte* out;
  Bytes fixed = Bytes::Allocate(bytes->size, &out);
  for (size_t i = 0; i < bytes->size; ++i) out[i] = std::byte{p[i] != 0};
  *bytes = std::move(fixed);
}

// Two elements a byte, the first in the low half.
Bytes Unpacked(const Bytes& packed, uint64_t count, bool is_signed) {
  constexpr int kSign = 8;
  std::byte* out;
  Bytes result = Bytes::Allocate(count, &out);
  for (uint64_t i = 0; i < count; ++i) {
    const int nibble = std::to_integer<int>(packed.data[i / 2]) >> (i % 2 * 4) & 15;
    out[i] = static_cast<std::byte>(is_signed ? (nibble ^ kSign) - kSign : nibble);
  }
  return result;
}

template <class Dims>
Status ReadDims(const Dims& dims, DType dtype, Shape* shape, uint64_t* bytes) {
  for (int64_t dim : dims) {
    if (!shape->Push(dim))
      return Unsupported("it has more than " + std::to_string(kMaxRank) + " dimensions");
  }
  if (!CheckedBytes(*shape, SizeOf(dtype), bytes))
    return Malformed("its shape has a negative dimension or is too large");
  return Ok();
}

}  // namespace

bool ToDType(int32_t onnx_type, DType* dtype) {
  if (onnx_type < 0 || onnx_type >= static_cast<int32_t>(std::size(kTypes))) return false;
  *dtype = kTypes[onnx_type].dtype;
  return kTypes[onnx_type].supported;
}

std::string OnnxTypeName(int32_t onnx_type) {
  if (onnx_type < 0 || onnx_type >= static_cast<int32_t>(std::size(kTypes)))
    return "number " + std::to_string(onnx_type);
  return kTypes[onnx_type].name;
}

bool UnpackedType(int32_t onnx_type, DType* dtype) {
  if (onnx_type != kUint4 && onnx_type != kInt4) return false;
  *dtype = onnx_type == kInt4 ? DType::kI8 : DType::kU8;
  return true;
}

Result<Weight> TakeTensor(TensorProto& tensor, ExternalFiles& files) {
  Weight weight;
  weight.name = tensor.name();
  const bool four_bit = UnpackedType(tensor.data_type(), &weight.dtype);
  if (!four_bit && !ToDType(tensor.data_type(), &weight.dtype))
    return Unsupported("its element type " + OnnxTypeName(tensor.data_type()) +
                       " is not supported");
  if (tensor.has_segment())
    return Unsupported("it is stored in segments, which ONNX no longer does");
  uint64_t bytes;
  PARE_TRY(ReadDims(tensor.dims(), weight.dtype, &weight.shape, &bytes));
  if (four_bit) {
    const Bytes packed = PARE_TRY(TakeBytes(tensor, weight.dtype, (bytes + 1) / 2, files));
    weight.bytes = Unpacked(packed, bytes, weight.dtype == DType::kI8);
    return weight;
  }
  weight.bytes = PARE_TRY(TakeBytes(tensor, weight.dtype, bytes, files));
  if (weight.dtype == DType::kBool) NormalizeBools(&weight.bytes);
  return weight;
}

Result<Weight> DensifyTensor(pare::onnx::SparseTensorProto& sparse, ExternalFiles& files) {
  const Weight values = PARE_TRY(TakeTensor(*sparse.mutable_values(), files));
  const Weight indices = PARE_TRY(TakeTensor(*sparse.mutable_indices(), files));
  Weight dense;
  dense.name = values.name;
  dense.dtype = values.dtype;
  uint64_t bytes;
  PARE_TRY(ReadDims(sparse.dims(), dense.dtype, &dense.shape, &bytes));
  if (bytes > kMaxDenseBytes)
    return Unsupported("it would take " + std::to_string(bytes) + " bytes in dense form");
  const int64_t count = values.shape.Elements();
  const bool linear = indices.shape.rank == 1;
  const int rank = linear ? 1 : dense.shape.rank;
  if (indices.dtype != DType::kI64 || values.shape.rank != 1 ||
      (!linear && (indices.shape.rank != 2 || indices.shape[1] != rank)) ||
      indices.shape[0] != count)
    return Malformed("its sparse values and indices do not fit each other");
  std::byte* out;
  dense.bytes = Bytes::Allocate(bytes, &out);
  const size_t size = SizeOf(dense.dtype);
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = 0;
    for (int d = 0; d < rank; ++d) {
      int64_t index;
      std::memcpy(&index, indices.bytes.data + (i * rank + d) * 8, 8);
      const int64_t limit = linear ? dense.shape.Elements() : dense.shape[d];
      if (index < 0 || index >= limit)
        return Malformed("one of its sparse indices is out of range");
      offset = linear ? index : offset * limit + index;
    }
    std::memcpy(out + static_cast<size_t>(offset) * size,
                values.bytes.data + static_cast<size_t>(i) * size, size);
  }
  return dense;
}

}  // namespace pare::converter
