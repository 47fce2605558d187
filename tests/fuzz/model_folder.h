// A folder with two files, for importers that open folders. The fuzzer's input is the text of the
// first, a zero byte, and the second.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace pare::test {

class ModelFolder {
 public:
  ModelFolder() {
    char name[] = "/tmp/pare_fuzz_XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    path_ = name;
  }
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;
  ~ModelFolder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }

  void Write(const uint8_t* data, size_t size, const char* first, const char* second) const {
    const uint8_t* const end = data + size;
    const uint8_t* const zero = std::find(data, end, 0);
    WriteFile(first, data, zero);
    WriteFile(second, zero == end ? end : zero + 1, end);
  }

 private:
  void WriteFile(const char* name, const uint8_t* begin, const uint8_t* end) const {
    std::ofstream file(path_ / name, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(begin), end - begin);
    if (!file.flush()) std::abort();
  }

  std::filesystem::path path_;
};

}  // namespace pare::test
