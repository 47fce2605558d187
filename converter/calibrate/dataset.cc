#include "converter/calibrate/dataset.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "converter/import/mapped_file.h"
#include "converter/import/safetensors/tensors.h"
#include "converter/report/table.h"

namespace pare::converter {
namespace {

namespace fs = std::filesystem;
using tools::Array;

bool IsDataFile(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".npz" || extension == ".npy" || extension == ".safetensors";
}

Result<std::vector<Array>> ReadFile(const fs::path& path) {
  std::vector<Array> arrays;
  if (path.extension() != ".safetensors") {
    const tools::ToolResult read = tools::ReadArrays(path.string(), &arrays);
    if (!read.ok()) return Error(Code::kIo, read.error);
    return arrays;
  }
  const Bytes file = PARE_TRY(MapFile(path));
  for (const auto& [name, tensor] : PARE_TRY(ParseSafetensors(file, path.string()))) {
    Array array{name, tensor.dtype, tensor.shape, {}};
    array.data.assign(tensor.bytes.data, tensor.bytes.data + tensor.bytes.size);
    arrays.push_back(std::move(array));
  }
  return arrays;
}

std::string NamesOf(const Graph& graph) {
  std::string names;
  for (ValueId v : graph.inputs) names += (names.empty() ? "" : ", ") + graph.values[v].name;
  return names;
}

// The array of each input.
Result<std::vector<const Array*>> Match(const Graph& graph, const std::vector<Array>& arrays) {
  std::vector<const Array*> matched;
  for (ValueId v : graph.inputs) {
    const Array* array = FindArray(arrays, graph.values[v].name);
    // A .npy file has no name of its own.
    if (array == nullptr && arrays.size() == 1 && graph.inputs.size() == 1) array = &arrays[0];
    if (array == nullptr)
      return Error(Code::kNotFound, "no array is named as input '" + graph.values[v].name +
                                        "'; the inputs are " + NamesOf(graph));
    matched.push_back(array);
  }
  for (const Array& array : arrays) {
    if (std::find(matched.begin(), matched.end(), &array) == matched.end())
      return Error(
          Code::kNotFound,
          "array '" + array.name + "' is no input of the model; the inputs are " + NamesOf(graph));
  }
  return matched;
}

Status CheckFinite(const Array& array) {
  if (array.dtype != DType::kF32) return Ok();
  for (size_t at = 0; at < array.data.size(); at += sizeof(float)) {
    float x;
    std::memcpy(&x, &array.data[at], sizeof x);
    if (!std::isfinite(x))
      return Error(Code::kCorrupt, "array '" + array.name + "' has " +
                                       (std::isnan(x) ? "NaN" : "an infinity") + " at element " +
                                       std::to_string(at / sizeof x));
  }
  return Ok();
}

// An array as equal pieces.
struct Pieces {
  const Array* array;
  Shape shape;  // of a piece
  int64_t count;

  Array At(int64_t i, const std::string& name) const {
    Array part{name, array->dtype, shape, {}};
    const size_t bytes = array->data.size() / static_cast<size_t>(count);
    const std::byte* begin = array->data.data() + static_cast<size_t>(count > 1 ? i : 0) * bytes;
    part.data.assign(begin, begin + bytes);
    return part;
  }
};

template <class Wanted>
std::string TextOf(int rank, const Wanted& wanted) {
  Shape shape;
  for (int axis = 0; axis < rank; ++axis) (void)shape.Push(wanted(axis));
  return ShapeText(shape);
}

Result<Pieces> CutArray(const Value& input, const Array& array) {
  if (array.dtype != input.dtype)
    return Error(Code::kShape, "array '" + array.name + "' is " + NameOf(array.dtype) +
                                   ", input '" + input.name + "' is " + NameOf(input.dtype));
  const auto rank = input.dims.empty() ? input.shape.rank : static_cast<int>(input.dims.size());
  const auto wanted = [&](int axis) {
    return input.dims.empty() ? input.shape[axis] : input.dims[static_cast<size_t>(axis)].value;
  };
  const Status misfit =
      Error(Code::kShape, "array '" + array.name + "' is " + ShapeText(array.shape) +
                              ", which is neither the shape of input '" + input.name + "', " +
                              TextOf(rank, wanted) + ", nor that of several samples of it");
  const int extra = array.shape.rank - rank;
  if (extra != 0 && extra != 1) return misfit;
  Pieces pieces{&array, {}, 1};
  for (int i = extra; i < array.shape.rank; ++i) (void)pieces.shape.Push(array.shape[i]);
  if (extra == 1) {
    pieces.count = array.shape[0];
  } else if (rank > 0) {
    const int64_t length = wanted(0) > 0 ? wanted(0) : 1;
    if (array.shape[0] % length != 0) return misfit;
    pieces.count = array.shape[0] / length;
    pieces.shape[0] = length;
  }
  for (int i = 0; i < rank; ++i) {
    if (wanted(i) >= 0 && wanted(i) != pieces.shape[i]) return misfit;
  }
  if (array.shape.Elements() == 0)
    return Error(Code::kShape,
                 "array '" + array.name + "' is empty: there is nothing to calibrate with");
  return pieces;
}

}  // namespace

Result<Dataset> Dataset::Read(const fs::path& path) {
  std::vector<fs::path> paths;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (IsDataFile(entry.path())) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    if (paths.empty())
      return Error(Code::kNotFound,
                   path.string() + ": the folder has no .npz, .npy or .safetensors file");
  } else {
    paths.push_back(path);
  }
  std::vector<std::vector<Array>> files;
  files.reserve(paths.size());
  for (const fs::path& file : paths) files.push_back(PARE_TRY(ReadFile(file)));
  return Dataset(std::move(files));
}

Result<std::vector<Sample>> Dataset::Cut(const Graph& graph) const {
  std::vector<Sample> samples;
  for (const std::vector<Array>& file : files_) {
    const std::vector<const Array*> arrays = PARE_TRY(Match(graph, file));
    std::vector<Pieces> inputs;
    int64_t count = 1;
    for (size_t i = 0; i < arrays.size(); ++i) {
      PARE_TRY(CheckFinite(*arrays[i]));
      inputs.push_back(PARE_TRY(CutArray(graph.values[graph.inputs[i]], *arrays[i])));
      count = std::max(count, inputs.back().count);
    }
    for (const Pieces& input : inputs) {
      if (input.count != 1 && input.count != count)
        return Error(Code::kShape, "array '" + input.array->name + "' holds " +
                                       std::to_string(input.count) + " samples, another " +
                                       std::to_string(count));
    }
    for (int64_t s = 0; s < count; ++s) {
      Sample sample;
      for (size_t i = 0; i < inputs.size(); ++i)
        sample.push_back(inputs[i].At(s, graph.values[graph.inputs[i]].name));
      samples.push_back(std::move(sample));
    }
  }
  if (samples.empty()) return Error(Code::kNotFound, "there is no calibration data");
  return samples;
}

}  // namespace pare::converter
