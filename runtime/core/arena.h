// Arena: hands out pieces of one block that the caller owns. Nothing is freed one by one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/span.h"
#include "runtime/core/status.h"

namespace pare {

inline constexpr size_t kAlignment = 64;  // of every tensor and weight, bytes

constexpr uint64_t AlignUp(uint64_t n, uint64_t alignment = kAlignment) {
  return (n + alignment - 1) / alignment * alignment;
}

// Not thread-safe. Memory is zeroed when handed out.
class Arena {
 public:
  // `block` must be aligned to kAlignment and outlive everything allocated from it.
  explicit Arena(Span<std::byte> block) : block_(block) {}
  // An arena without a block that takes chunks from the platform's allocator: Session::Measure
  // plans into one to learn what Create will use. It frees them when destroyed.
  Arena() : measuring_(true) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  bool measuring() const { return measuring_; }
  // Bytes handed out so far, padding included.
  uint64_t used() const { return used_; }

  // `count` zeroed elements, aligned to kAlignment. kOutOfMemory where the block is too small.
  template <class T>
  Result<T*> New(uint64_t count) {
    uint64_t bytes;
    if (__builtin_mul_overflow(count, sizeof(T), &bytes))
      return Error(Code::kOutOfMemory, "size overflows");
    void* p = PARE_TRY(Allocate(bytes));
    return static_cast<T*>(p);
  }
  Result<void*> Allocate(uint64_t bytes);
  // Counts `bytes` and returns where they lie; measuring, a null pointer: the caller does not touch
  // them.
  Result<std::byte*> Reserve(uint64_t bytes);

 private:
  struct Chunk;
  Span<std::byte> block_;
  uint64_t used_ = 0;
  bool measuring_ = false;
  Chunk* chunks_ = nullptr;
};

}  // namespace pare
