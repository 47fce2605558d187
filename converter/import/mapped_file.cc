#include "converter/import/mapped_file.h"

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

Bytes ViewOf(const Bytes& file, uint64_t offset, size_t size) {
  Bytes view;
  view.data = file.data + offset;
  view.size = size;
  view.keeper = std::shared_ptr<const void>(
      view.data, [file, size](const void* data) { pare_platform_forget(data, size); });
  return view;
}

}  // namespace pare::converter
