// Runs one of our programs as users do: exit status, stdout and stderr.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "../environment.hpp"
#include "../io/files.hpp"

namespace viseme::tests {

struct outcome {
  int status;
  std::string out, err;
};

/// `prefix` precedes the command in the shell line: a variable, ulimit, a pipe.
inline outcome run_program(const scratch_folder& folder, const std::string& program, const std::string& arguments, const std::string& prefix = "") {
  const auto out = (folder / "stdout").string(), err = (folder / "stderr").string();
  const auto command = prefix + (programs() / program).string() + " " + arguments + " >" + out + " 2>" + err;
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(out), slurp(err)};
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace viseme::tests
