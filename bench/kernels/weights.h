// Weights for benchmarks: random values in the encodings that models have.
#pragma once

#include "converter/ir/graph.h"

namespace pare::bench {

enum class Encoding { kF32, kInt8, kInt4, kNf4 };

// "f32", "int8", "int4", "nf4".
const char* NameOf(Encoding encoding);

// Of shape [n, k...]; `depthwise`: for a convolution of each channel, f32 or int8. int4: groups of
// 32. Takes longer than a product with it: keep it.
converter::Weight MakeWeight(Encoding encoding, const Shape& shape, bool depthwise);

Shape ShapeOf(std::initializer_list<int64_t> dims);

}  // namespace pare::bench
