#include "runtime/tools/npy.h"

#include <cctype>
#include <cstdlib>
#include <cstring>

namespace pare::tools {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicBytes = 6;

struct TypeName {
  const char* numpy;  // without the byte order
  DType dtype;
};
constexpr TypeName kTypes[] = {{"f2", DType::kF16}, {"f4", DType::kF32}, {"f8", DType::kF64},
                               {"i1", DType::kI8},  {"i2", DType::kI16}, {"i4", DType::kI32},
                               {"i8", DType::kI64}, {"u1", DType::kU8},  {"u2", DType::kU16},
                               {"u4", DType::kU32}, {"u8", DType::kU64}, {"b1", DType::kBool}};

// Text after `key` and its colon in the header's Python dictionary, or null.
const char* ValueOf(const std::string& header, const char* key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const size_t at = header.find(quoted);
    if (at == std::string::npos) continue;
    const char* p = header.c_str() + at + quoted.size();
    while (std::isspace(static_cast<unsigned char>(*p))) ++p;
    if (*p++ != ':') return nullptr;
    while (std::isspace(static_cast<unsigned char>(*p))) ++p;
    return p;
  }
  return nullptr;
}

ToolResult ParseType(const char* text, DType* dtype) {
  if (text == nullptr || (*text != '\'' && *text != '"'))
    return Failure("has no plain element type (structured arrays are not supported)");
  const char* end = std::strchr(text + 1, *text);
  if (end == nullptr) return Failure("has a broken header");
  std::string name(text + 1, end);
  if (!name.empty() && name[0] == '>' && name.size() > 1 && name.back() != '1')
    return Failure("is big-endian; save it with a little-endian type");
  if (!name.empty() && std::strchr("<|=>", name[0]) != nullptr) name.erase(0, 1);
  if (name == "?") name = "b1";
  for (const TypeName& type : kTypes) {
    if (name == type.numpy) {
      *dtype = type.dtype;
      return Success();
    }
  }
  return Failure("has element type '" + name + "', which has no counterpart here");
}

ToolResult ParseShape(const char* p, Shape* shape) {
  if (p == nullptr || *p++ != '(') return Failure("has a broken shape");
  while (true) {
    while (std::isspace(static_cast<unsigned char>(*p)) || *p == ',') ++p;
    if (*p == ')') return Success();
    char* end;
    if (!std::isdigit(static_cast<unsigned char>(*p))) return Failure("has a broken shape");
    const long long dim = std::strtoll(p, &end, 10);
    if (dim < 0) return Failure("has a broken shape");
    if (!shape->Push(dim)) return Failure("has more than 8 dimensions");
    p = *end == 'L' ? end + 1 : end;
  }
}

// Elements in Fortran order to C order.
std::vector<std::byte> FromFortran(const std::byte* source, const Shape& shape, size_t size) {
  std::vector<std::byte> result(static_cast<size_t>(shape.Elements()) * size);
  int64_t index[kMaxRank] = {};
  for (size_t offset = 0; offset < result.size(); offset += size) {
    int64_t from = 0;
    for (int d = shape.rank - 1; d >= 0; --d) from = from * shape[d] + index[d];
    std::memcpy(result.data() + offset, source + static_cast<size_t>(from) * size, size);
    for (int d = shape.rank - 1; d >= 0 && ++index[d] == shape[d]; --d) index[d] = 0;
  }
  return result;
}

// The text of the header, and where the elements start.
ToolResult ReadHeader(Span<const std::byte> file, std::string* header, size_t* payload) {
  if (file.size < 10 || std::memcmp(file.data, kMagic, kMagicBytes) != 0)
    return Failure("is no .npy file");
  const auto* bytes = reinterpret_cast<const uint8_t*>(file.data);
  const int version = bytes[6];
  if (version < 1 || version > 3) return Failure("has an unknown .npy version");
  size_t length = bytes[8] | static_cast<size_t>(bytes[9]) << 8;
  size_t start = 10;
  if (version > 1) {
    if (file.size < 12) return Failure("ends inside its header");
    length |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
    start = 12;
  }
  if (length > file.size - start) return Failure("ends inside its header");
  header->assign(reinterpret_cast<const char*>(file.data) + start, length);
  *payload = start + length;
  return Success();
}

}  // namespace

ToolResult ParseNpy(Span<const std::byte> file, Array* array) {
  std::string header;
  size_t payload = 0;
  if (ToolResult r = ReadHeader(file, &header, &payload); !r.ok()) return r;
  array->shape = Shape();
  if (ToolResult r = ParseType(ValueOf(header, "descr"), &array->dtype); !r.ok()) return r;
  if (ToolResult r = ParseShape(ValueOf(header, "shape"), &array->shape); !r.ok()) return r;
  const char* order = ValueOf(header, "fortran_order");
  if (order == nullptr) return Failure("has a broken header");
  uint64_t bytes = 0;
  const size_t size = SizeOf(array->dtype);
  if (!CheckedBytes(array->shape, size, &bytes) || bytes > file.size - payload)
    return Failure("ends before its last element");
  const std::byte* data = file.data + payload;
  if (std::strncmp(order, "True", 4) == 0 && array->shape.rank > 1) {
    array->data = FromFortran(data, array->shape, size);
  } else {
    array->data.assign(data, data + bytes);
  }
  return Success();
}

std::vector<std::byte> FormatNpy(const Array& array) {
  uint64_t expected = 0;
  if (!CheckedBytes(array.shape, SizeOf(array.dtype), &expected) || expected != array.data.size())
    return {};
  const bool widen = array.dtype == DType::kBF16;
  const DType dtype = widen ? DType::kF32 : array.dtype;
  std::string header = "{'descr': '";
  header += SizeOf(dtype) == 1 ? '|' : '<';
  for (const TypeName& type : kTypes) {
    if (type.dtype == dtype) header += type.numpy;
  }
  header += "', 'fortran_order': False, 'shape': (";
  for (int d = 0; d < array.shape.rank; ++d)
    header += std::to_string(array.shape[d]) + (d == 0 || d + 1 < array.shape.rank ? "," : "");
  header += "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';

  const size_t start = 10 + header.size();
  std::vector<std::byte> file(start + (widen ? 2 : 1) * array.data.size());
  std::memcpy(file.data(), kMagic, kMagicBytes);
  file[6] = std::byte{1};
  file[8] = static_cast<std::byte>(header.size() & 0xff);
  file[9] = static_cast<std::byte>(header.size() >> 8);
  std::memcpy(file.data() + 10, header.data(), header.size());
  std::byte* data = file.data() + start;
  if (!widen) {
    if (!array.data.empty()) std::memcpy(data, array.data.data(), array.data.size());
    return file;
  }
  for (size_t i = 0; i < array.data.size() / 2; ++i) {
    uint16_t b;
    std::memcpy(&b, array.data.data() + 2 * i, 2);
    const float f = Bfloat16ToFloat(b);
    std::memcpy(data + 4 * i, &f, 4);
  }
  return file;
}

}  // namespace pare::tools
