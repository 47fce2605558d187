// ByteSink: where a model's bytes go, in order. FileSink makes the file appear whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "converter/ir/status.h"

namespace pare::converter {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Appends. kIo with the reason where it fails; nothing may be written afterwards.
  virtual Status Write(const void* data, size_t bytes) = 0;
  uint64_t position() const { return position_; }
  // Writes zeros until position() is a multiple of `alignment`.
  Status PadTo(uint64_t alignment);

 protected:
  uint64_t position_ = 0;
};

// Keeps the bytes; for tests and for sizes.
class MemorySink : public ByteSink {
 public:
  Status Write(const void* data, size_t bytes) override;
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Writes to a temporary name beside `path`; Commit syncs it and gives it its name. Without Commit
// nothing is left behind. A path that is no regular file (a pipe, a device) is written directly.
class FileSink : public ByteSink {
 public:
  static Result<std::unique_ptr<FileSink>> Create(const std::filesystem::path& path);
  ~FileSink() override;
  Status Write(const void* data, size_t bytes) override;
  Status Commit();

 private:
  FileSink() = default;
  Status Flush();
  Status WriteAll(const std::byte* data, size_t bytes);

  std::filesystem::path path_, temporary_;  // temporary_ empty: written directly
  int file_ = -1;
  std::vector<std::byte> buffer_;
};

}  // namespace pare::converter
