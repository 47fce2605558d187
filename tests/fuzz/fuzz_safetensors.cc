// Bytes as a safetensors file: every tensor that is accepted can be read to its end.
#include <cstring>

#include "converter/import/safetensors/tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::byte* copy = nullptr;
  const auto file = pare::converter::Bytes::Allocate(size, &copy);
  if (size > 0) std::memcpy(copy, data, size);
  const auto tensors = pare::converter::ParseSafetensors(file, "fuzz.safetensors");
  if (!tensors.ok()) return 0;
  for (const auto& [name, tensor] : tensors.value()) (void)pare::converter::ToFloat(tensor);
  return 0;
}
