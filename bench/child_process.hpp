// A program run beside this one and spoken to by lines over its standard input and output.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>

namespace viseme::bench {

/// Ends the program by closing its input. Its stderr is this program's. The caller ignores SIGPIPE.
class child_process {
public:
  /// `command[0]` is looked for in PATH; `variables` ("NAME=value") join the environment. Throws `error` if it cannot be started.
  child_process(const std::vector<std::string>& command, const std::vector<std::string>& variables = {}) : name_(command.front()) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0) fail(std::strerror(errno));
    if (::pipe2(out, O_CLOEXEC) != 0) fail(std::strerror(errno));
    std::vector<char*> words, environment;
    for (const auto& w : command) words.push_back(const_cast<char*>(w.c_str()));
    words.push_back(nullptr);
    for (const auto& v : variables) environment.push_back(const_cast<char*>(v.c_str()));
    for (char** v = environ; *v; ++v) environment.push_back(*v);
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const int reason = ::posix_spawnp(&process_, words[0], &actions, nullptr, words.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_ = ::fdopen(in[1], "w");
    from_ = ::fdopen(out[0], "r");
    if (reason != 0) {
      process_ = -1;
      close();
      fail(std::strerror(reason));
    }
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() { close(); }

  pid_t id() const { return process_; }

  void send(const std::string& line) {
    if (std::fprintf(to_, "%s\n", line.c_str()) < 0 || std::fflush(to_) != 0) fail("it has ended");
  }
  /// The next line without its end.
  std::string receive() {
    std::string line;
    int c;
    while ((c = std::fgetc(from_)) != EOF && c != '\n') line += char(c);
    if (c == EOF) fail("it ended without an answer");
    return line;
  }
  std::vector<float> receive_floats(std::size_t count) {
    std::vector<float> values(count);
    if (std::fread(values.data(), sizeof(float), count, from_) != count) fail("it ended within an answer");
    return values;
  }

private:
  [[noreturn]] void fail(const std::string& why) const { throw error("program '" + name_ + "'", why, "see its own message, if any"); }
  void close() {
    std::fclose(to_);
    std::fclose(from_);
    if (process_ > 0) ::waitpid(process_, nullptr, 0);
  }

  std::string name_;
  pid_t process_ = -1;
  std::FILE *to_ = nullptr, *from_ = nullptr;
};

}  // namespace viseme::bench
