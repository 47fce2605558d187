#include "tests/conformance/case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "converter/import/import.h"
#include "converter/import/onnx/tensor.h"
#include "converter/passes/pass.h"
#include "converter/write/write_model.h"
#include "runtime/session/session.h"

namespace pare::conformance {

namespace {

using converter::Graph;
using converter::Weight;

// As ONNX's own runner compares. bfloat16, which it does not compare, was cut off instead of
// rounded when the data was made: one unit in the last place.
constexpr double kRelative = 1e-3, kAbsolute = 1e-7, kBfloat16Relative = 1.0 / 128;
constexpr size_t kMaxHintBytes = 512;

std::vector<Weight> ReadTensors(const std::filesystem::path& folder, const std::string& kind,
                                std::string* error) {
  std::vector<Weight> tensors;
  for (int i = 0;; ++i) {
    const auto path = folder / (kind + "_" + std::to_string(i) + ".pb");
    if (!std::filesystem::exists(path)) return tensors;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    pare::onnx::TensorProto proto;
    converter::ExternalFiles none("");
    if (!proto.ParseFromString(bytes)) {
      *error = "cannot parse " + path.filename().string();
      return tensors;
    }
    auto tensor = converter::TakeTensor(proto, none);
    if (!tensor.ok()) {
      *error = path.filename().string() + ": " + tensor.status().message;
      return tensors;
    }
    tensors.push_back(std::move(*tensor));
  }
}

// numpy has no bfloat16: the data has its bits as u16 where the model says bf16.
bool SameType(DType model, DType data) {
  return model == data || (model == DType::kBF16 && data == DType::kU16);
}

double FloatAt(const void* data, DType dtype, int64_t i) {
  uint16_t bits = 0;
  switch (dtype) {
    case DType::kF64: return static_cast<const double*>(data)[i];
    case DType::kF32: return static_cast<const float*>(data)[i];
    default:
      std::memcpy(&bits, static_cast<const char*>(data) + 2 * i, 2);
      return dtype == DType::kF16 ? HalfToFloat(bits) : Bfloat16ToFloat(bits);
  }
}

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank; ++i) text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

std::string Compare(const Tensor& actual, const Weight& expected, size_t output) {
  const std::string where = "output " + std::to_string(output);
  if (!SameType(actual.dtype, expected.dtype))
    return where + " is " + NameOf(actual.dtype) + " instead of " + NameOf(expected.dtype);
  if (actual.shape != expected.shape)
    return where + " has shape " + ShapeText(actual.shape) + " instead of " +
           ShapeText(expected.shape);
  const int64_t count = expected.shape.Elements();
  const size_t size = SizeOf(expected.dtype);
  const double relative = actual.dtype == DType::kBF16 ? kBfloat16Relative : kRelative;
  for (int64_t i = 0; i < count; ++i) {
    const auto* a = static_cast<const std::byte*>(actual.data) + static_cast<size_t>(i) * size;
    const std::byte* b = expected.bytes.data + static_cast<size_t>(i) * size;
    if (std::memcmp(a, b, size) == 0) continue;
    const std::string at = where + " differs at " + std::to_string(i);
    if (!IsFloat(actual.dtype)) return at;
    const double x = FloatAt(actual.data, actual.dtype, i);
    const double y = FloatAt(expected.bytes.data, actual.dtype, i);
    if (std::isnan(x) && std::isnan(y)) continue;
    if (x == y || std::fabs(x - y) <= kAbsolute + relative * std::fabs(y)) continue;
    return at + ": " + std::to_string(x) + " instead of " + std::to_string(y);
  }
  return "";
}

// The optimised model, written and opened as a device would.
struct Opened {
  converter::Bytes file;
  std::unique_ptr<Model> model;
};

std::string Describe(Status status, const Model* model) {
  char text[512];
  (void)DescribeStatus(status, model, nullptr, text, sizeof text);
  return text;
}

std::string WriteAndOpen(const Graph& graph, Opened* opened) {
  converter::MemorySink sink;
  const converter::Status written = converter::WriteModel(graph, sink);
  if (!written.ok()) return written.message;
  std::byte* copy;
  opened->file = converter::Bytes::Allocate(sink.bytes().size(), &copy);
  std::memcpy(copy, sink.bytes().data(), sink.bytes().size());
  auto model = Model::Open({copy, sink.bytes().size()});
  if (!model.ok()) return Describe(model.status(), nullptr);
  opened->model = std::make_unique<Model>(std::move(model).value());
  return "";
}

struct Running {
  converter::Bytes arena;
  std::unique_ptr<Session> session;
};

Status Create(const Model& model, const SessionConfig& config, Running* running) {
  const MemoryNeeds needs = PARE_TRY(Session::Measure(model, config));
  std::byte* arena;
  running->arena = converter::Bytes::Allocate(static_cast<size_t>(needs.arena_bytes), &arena);
  auto session = Session::Create(model, config, {arena, static_cast<size_t>(needs.arena_bytes)});
  if (session.ok()) running->session = std::make_unique<Session>(std::move(session).value());
  return session.status();
}

// Sizes that only values tell are given beforehand, as pare-run does: integers first.
Status Start(const Model& model, const Graph& graph, const std::vector<Weight>& inputs,
             Running* running) {
  std::vector<InputHint> hints;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const converter::Value& value = graph.values[static_cast<size_t>(graph.inputs[i])];
    hints.push_back({value.name.c_str(), &inputs[i].shape, nullptr});
  }
  SessionConfig config;
  config.inputs = {hints.data(), hints.size()};
  Status status = Create(model, config, running);
  for (const bool floats : {false, true}) {
    if (status.code != Code::kUnknownSize) break;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].bytes.size <= kMaxHintBytes && (floats || !IsFloat(inputs[i].dtype)))
        hints[i].values = inputs[i].bytes.data;
    }
    status = Create(model, config, running);
  }
  return status;
}

std::string RunDataSet(const Model& model, const Graph& graph,
                       const std::filesystem::path& folder) {
  std::string error;
  const std::vector<Weight> inputs = ReadTensors(folder, "input", &error);
  if (!error.empty()) return error;
  const std::vector<Weight> outputs = ReadTensors(folder, "output", &error);
  if (!error.empty()) return error;
  if (inputs.size() != graph.inputs.size()) return "another number of inputs than data";
  Running running;
  Status status = Start(model, graph, inputs, &running);
  if (!status.ok()) return Describe(status, &model);
  Session& session = *running.session;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = session.input(static_cast<uint32_t>(i));
    if (!SameType(input.dtype, inputs[i].dtype) || input.shape != inputs[i].shape)
      return "input " + std::to_string(i) + " has another type or shape than its data";
    if (inputs[i].bytes.size != 0)
      std::memcpy(input.data, inputs[i].bytes.data, inputs[i].bytes.size);
  }
  status = session.Run();
  if (!status.ok()) return Describe(status, &model);
  if (outputs.size() != session.output_count()) return "another number of outputs than expected";
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string difference = Compare(session.output(static_cast<uint32_t>(i)), outputs[i], i);
    if (!difference.empty()) return difference;
  }
  return "";
}

}  // namespace

std::string RunCase(const std::filesystem::path& folder) {
  auto graph = converter::Import(folder / "model.onnx", {});
  if (!graph.ok()) return graph.status().message;
  std::vector<converter::PassRecord> records;
  const converter::Status optimised = converter::RunPipeline(*graph, {}, &records);
  if (!optimised.ok()) return optimised.message;
  Opened opened;
  const std::string wrong = WriteAndOpen(*graph, &opened);
  if (!wrong.empty()) return wrong;
  int sets = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    ++sets;
    const std::string error = RunDataSet(*opened.model, *graph, entry.path());
    if (!error.empty()) return error;
  }
  return sets == 0 ? "it has no data" : "";
}

}  // namespace pare::conformance
