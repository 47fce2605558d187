#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/conformance/case.h"

namespace pare::conformance {

namespace {

constexpr unsigned kSecondsPerCase = 60;

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '|') c = ' ';
  }
  return text.substr(0, 300);
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[1024];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace

CaseResult RunCaseIsolated(const std::filesystem::path& folder, const std::string& name) {
  CaseResult result;
  result.name = name;
  int fds[2];
  if (pipe(fds) != 0) {
    result.outcome = Outcome::kFailed;
    result.reason = "no pipe for the child";
    return result;
  }
  const pid_t child = fork();
  if (child == 0) {
    close(fds[0]);
    alarm(kSecondsPerCase);
    const std::string reason = RunCase(folder);
    if (write(fds[1], reason.data(), reason.size()) < 0) _exit(2);
    _exit(reason.empty() ? 0 : 1);
  }
  close(fds[1]);
  result.reason = OneLine(ReadAll(fds[0]));
  close(fds[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return result;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
    result.outcome = Outcome::kFailed;
    // Paths differ between machines.
    const std::string path = (folder / "model.onnx").string() + ": ";
    const size_t at = result.reason.find(path);
    if (at != std::string::npos) result.reason.erase(at, path.size());
    return result;
  }
  result.outcome = Outcome::kCrashed;
  result.reason = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exited";
  return result;
}

}  // namespace pare::conformance
