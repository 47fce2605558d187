#include "converter/import/import.h"

#include "converter/import/onnx/onnx.h"
#include "converter/import/pare/pare_file.h"
#include "converter/import/safetensors/hugging_face.h"

namespace pare::converter {

Result<Graph> Import(const std::filesystem::path& path, const ImportOptions& options) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::not_found)
    return Error(Code::kNotFound, path.string() + ": no such file or folder");
  if (type == std::filesystem::file_type::directory) return ImportHuggingFace(path, options);
  if (path.extension() == ".pare") return ImportPare(path, options);
  if (!options.adapters.empty())
    return Error(Code::kUnsupported, path.string() +
                                         ": adapters are merged into safetensors folders only; "
                                         "give the folder that the ONNX file was exported from");
  return ImportOnnx(path, options);
}

}  // namespace pare::converter
