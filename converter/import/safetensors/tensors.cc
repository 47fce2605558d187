#include "converter/import/safetensors/tensors.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "converter/import/mapped_file.h"
#include "converter/import/safetensors/json.h"

namespace pare::converter {
namespace {

constexpr uint64_t kLongestHeader = 100'000'000;  // the format's own limit

struct TypeName {
  const char* name;
  DType dtype;
};
constexpr TypeName kTypes[] = {{"F32", DType::kF32},  {"F16", DType::kF16}, {"BF16", DType::kBF16},
                               {"F64", DType::kF64},  {"I8", DType::kI8},   {"U8", DType::kU8},
                               {"I16", DType::kI16},  {"U16", DType::kU16}, {"I32", DType::kI32},
                               {"U32", DType::kU32},  {"I64", DType::kI64}, {"U64", DType::kU64},
                               {"BOOL", DType::kBool}};

bool FindType(const std::string& name, DType* dtype) {
  for (const TypeName& type : kTypes) {
    if (name == type.name) {
      *dtype = type.dtype;
      return true;
    }
  }
  return false;
}

bool ReadShape(const Json& list, Shape* shape) {
  if (!list.is_array()) return false;
  for (const Json& dim : list) {
    if (!dim.is_number_unsigned() || dim.get<uint64_t>() >> 62 != 0) return false;
    if (!shape->Push(static_cast<int64_t>(dim.get<uint64_t>()))) return false;
  }
  return true;
}

// One entry of the header; `payload` is what follows it in the file.
Result<Weight> ReadEntry(const Json& entry, const Bytes& file, uint64_t payload,
                         std::pair<uint64_t, uint64_t>* range) {
  if (!entry.is_object()) return Error(Code::kCorrupt, "its entry is no JSON object");
  Weight w;
  const std::string type = StringOr(entry, "dtype", "");
  if (!FindType(type, &w.dtype))
    return Error(Code::kUnsupported, "element type '" + type + "' is not supported");
  const auto shape = entry.find("shape"), offsets = entry.find("data_offsets");
  if (shape == entry.end() || !ReadShape(*shape, &w.shape))
    return Error(Code::kCorrupt, "its shape is broken, or has more than 8 dimensions");
  if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2 ||
      !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned())
    return Error(Code::kCorrupt, "its data_offsets are broken");
  const auto begin = (*offsets)[0].get<uint64_t>(), end = (*offsets)[1].get<uint64_t>();
  if (begin > end || end > file.size - payload)
    return Error(Code::kCorrupt, "its bytes lie outside the file; was it downloaded whole?");
  uint64_t bytes = 0;
  if (!CheckedBytes(w.shape, SizeOf(w.dtype), &bytes) || bytes != end - begin)
    return Error(Code::kCorrupt, "its shape does not match its number of bytes");
  w.bytes = ViewOf(file, payload + begin, static_cast<size_t>(bytes));
  *range = {begin, end};
  return w;
}

Result<std::vector<std::string>> ListShards(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const std::string whole = "model.safetensors", index = whole + ".index.json";
  if (fs::exists(folder / whole, error)) return std::vector<std::string>{whole};
  if (fs::exists(folder / index, error)) {
    const Json json = PARE_TRY(ReadJson(folder / index));
    const auto map = json.find("weight_map");
    if (map == json.end() || !map->is_object())
      return Error(Code::kCorrupt, (folder / index).string() + ": has no weight_map");
    std::set<std::string> names;
    for (const Json& file : *map) {
      // A name from a file must not lead out of the folder.
      if (!file.is_string() || file.get_ref<const std::string&>().find('/') != std::string::npos)
        return Error(Code::kCorrupt, (folder / index).string() + ": names a file elsewhere");
      names.insert(file.get<std::string>());
    }
    return std::vector<std::string>(names.begin(), names.end());
  }
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") found.push_back(entry.path().filename());
  }
  if (found.size() == 1) return found;
  if (fs::exists(folder / "pytorch_model.bin", error))
    return Error(Code::kUnsupported, folder.string() +
                                         ": pytorch_model.bin is a pickle, which Pare does not "
                                         "run; save the model with safe_serialization=True");
  return Error(Code::kNotFound, folder.string() + ": has no model.safetensors");
}

}  // namespace

Result<TensorMap> ParseSafetensors(const Bytes& file, const std::string& name) {
  uint64_t length = 0;
  if (file.size >= 8) std::memcpy(&length, file.data, 8);
  if (file.size < 8 || length > kLongestHeader || length > file.size - 8)
    return Error(Code::kCorrupt, name + ": is no safetensors file, or is cut short");
  const Json header = PARE_TRY(
      ParseJson(reinterpret_cast<const char*>(file.data) + 8, static_cast<size_t>(length), name));
  if (!header.is_object()) return Error(Code::kCorrupt, name + ": its header is no JSON object");
  TensorMap tensors;
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto& [tensor, entry] : header.items()) {
    if (tensor == "__metadata__") continue;
    std::pair<uint64_t, uint64_t> range;
    Result<Weight> weight = ReadEntry(entry, file, 8 + length, &range);
    if (!weight.ok()) {
      return Error(weight.status().code,
                   name + ": tensor '" + tensor + "': " + weight.status().message);
    }
    weight->name = tensor;
    tensors.emplace(tensor, std::move(weight).value());
    if (range.first != range.second) ranges.push_back(range);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second)
      return Error(Code::kCorrupt, name + ": tensors overlap");
  }
  return tensors;
}

Result<TensorMap> ReadSafetensorsFolder(const std::filesystem::path& folder) {
  const std::vector<std::string> shards = PARE_TRY(ListShards(folder));
  TensorMap all;
  for (const std::string& shard : shards) {
    const std::filesystem::path path = folder / shard;
    const Bytes file = PARE_TRY(MapFile(path));
    TensorMap tensors = PARE_TRY(ParseSafetensors(file, path.string()));
    all.merge(tensors);
    if (!tensors.empty()) {
      return Error(Code::kCorrupt, path.string() + ": tensor '" + tensors.begin()->first +
                                       "' is in another shard, too");
    }
  }
  return all;
}

Result<Weight> ToFloat(const Weight& tensor) {
  float* to;
  Weight result = Weight::Make<float>(tensor.name, tensor.shape, &to);
  const std::byte* from = tensor.bytes.data;
  const auto count = static_cast<size_t>(tensor.shape.Elements());
  const auto convert = [&](auto element, auto function) {
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(&element, from + i * sizeof element, sizeof element);
      to[i] = function(element);
    }
  };
  switch (tensor.dtype) {
    case DType::kF32: convert(float{}, [](float v) { return v; }); break;
    case DType::kF64: convert(double{}, [](double v) { return static_cast<float>(v); }); break;
    case DType::kF16: convert(uint16_t{}, HalfToFloat); break;
    case DType::kBF16: convert(uint16_t{}, Bfloat16ToFloat); break;
    default:
      return Error(Code::kUnsupported, "tensor '" + tensor.name + "' has type " +
                                           NameOf(tensor.dtype) + "; weights must be floats");
  }
  return result;
}

}  // namespace pare::converter
