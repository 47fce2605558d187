// A progress bar on standard error, drawn only where that is a terminal. Debian packages no library
// for it, and a bar of thirty lines is no reason to fetch one.
#pragma once

#include <cstdio>
#include <string>

namespace pare::converter {

class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar();  // clears the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  // `label` beside a bar that is filled to `done`, 0 to 1.
  void Show(const char* label, double done);
  void Clear();

 private:
  bool drawn_ = false;
  const bool enabled_;
  std::string last_;
};

}  // namespace pare::converter
