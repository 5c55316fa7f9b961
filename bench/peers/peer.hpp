// Other engines on the same nets, weights and inputs, each in a process of its own that answers over a pipe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <bench/cases.hpp>
#include <bench/child_process.hpp>
#include <bench/memory.hpp>
#include <bench/peers/onnx_case.hpp>

namespace viseme::bench {

/// How to start a peer, whose script answers as peers/pytorch.py says, and the command that gets it where it is missing.
struct peer {
  std::string name;
  std::vector<std::string> command, variables;
  std::string install;
  bool trains = false;
  bool on_gpu = false;
  bool reads_onnx = false;  // `prepare` names an onnx_case's folder too
};

/// ONNX Runtime; PyTorch eager as it comes, and its faster settings: with a malloc that keeps freed memory, from there on in every one.
inline std::vector<peer> known_peers(const std::string& python, const std::string& node) {
  const std::vector<std::string> keeping{"MALLOC_MMAP_MAX_=0", "MALLOC_TRIM_THRESHOLD_=1000000000000", "MALLOC_TOP_PAD_=67108864"};
  const auto pytorch = [&](const std::string& name, const std::vector<std::string>& settings, const std::vector<std::string>& variables,
                           bool trains) {
    std::vector<std::string> command{python, VISEME_BENCH_PEERS "/pytorch.py"};
    command.insert(command.end(), settings.begin(), settings.end());
    return peer{name, command, variables, "apt-get install python3-torch (--python names another Python)", trains};
  };
  std::vector<peer> all{
      {.name = "onnxruntime",
       .command = {node, VISEME_BENCH_PEERS "/onnxruntime.cjs"},
       .variables = {},
       .install =
           "npm install --ignore-scripts --prefix DIR onnxruntime-node and set NODE_PATH=DIR/node_modules (--node names another Node.js)",
       .reads_onnx = true},
      pytorch("pytorch", {}, {}, true),
      pytorch("pytorch_keeping_memory", {}, keeping, true),
      pytorch("pytorch_channels_last", {"channels_last"}, keeping, true),
      pytorch("pytorch_traced", {"traced"}, keeping, false),
      pytorch("pytorch_traced_channels_last", {"traced", "channels_last"}, keeping, false),
      pytorch("pytorch_traced_bf16", {"traced", "channels_last", "bf16"}, keeping, false),
      pytorch("pytorch_cuda", {"cuda"}, {}, true),
      pytorch("pytorch_cuda_bf16", {"cuda", "channels_last", "bf16"}, {}, true),
      pytorch("pytorch_cuda_compiled", {"cuda", "channels_last", "bf16", "compiled"}, {}, true)};
  for (auto& p : all) p.on_gpu = p.name.find("cuda") != std::string::npos;
  return all;
}

/// A peer with a case's weights and inputs loaded, nothing run yet. Throws `error` where the peer cannot run here.
class peer_case {
public:
  peer_case(const peer& who, const net_case& c, int threads)
      : files_(who.reads_onnx ? std::make_unique<onnx_case>(c.spec(), c.batch) : nullptr), install_(who.install), process_(started(who)) {
    const auto spec = c.spec();
    ask("prepare " + spec.net + " " + spec.width + (c.task == task::train_step ? " train_step " : " forward ") + std::to_string(c.batch) +
        " " + std::to_string(threads) + (files_ ? " " + files_->folder().string() : ""));
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
  static child_process started(const peer& who) {
    try {
      return child_process(who.command, who.variables);
    } catch (const error&) {
      throw error("program '" + who.command[0] + "'", "it cannot be started", "if it is missing, " + who.install);
    }
  }
  std::string ask(const std::string& line) {
    process_.send(line);
    auto answer = process_.receive();
    require(!answer.starts_with("error"), "its script", answer.substr(std::min<std::size_t>(6, answer.size())),
            "if it is missing, " + install_);
    return answer;
  }

  std::unique_ptr<onnx_case> files_;
  std::string install_;
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
