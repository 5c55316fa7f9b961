// Other engines on the same nets, weights and inputs, each in a process of its own that answers over a pipe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <bench/cases.hpp>
#include <bench/child_process.hpp>
#include <bench/memory.hpp>

namespace viseme::bench {

/// How to start a peer. The script of `command` answers as peers/pytorch.py says.
struct peer {
  std::string name;
  std::vector<std::string> command, variables;
};

/// PyTorch eager as it comes, and with a malloc that keeps freed memory, which is its faster setting.
inline std::vector<peer> known_peers(const std::string& python) {
  const std::vector<std::string> pytorch{python, VISEME_BENCH_PEERS "/pytorch.py"};
  return {{"pytorch", pytorch, {}},
          {"pytorch_keeping_memory", pytorch, {"MALLOC_MMAP_MAX_=0", "MALLOC_TRIM_THRESHOLD_=1000000000000", "MALLOC_TOP_PAD_=67108864"}}};
}

/// A peer with a case's weights and inputs loaded, nothing run yet. Throws `error` where the peer cannot run here.
class peer_case {
public:
  peer_case(const peer& who, const net_case& c, int threads) : process_(who.command, who.variables) {
    const auto spec = c.spec();
    ask("prepare " + spec.net + " " + spec.width + (c.task == task::forward ? " forward " : " train_step ") + std::to_string(c.batch) +
        " " + std::to_string(threads));
  }
  /// Milliseconds, by the peer's own clock: the pipe is not counted.
  double run() { return std::stod(ask("run")); }
  /// Of the last run.
  std::vector<float> output() {
    const auto count = std::stoul(ask("output"));
    require(count <= std::size_t(1) << 28, "peer", "it announces " + std::to_string(count) + " numbers", "see its script");
    return process_.receive_floats(count);
  }
  pid_t process() const { return process_.id(); }

private:
  std::string ask(const std::string& line) {
    process_.send(line);
    auto answer = process_.receive();
    require(!answer.starts_with("error"), "peer", answer.substr(std::min<std::size_t>(6, answer.size())),
            "install it (Debian: python3-torch), or name another Python with --python");
    return answer;
  }

  child_process process_;
};

/// Peak memory of a few runs above the loaded, idle process, in MB; a fresh process each time.
inline double peak_mb_of(const peer& who, const net_case& c, int threads, int runs = 3) {
  peer_case fresh(who, c, threads);
  const peak_above_idle peak(fresh.process());
  for (int i = 0; i < runs; ++i) fresh.run();
  return peak.mb();
}

}  // namespace viseme::bench
