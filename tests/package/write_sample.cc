// Writes the sample model to a file, for tests that start programs.
#include <cstdio>

#include "tests/support/sample_model.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const pare::test::FileBytes file = pare::test::SampleModel();
  std::FILE* out = std::fopen(argv[1], "wb");
  if (out == nullptr) return 1;
  const bool ok = std::fwrite(file.data.get(), 1, file.size, out) == file.size;
  return std::fclose(out) == 0 && ok ? 0 : 1;
}
