#include "converter/write/byte_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pare::converter {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

Status SystemError(const std::filesystem::path& path, const char* action) {
  return Error(Code::kIo, path.string() + ": cannot " + action + ": " + std::strerror(errno));
}

// Where the bytes end up: links are followed, so that the link itself is not replaced.
std::filesystem::path Resolve(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_symlink(path, ignored)) return path;
  std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
  return target.empty() ? path : target;
}

}  // namespace

Status ByteSink::PadTo(uint64_t alignment) {
  static constexpr std::byte kZeros[4096] = {};
  uint64_t missing = (alignment - position_ % alignment) % alignment;
  while (missing > 0) {
    const size_t step = missing < sizeof(kZeros) ? static_cast<size_t>(missing) : sizeof(kZeros);
    PARE_TRY(Write(kZeros, step));
    missing -= step;
  }
  return Ok();
}

Status MemorySink::Write(const void* data, size_t bytes) {
  const auto* p = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), p, p + bytes);
  position_ += bytes;
  return Ok();
}

Result<std::unique_ptr<FileSink>> FileSink::Create(const std::filesystem::path& path) {
  std::unique_ptr<FileSink> sink(new FileSink);
  sink->path_ = Resolve(path);
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(sink->path_, ignored);
  if (std::filesystem::is_directory(status)) {
    errno = EISDIR;
    return SystemError(path, "write");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    sink->file_ = open(sink->path_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    sink->temporary_ = sink->path_;
    sink->temporary_ += ".tmp" + std::to_string(getpid());
    sink->file_ = open(sink->temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (sink->file_ < 0) {
    sink->temporary_.clear();
    return SystemError(path, "create");
  }
  sink->buffer_.reserve(kBufferBytes);
  return sink;
}

FileSink::~FileSink() {
  if (file_ >= 0) close(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status FileSink::Write(const void* data, size_t bytes) {
  const auto* p = static_cast<const std::byte*>(data);
  if (buffer_.size() + bytes > kBufferBytes) PARE_TRY(Flush());
  if (bytes >= kBufferBytes) {
    PARE_TRY(WriteAll(p, bytes));
  } else {
    buffer_.insert(buffer_.end(), p, p + bytes);
  }
  position_ += bytes;
  return Ok();
}

Status FileSink::Flush() {
  PARE_TRY(WriteAll(buffer_.data(), buffer_.size()));
  buffer_.clear();
  return Ok();
}

Status FileSink::WriteAll(const std::byte* data, size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = write(file_, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path_, "write");
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return Ok();
}

Status FileSink::Commit() {
  PARE_TRY(Flush());
  if (temporary_.empty()) return Ok();
  if (fsync(file_) != 0) return SystemError(path_, "sync");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return SystemError(path_, "rename");
  temporary_.clear();
  // The new name itself is durable only once its folder is; a failure here loses nothing.
  const std::filesystem::path folder =
      path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  const int directory = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return Ok();
}

}  // namespace pare::converter
