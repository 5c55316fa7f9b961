// The list of measured cases and their names.
#pragma once

#include <array>
#include <span>
#include <string>

#include <viseme/run/runner.hpp>

namespace viseme::bench {

/// resume: the UNet's decoder and audio branch from a kept encoder, what a rendered frame costs from its second time on.
enum class task { forward, resume, train_step };

constexpr const char* text(task t) { return t == task::forward ? "forward" : t == task::resume ? "resume" : "train_step"; }

/// One net, what it does, and how many samples at once. `width` is empty where a net has one width only.
struct net_case {
  const char* net;
  const char* width;
  bench::task task;
  int batch;

  net_spec spec() const { return {net, "ave", *width ? width : "wide"}; }

  /// `engine`: backend and dtype. "net/unet/wide/forward/cpu/fp32/batch1"
  std::string name(const std::string& engine) const {
    return std::string("net/") + net + (*width ? "/" : "") + width + "/" + text(task) + "/" + engine + "/batch" + std::to_string(batch);
  }
};

inline constexpr std::array net_cases{
    net_case{"unet", "wide", task::forward, 1},       net_case{"unet", "wide", task::forward, 4},
    net_case{"unet", "mobile", task::forward, 1},     net_case{"unet", "mobile", task::forward, 4},
    net_case{"syncnet", "", task::forward, 1},        net_case{"audio_encoder", "", task::forward, 1},
    net_case{"audio_encoder", "", task::forward, 64}, net_case{"pfld", "", task::forward, 1},
    net_case{"unet", "wide", task::resume, 1},        net_case{"unet", "mobile", task::resume, 1},
    net_case{"unet", "wide", task::train_step, 4},    net_case{"unet", "mobile", task::train_step, 4},
    net_case{"syncnet", "", task::train_step, 4},
};
inline constexpr std::array gpu_cases{
    net_case{"unet", "wide", task::forward, 1},       net_case{"unet", "wide", task::forward, 32},
    net_case{"unet", "mobile", task::forward, 1},     net_case{"unet", "mobile", task::forward, 32},
    net_case{"syncnet", "", task::forward, 1},        net_case{"syncnet", "", task::forward, 32},
    net_case{"audio_encoder", "", task::forward, 64}, net_case{"pfld", "", task::forward, 1},
    net_case{"unet", "wide", task::resume, 1},        net_case{"unet", "mobile", task::resume, 1},
    net_case{"unet", "wide", task::train_step, 32},   net_case{"unet", "mobile", task::train_step, 32},
    net_case{"syncnet", "", task::train_step, 32},
};

/// A GPU is busy with batches that a CPU would take seconds for.
inline std::span<const net_case> cases_for(const device& on) {
  if (on.has_own_memory()) return gpu_cases;
  return net_cases;
}

}  // namespace viseme::bench
