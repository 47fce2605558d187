#include <cstring>

#include "runtime/layout/layout.h"

namespace pare {
namespace {

size_t Index(size_t channel, size_t tap, size_t taps) {
  return (channel / kPanelRows * taps + tap) * kPanelRows + channel % kPanelRows;
}

template <class T>
void Pack(const void* w, size_t channels, size_t taps, void* dst) {
  for (size_t c = 0; c < channels; ++c) {
    for (size_t t = 0; t < taps; ++t)
      static_cast<T*>(dst)[Index(c, t, taps)] = static_cast<const T*>(w)[c * taps + t];
  }
}

template <class T>
void Unpack(const void* packed, size_t channels, size_t taps, void* w) {
  for (size_t c = 0; c < channels; ++c) {
    for (size_t t = 0; t < taps; ++t)
      static_cast<T*>(w)[c * taps + t] = static_cast<const T*>(packed)[Index(c, t, taps)];
  }
}

}  // namespace

void PackDepthwise16(DType dtype, const void* w, size_t channels, size_t taps, void* dst) {
  std::memset(dst, 0, PackedBytesDepthwise16(dtype, channels, taps));
  (SizeOf(dtype) == 2 ? Pack<uint16_t> : Pack<uint32_t>)(w, channels, taps, dst);
}

void UnpackDepthwise16(DType dtype, const void* packed, size_t channels, size_t taps, void* w) {
  (SizeOf(dtype) == 2 ? Unpack<uint16_t> : Unpack<uint32_t>)(packed, channels, taps, w);
}

}  // namespace pare
