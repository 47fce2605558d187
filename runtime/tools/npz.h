// Arrays in files: numpy's .npy (one) and .npz (several, by name). Bytes of a file are not trusted:
// every size is checked against what is there before memory is taken for it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/core/tensor.h"
#include "runtime/tools/tool_result.h"

namespace pare::tools {

// Row-major (C order), little-endian; data.size() == elements * SizeOf(dtype).
struct Array {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::vector<std::byte> data;
};

// Appends the array of a .npy file (its name is the file's stem) or all arrays of a .npz file, told
// apart by their first bytes. Types f2 f4 f8, i1 to i8, u1 to u8, b1; Fortran order is converted.
ToolResult ReadArrays(const std::string& path, std::vector<Array>* arrays);

// bf16, which numpy lacks, is written as f4. A file appears whole or not at all.
ToolResult WriteNpy(const std::string& path, const Array& array);
ToolResult WriteNpz(const std::string& path, const std::vector<Array>& arrays);

// The array of that name, or null.
const Array* FindArray(const std::vector<Array>& arrays, const std::string& name);

}  // namespace pare::tools
