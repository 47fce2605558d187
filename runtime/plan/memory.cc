#include "runtime/plan/memory.h"

#include <algorithm>

namespace pare {
namespace {

bool Overlap(const Buffer& a, const Buffer& b) { return a.first <= b.last && b.first <= a.last; }

// The lowest offset at which `buffer` fits between the placed ones, which are sorted by offset.
uint64_t FindGap(const Buffer& buffer, const Buffer* buffers, const int32_t* placed,
                 uint32_t count) {
  uint64_t offset = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Buffer& other = buffers[placed[i]];
    if (!Overlap(buffer, other)) continue;
    if (other.offset >= offset + AlignUp(buffer.bytes)) break;
    offset = std::max(offset, other.offset + AlignUp(other.bytes));
  }
  return offset;
}

}  // namespace

Status PlaceBuffers(Buffer* buffers, uint32_t count, Arena& arena, uint64_t* total) {
  int32_t* order = PARE_TRY(arena.New<int32_t>(count));
  int32_t* placed = PARE_TRY(arena.New<int32_t>(count));
  for (uint32_t i = 0; i < count; ++i) order[i] = static_cast<int32_t>(i);
  std::sort(order, order + count, [&](int32_t a, int32_t b) {
    return buffers[a].bytes != buffers[b].bytes ? buffers[a].bytes > buffers[b].bytes : a < b;
  });
  *total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Buffer& buffer = buffers[order[i]];
    buffer.offset = FindGap(buffer, buffers, placed, i);
    uint32_t at = i;
    for (; at > 0 && buffers[placed[at - 1]].offset > buffer.offset; --at)
      placed[at] = placed[at - 1];
    placed[at] = order[i];
    // 16 readable bytes follow every tensor: kernels may load whole registers.
    const uint64_t end = buffer.offset + AlignUp(buffer.bytes + 16);
    if (end < buffer.offset)
      return Error(Code::kOutOfMemory, "the activations do not fit into the address space");
    *total = std::max(*total, end);
  }
  return Ok();
}

}  // namespace pare
