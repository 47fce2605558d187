// Bytes as a .pare file: Open, Measure, Create and Run must report every flaw and never touch
// memory that is not theirs. The metadata's checksum is made right first, or nothing behind it were
// reached.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "runtime/model/model.h"
#include "runtime/session/session.h"

namespace {

constexpr size_t kLargestArena = size_t{1} << 20;

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};
using Memory = std::unique_ptr<std::byte, Free>;

// Exactly `bytes` bytes where they must not be read beyond, so that AddressSanitizer sees it.
Memory Allocate(size_t bytes) {
  void* p = nullptr;
  if (posix_memalign(&p, 64, bytes == 0 ? 1 : bytes) != 0) std::abort();
  return Memory(static_cast<std::byte*>(p));
}

void RightenChecksum(std::byte* file, size_t size) {
  pare::FileHeader header;
  if (size < sizeof header) return;
  std::memcpy(&header, file, sizeof header);
  if (header.metadata_offset > size || header.metadata_bytes > size - header.metadata_offset)
    return;
  header.metadata_checksum =
      pare::Crc32c(file + header.metadata_offset, static_cast<size_t>(header.metadata_bytes));
  std::memcpy(file, &header, sizeof header);
}

void Run(const pare::Model& model) {
  pare::SessionConfig config;
  config.max_trips = 4;
  const auto needs = pare::Session::Measure(model, config);
  if (!needs.ok() || needs.value().arena_bytes > kLargestArena) return;
  const auto bytes = static_cast<size_t>(needs.value().arena_bytes);
  const Memory arena = Allocate(bytes);
  std::memset(arena.get(), 1, bytes);
  auto session = pare::Session::Create(model, config, {arena.get(), bytes});
  // The same code measured it, so it must fit.
  if (!session.ok()) {
    if (session.status().code == pare::Code::kOutOfMemory) std::abort();
    return;
  }
  for (int run = 0; run < 2; ++run) (void)session.value().Run();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Memory file = Allocate(size);
  if (size > 0) std::memcpy(file.get(), data, size);
  RightenChecksum(file.get(), size);
  const auto model = pare::Model::Open({file.get(), size});
  if (!model.ok()) {
    char text[256];
    (void)pare::DescribeStatus(model.status(), nullptr, "fuzz.pare", text, sizeof text);
    return 0;
  }
  Run(model.value());
  return 0;
}
