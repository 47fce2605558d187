// Bytes as a .npy or .npz file.
#include <cstdint>
#include <cstdlib>

#include "runtime/tools/npz.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pare::test::MemoryFile file(data, size);
  std::vector<pare::tools::Array> arrays;
  if (!pare::tools::ReadArrays(file.path(), &arrays).ok()) return 0;
  for (const pare::tools::Array& array : arrays) {
    const auto bytes = static_cast<size_t>(array.shape.Elements()) * pare::SizeOf(array.dtype);
    if (array.data.size() != bytes) std::abort();
  }
  return 0;
}
