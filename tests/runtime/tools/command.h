// Runs a built command and keeps what it says.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temporary_file.h"

namespace pare::test {

struct Outcome {
  int code = -1;  // exit status; -1: killed by a signal
  std::string out, err;
};

inline std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `arguments` as a shell reads them.
inline Outcome RunCommand(const std::string& program, const std::string& arguments) {
  const std::string out = TemporaryPath("stdout"), err = TemporaryPath("stderr");
  const std::string line =
      std::string(PARE_EMULATOR) + " " + program + " " + arguments + " >" + out + " 2>" + err;
  const int status = std::system(line.c_str());
  Outcome outcome;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  outcome.out = ReadText(out);
  outcome.err = ReadText(err);
  return outcome;
}

}  // namespace pare::test
