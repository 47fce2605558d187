#include "converter/import/onnx/onnx.h"

#include "converter/import/onnx/importer.h"

namespace pare::converter {

namespace {

Result<Graph> Named(Result<Graph> graph, const std::string& name) {
  if (!graph.ok()) return Error(graph.status().code, name + ": " + graph.status().message);
  return graph;
}

}  // namespace

Result<Graph> ImportOnnx(const std::filesystem::path& path, const ImportOptions& options) {
  auto model = PARE_TRY(ReadModelFile(path));
  std::filesystem::path folder = path.parent_path();
  if (folder.empty()) folder = ".";
  return Named(Importer(std::move(model), std::move(folder), options).Run(), path.string());
}

Result<Graph> ImportOnnxBytes(Span<const std::byte> bytes, const std::string& name,
                              const ImportOptions& options) {
  Result<std::unique_ptr<ModelProto>> model = ParseModel(bytes);
  if (!model.ok()) return Error(model.status().code, name + ": " + model.status().message);
  return Named(Importer(std::move(model).value(), {}, options).Run(), name);
}

}  // namespace pare::converter
