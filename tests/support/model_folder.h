// A model folder for tests: written below the temporary directory, removed at the end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "converter/import/safetensors/tensors.h"

namespace pare::testing {

// A tensor to write: f32 values under a shape.
struct PlainTensor {
  std::vector<int64_t> dims;
  std::vector<float> values;
};
using PlainTensors = std::map<std::string, PlainTensor>;

inline PlainTensor RandomTensor(std::vector<int64_t> dims, std::mt19937* random,
                                float spread = 0.3f, float center = 0) {
  PlainTensor t;
  size_t count = 1;
  for (int64_t d : dims) count *= static_cast<size_t>(d);
  t.dims = std::move(dims);
  std::normal_distribution<float> normal(center, spread);
  for (size_t i = 0; i < count; ++i) t.values.push_back(normal(*random));
  return t;
}

// The bytes of a safetensors file of f32 tensors.
inline std::string FormatSafetensors(const PlainTensors& tensors) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string payload;
  for (const auto& [name, t] : tensors) {
    const size_t begin = payload.size(), bytes = t.values.size() * sizeof(float);
    payload.append(reinterpret_cast<const char*>(t.values.data()), bytes);
    header[name] = {{"dtype", "F32"}, {"shape", t.dims}, {"data_offsets", {begin, payload.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + text + payload;
}

// Removed at the end.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    path_ = std::filesystem::path(::testing::TempDir()) /
            ("pare_test_" + std::to_string(getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  void Write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

 private:
  std::filesystem::path path_;
};

// Bytes of memory as the importers take them.
inline converter::Bytes ToBytes(const std::string& text) {
  std::byte* data;
  converter::Bytes bytes = converter::Bytes::Allocate(text.size(), &data);
  if (!text.empty()) std::memcpy(data, text.data(), text.size());
  return bytes;
}

}  // namespace pare::testing
