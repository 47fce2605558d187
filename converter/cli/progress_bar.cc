#include "converter/cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>

namespace pare::converter {

ProgressBar::ProgressBar(bool wanted) : enabled_(wanted && isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(const char* label, double done) {
  if (!enabled_) return;
  constexpr int kWidth = 30;
  const int filled = static_cast<int>(std::clamp(done, 0.0, 1.0) * kWidth);
  char line[128];
  std::snprintf(line, sizeof line, "[%s%s] %3d %%  %-28.28s", std::string(filled, '=').c_str(),
                std::string(kWidth - filled, ' ').c_str(), static_cast<int>(done * 100), label);
  if (line == last_) return;
  last_ = line;
  std::fprintf(stderr, "\r%s", line);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace pare::converter
