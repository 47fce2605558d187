#include "runtime/core/arena.h"

#include <cstring>

#include "platforms/platform.h"

namespace pare {
namespace {
constexpr char kTooSmall[] = "the arena is too small; give at least what Session::Measure reports";
}

struct Arena::Chunk {
  Chunk* next;
};

Arena::~Arena() {
  while (chunks_ != nullptr) {
    Chunk* next = chunks_->next;
    pare_platform_free(chunks_);
    chunks_ = next;
  }
}

Result<void*> Arena::Allocate(uint64_t bytes) {
  const uint64_t size = AlignUp(bytes);
  if (size < bytes) return Error(Code::kOutOfMemory, "size overflows");
  if (measuring_) {
    const uint64_t total = size + kAlignment;
    if (total > SIZE_MAX)
      return Error(Code::kOutOfMemory, "a plan does not fit into the address space");
    void* p = pare_platform_alloc(static_cast<size_t>(total), kAlignment);
    if (p == nullptr) return Error(Code::kOutOfMemory, "out of memory while planning");
    std::memset(p, 0, static_cast<size_t>(total));
    auto* chunk = static_cast<Chunk*>(p);
    chunk->next = chunks_;
    chunks_ = chunk;
    used_ += size;
    return static_cast<void*>(static_cast<std::byte*>(p) + kAlignment);
  }
  std::byte* p = PARE_TRY(Reserve(bytes));
  std::memset(p, 0, static_cast<size_t>(size));
  return static_cast<void*>(p);
}

Result<std::byte*> Arena::Reserve(uint64_t bytes) {
  const uint64_t size = AlignUp(bytes);
  if (measuring_) {
    if (__builtin_add_overflow(used_, size, &used_) || used_ >> 62 != 0) {
      return Error(Code::kOutOfMemory, "the model needs more memory than can be addressed");
    }
    return static_cast<std::byte*>(nullptr);
  }
  if (size < bytes || size > block_.size - used_) return Error(Code::kOutOfMemory, kTooSmall);
  std::byte* p = block_.data + used_;
  used_ += size;
  return p;
}

}  // namespace pare
