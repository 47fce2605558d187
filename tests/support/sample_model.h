// Small models as .pare files, for tests of what reads them. Apart from the runtime's types, so
// that pare.hpp, whose names are its own, can be tested with them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace pare::test {

// A file in memory, aligned to 64 bytes.
struct FileBytes {
  std::shared_ptr<std::byte> data;
  size_t size = 0;
};

// x f32 [batch 1..8, 4] -> scores f32 [batch, 3] = Relu(x w + bias), and count f32 [1], which is
// how often it ran: a state. w[k][n] = k - n, bias = {0, 1, 2}. Metadata "labels", asset "words".
FileBytes SampleModel();
// x f32 [6], target i64 [2] -> y: x reshaped to target. The target's values decide sizes.
FileBytes ReshapeModel();
// image f32 [1, size 8..32, size, 3] -> a convolution with a residual, pooled: work for two
// threads.
FileBytes ConvModel();

// Writes the bytes to a temporary file and returns its path.
std::string WriteTemporary(const std::string& name, const FileBytes& bytes);

}  // namespace pare::test
