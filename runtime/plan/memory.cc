#include "runtime/plan/memory.h"

#include <algorithm>

namespace pare {
namespace {

// Attempts cost the square of the buffers each: a bound for load times.
constexpr uint64_t kAttempts = 16, kMostWork = 1 << 20;

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

// 16 readable bytes follow every tensor: kernels may load whole registers.
uint64_t Taken(const Buffer& buffer) { return AlignUp(buffer.bytes + 16); }

// The most bytes that are alive at one step: no placement needs less.
uint64_t LeastBytes(const Buffer* buffers, uint32_t count) {
  uint64_t least = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t alive = 0, largest = 0;  // while buffer i begins
    for (uint32_t k = 0; k < count; ++k) {
      if (buffers[k].first > buffers[i].first || buffers[k].last < buffers[i].first) continue;
      alive += AlignUp(buffers[k].bytes);
      largest = std::max(largest, Taken(buffers[k]) - AlignUp(buffers[k].bytes));
    }
    least = std::max(least, alive + largest);
  }
  return least;
}

// Places buffers in the order given; returns the bytes of all. *highest: who ends last, by order.
uint64_t PlaceInOrder(Buffer* buffers, uint32_t count, const int32_t* order, int32_t* placed,
                      uint32_t* highest) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Buffer& buffer = buffers[order[i]];
    buffer.offset = FindGap(buffer, buffers, placed, i);
    uint32_t at = i;
    for (; at > 0 && buffers[placed[at - 1]].offset > buffer.offset; --at)
      placed[at] = placed[at - 1];
    placed[at] = order[i];
    if (buffer.offset + Taken(buffer) > total) {
      total = buffer.offset + Taken(buffer);
      *highest = i;
    }
  }
  return total;
}

}  // namespace

Status PlaceBuffers(Buffer* buffers, uint32_t count, Arena& arena, uint64_t* total) {
  int32_t* order = PARE_TRY(arena.New<int32_t>(count));
  int32_t* placed = PARE_TRY(arena.New<int32_t>(count));
  int32_t* best = PARE_TRY(arena.New<int32_t>(count));
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    order[i] = static_cast<int32_t>(i);
    if (buffers[i].bytes > UINT64_MAX / 2 - sum - 128)
      return Error(Code::kOutOfMemory, "the activations do not fit into the address space");
    sum += Taken(buffers[i]);
  }
  std::sort(order, order + count, [&](int32_t a, int32_t b) {
    return buffers[a].bytes != buffers[b].bytes ? buffers[a].bytes > buffers[b].bytes : a < b;
  });
  const uint64_t least = LeastBytes(buffers, count);
  const uint64_t work = uint64_t{count} * count;
  *total = UINT64_MAX;
  for (uint64_t attempt = 0; attempt == 0 || (attempt < kAttempts && attempt * work < kMostWork);
       ++attempt) {
    uint32_t highest = 0;
    const uint64_t bytes = PlaceInOrder(buffers, count, order, placed, &highest);
    if (bytes < *total) {
      *total = bytes;
      std::copy(order, order + count, best);
    }
    if (*total <= least) break;
    std::rotate(order, order + highest, order + highest + 1);
  }
  uint32_t highest = 0;
  *total = PlaceInOrder(buffers, count, best, placed, &highest);
  return Ok();
}

}  // namespace pare
