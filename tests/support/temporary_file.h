// Paths of files that are gone when the test program ends.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace pare::test {

// A path for this process alone; what lies there at exit is removed.
inline std::string TemporaryPath(const std::string& name) {
  struct Removed : std::vector<std::string> {
    ~Removed() {
      for (const std::string& path : *this) std::remove(path.c_str());
    }
  };
  static Removed paths;
  paths.push_back(testing::TempDir() + "pare_" + std::to_string(getpid()) + "_" + name);
  return paths.back();
}

}  // namespace pare::test
