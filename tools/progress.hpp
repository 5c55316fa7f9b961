// Progress of long work on stderr: a bar with rate and time left on a terminal, else a line every five seconds.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

namespace viseme::tools {

class progress {
public:
  /// `total` 0: unknown. `quiet` writes nothing.
  progress(std::string label, std::int64_t total, bool quiet)
      : label_(std::move(label)),
        total_(total),
        quiet_(quiet),
        terminal_(!quiet && ::isatty(STDERR_FILENO)),
        begin_(clock::now()),
        shown_(begin_) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (drawn_) std::cerr << '\n' << std::flush;
  }

  /// A better known total.
  void expect(std::int64_t total) { total_ = total; }

  /// `done` of the total, counted from the start; `extra` follows: "loss 0.031".
  void at(std::int64_t done, const std::string& extra = "") {
    if (first_ < 0) first_ = done;
    const auto now = clock::now();
    const bool last = done == total_;
    if (quiet_ || (!last && now - shown_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000)))) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double rate = seconds > 0 ? double(done - first_) / seconds : 0;
    std::string line = label_ + " ";
    if (terminal_ && total_ > 0) line += bar(double(done) / double(total_)) + " ";
    line += std::to_string(done) + (total_ > 0 ? "/" + std::to_string(total_) : "");
    if (rate > 0) line += ", " + decimal(rate) + "/s";
    if (rate > 0 && total_ > done) line += ", " + duration(double(total_ - done) / rate) + " left";
    if (last) line += ", " + duration(seconds);
    if (!extra.empty()) line += ", " + extra;
    if (terminal_)
      std::cerr << '\r' << line << "\033[K" << std::flush;
    else
      std::cerr << line << std::endl;
    drawn_ = terminal_;
  }

private:
  using clock = std::chrono::steady_clock;

  static std::string bar(double share) {
    constexpr int width = 24;
    const int full = std::clamp(int(share * width), 0, width);
    return "[" + std::string(std::size_t(full), '#') + std::string(std::size_t(width - full), '.') + "]";
  }
  static std::string decimal(double v) {
    char text[32];
    std::snprintf(text, sizeof text, v < 10 ? "%.2f" : "%.1f", v);
    return text;
  }
  static std::string duration(double seconds) {
    const auto s = std::int64_t(std::ceil(std::min(seconds, 1e9)));
    char text[48];
    if (s < 3600)
      std::snprintf(text, sizeof text, "%d:%02d", int(s / 60), int(s % 60));
    else
      std::snprintf(text, sizeof text, "%lld:%02d:%02d", static_cast<long long>(s / 3600), int(s / 60 % 60), int(s % 60));
    return text;
  }

  std::string label_;
  std::int64_t total_, first_ = -1;
  bool quiet_, terminal_, drawn_ = false;
  clock::time_point begin_, shown_;
};

}  // namespace viseme::tools
