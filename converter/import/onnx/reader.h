// Bytes of an ONNX file as its message, and the files of external weights beside it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "converter/ir/graph.h"
#include "converter/ir/status.h"
#include "pare_onnx.pb.h"
#include "runtime/core/span.h"

namespace pare::converter {

using ModelProto = pare::onnx::ModelProto;
using GraphProto = pare::onnx::GraphProto;
using NodeProto = pare::onnx::NodeProto;
using TensorProto = pare::onnx::TensorProto;
using AttributeProto = pare::onnx::AttributeProto;
using FunctionProto = pare::onnx::FunctionProto;
using ValueInfoProto = pare::onnx::ValueInfoProto;
using TypeProto = pare::onnx::TypeProto;

// An error about what the file asks for; callers add the names of node and file.
inline Status Unsupported(std::string reason) {
  return Error(Code::kUnsupported, std::move(reason));
}
inline Status Malformed(std::string reason) { return Error(Code::kCorrupt, std::move(reason)); }

// kIo, or kCorrupt where the bytes are no ONNX model.
Result<std::unique_ptr<ModelProto>> ReadModelFile(const std::filesystem::path& path);
Result<std::unique_ptr<ModelProto>> ParseModel(Span<const std::byte> bytes);

// Maps each file of external data once. Names come from the model and are not trusted: they must
// stay below the model's folder.
class ExternalFiles {
 public:
  // An empty folder refuses every file.
  explicit ExternalFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // `size` bytes at `offset` of the file. size -1: all that follows.
  Result<Bytes> View(const std::string& location, uint64_t offset, int64_t size);

 private:
  std::filesystem::path folder_;
  std::map<std::string, Bytes> mapped_;
};

}  // namespace pare::converter
