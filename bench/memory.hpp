// A process's resident memory as Linux counts it.
#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace viseme::bench {

/// A field of /proc/PID/status in MB (10^6 bytes), "VmRSS" or "VmHWM"; 0 where there is none.
inline double status_mb(pid_t process, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024 / 1e6;
  return 0;
}

/// Peak of a process from now on above what it holds now. Where the kernel does not reset the peak, an earlier higher one counts too.
class peak_above_idle {
public:
  explicit peak_above_idle(pid_t process) : process_(process), idle_(status_mb(process, "VmRSS")) {
    std::ofstream("/proc/" + std::to_string(process) + "/clear_refs") << "5";
  }
  double mb() const { return status_mb(process_, "VmHWM") - idle_; }

private:
  pid_t process_;
  double idle_;
};

}  // namespace viseme::bench
