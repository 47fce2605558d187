// A .pare file in memory, opened and run: for golden files and for damaged ones.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "runtime/model/model.h"
#include "runtime/session/session.h"

namespace pare::testing {

// Memory aligned to 64 bytes and not a byte longer than asked for, so that sanitizers see overruns.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size) : size_(size) {
    if (posix_memalign(&data_, kAlignment, size == 0 ? 1 : size) != 0) std::abort();
  }
  AlignedBytes(const void* data, size_t size) : AlignedBytes(size) {
    if (size > 0) std::memcpy(data_, data, size);
  }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() { std::free(data_); }
  std::byte* data() const { return static_cast<std::byte*>(data_); }
  size_t size() const { return size_; }
  Span<const std::byte> span() const { return {data(), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_;
};

inline std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Writes the right checksum for whatever the metadata is now, so that what lies behind the checksum
// is tested as well.
inline void RepairChecksum(std::string* file) {
  FileHeader h;
  if (file->size() < sizeof h) return;
  std::memcpy(&h, file->data(), sizeof h);
  if (h.metadata_offset > file->size() || h.metadata_bytes > file->size() - h.metadata_offset)
    return;
  h.metadata_checksum =
      Crc32c(file->data() + h.metadata_offset, static_cast<size_t>(h.metadata_bytes));
  std::memcpy(file->data(), &h, sizeof h);
}

// Opens, measures, creates and runs; inputs are zero. Returns the first error.
inline Status OpenAndRun(const std::string& file, const SessionConfig& config,
                         uint64_t most_memory) {
  const AlignedBytes bytes(file.data(), file.size());
  const Model model = PARE_TRY(Model::Open(bytes.span()));
  const MemoryNeeds needs = PARE_TRY(Session::Measure(model, config));
  if (needs.arena_bytes > most_memory) return Error(Code::kOutOfMemory, "too large for the test");
  const AlignedBytes arena(static_cast<size_t>(needs.arena_bytes));
  Session session = PARE_TRY(Session::Create(model, config, {arena.data(), arena.size()}));
  for (uint32_t i = 0; i < session.input_count(); ++i)
    std::memset(session.input(i).data, 0, session.input(i).Bytes());
  return session.Run();
}

}  // namespace pare::testing
