#include "bench/kernels/weights.h"

#include <random>
#include <vector>

#include "runtime/core/dtype.h"
#include "runtime/layout/layout.h"

namespace pare::bench {
namespace {

Layout LayoutOf(Encoding encoding, bool depthwise) {
  switch (encoding) {
    case Encoding::kInt8: return depthwise ? Layout::kInt8Depthwise16 : Layout::kInt8T16;
    case Encoding::kInt4: return Layout::kInt4G32;
    case Encoding::kNf4: return Layout::kNf4G64;
    default: return depthwise ? Layout::kDepthwise16 : Layout::kT16;
  }
}

std::vector<uint8_t> Bytes(size_t n, int mask) {
  std::mt19937 engine(1);
  std::vector<uint8_t> bytes(n);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(engine() >> 13 & static_cast<unsigned>(mask));
  return bytes;
}

void FillInt8(const converter::Weight& weight, std::byte* data) {
  const auto rows = static_cast<size_t>(weight.shape[0]);
  const auto n = static_cast<size_t>(weight.shape.Elements());
  std::vector<int8_t> q(n);
  for (size_t i = 0; i < n; ++i) q[i] = static_cast<int8_t>(i * 7919 % 255 - 127);
  const std::vector<float> scales(rows, 0.001f);
  PackInt8(weight.layout, q.data(), scales.data(), weight.shape, data);
}

void FillFourBit(const converter::Weight& weight, std::byte* data) {
  const auto n = static_cast<size_t>(weight.shape.Elements());
  const size_t groups = n / GroupOf(weight.layout);
  const std::vector<uint8_t> nibbles = Bytes(n, 15);
  if (weight.layout == Layout::kNf4G64) {
    const std::vector<Nf4Block> blocks(groups, {0.0001f, 0.001f});
    PackNf4(nibbles.data(), Bytes(groups, 255).data(), blocks.data(), weight.shape, data);
    return;
  }
  const std::vector<uint16_t> scales(groups, FloatToHalf(0.01f));
  PackInt4(weight.layout, nibbles.data(), scales.data(), nullptr, weight.shape, data);
}

void FillFloats(std::byte* data, uint64_t bytes) {
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> values(-1, 1);
  for (size_t i = 0; i < bytes / sizeof(float); ++i)
    reinterpret_cast<float*>(data)[i] = values(engine);
}

}  // namespace

const char* NameOf(Encoding encoding) {
  constexpr const char* kNames[] = {"f32", "int8", "int4", "nf4"};
  return kNames[static_cast<size_t>(encoding)];
}

Shape ShapeOf(std::initializer_list<int64_t> dims) {
  Shape shape;
  for (int64_t d : dims) (void)shape.Push(d);
  return shape;
}

converter::Weight MakeWeight(Encoding encoding, const Shape& shape, bool depthwise) {
  converter::Weight weight;
  weight.name = "w";
  weight.shape = shape;
  weight.layout = LayoutOf(encoding, depthwise);
  uint64_t bytes = 0;
  (void)PackedBytes(weight.layout, DType::kF32, shape, &bytes);
  std::byte* data;
  weight.bytes = converter::Bytes::Allocate(bytes, &data);
  if (encoding == Encoding::kF32)
    FillFloats(data, bytes);
  else if (encoding == Encoding::kInt8)
    FillInt8(weight, data);
  else
    FillFourBit(weight, data);
  return weight;
}

}  // namespace pare::bench
