#include "converter/import/safetensors/files.h"

#include <cerrno>
#include <cstring>

#include "platforms/platform.h"

namespace pare::converter {

Result<Bytes> MapFile(const std::filesystem::path& path) {
  pare_mapping mapping;
  const int error = pare_platform_map(path.c_str(), &mapping);
  if (error != 0) {
    return Error(error == ENOENT ? Code::kNotFound : Code::kIo,
                 path.string() + ": " + std::strerror(error));
  }
  auto* held = new pare_mapping(mapping);
  Bytes bytes;
  bytes.keeper = std::shared_ptr<const void>(held, [held](const void*) {
    pare_platform_unmap(held);
    delete held;
  });
  bytes.data = static_cast<const std::byte*>(mapping.data);
  bytes.size = mapping.bytes;
  return bytes;
}

}  // namespace pare::converter
