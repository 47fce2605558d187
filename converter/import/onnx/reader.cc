#include "converter/import/onnx/reader.h"

#include <google/protobuf/io/coded_stream.h>

#include <climits>

#include "converter/import/mapped_file.h"

namespace pare::converter {

Result<std::unique_ptr<ModelProto>> ParseModel(Span<const std::byte> bytes) {
  if (bytes.size > INT_MAX)
    return Unsupported(
        "larger than 2 GiB, which the protobuf format cannot hold: save the weights as "
        "external data (onnx.save_model(..., save_as_external_data=True))");
  auto model = std::make_unique<ModelProto>();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data),
                                                static_cast<int>(bytes.size));
  if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return Malformed("not an ONNX model, or cut short");
  if (!model->has_graph() || model->graph().output_size() == 0)
    return Malformed("not an ONNX model: it has no graph with outputs");
  return model;
}

Result<std::unique_ptr<ModelProto>> ReadModelFile(const std::filesystem::path& path) {
  const Bytes bytes = PARE_TRY(MapFile(path));
  Result<std::unique_ptr<ModelProto>> model = ParseModel({bytes.data, bytes.size});
  if (!model.ok()) return Error(model.status().code, path.string() + ": " + model.status().message);
  return model;
}

Result<Bytes> ExternalFiles::View(const std::string& location, uint64_t offset, int64_t size) {
  if (folder_.empty())
    return Unsupported("its data lies in another file, '" + location +
                       "', which a model in memory does not have");
  const std::filesystem::path relative(location);
  bool inside =
      !location.empty() && relative.is_relative() && location.find('\0') == std::string::npos;
  for (const auto& part : relative) inside = inside && part != "..";
  if (!inside) return Malformed("its data file '" + location + "' is outside the model's folder");
  auto it = mapped_.find(location);
  if (it == mapped_.end())
    it = mapped_.emplace(location, PARE_TRY(MapFile(folder_ / relative))).first;
  const Bytes& file = it->second;
  if (offset > file.size || (size >= 0 && static_cast<uint64_t>(size) > file.size - offset))
    return Malformed("its data is beyond the end of '" + location + "' (" +
                     std::to_string(file.size) + " bytes): is the file complete?");
  return ViewOf(file, offset, size < 0 ? file.size - offset : static_cast<size_t>(size));
}

}  // namespace pare::converter
