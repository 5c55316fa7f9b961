// The machine and the build that numbers belong to.
#pragma once

#include <fstream>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include <bench/commit.hpp>
#include <kernels/cpu/instruction_set.hpp>

namespace viseme::bench {

namespace detail {

/// What follows "KEY ... : " in the first line of a file under /proc that begins with KEY; empty where there is none.
inline std::string proc_field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) {
      const auto value = line.find_first_not_of(" \t", line.find(':') + 1);
      return value == line.npos ? "" : line.substr(value);
    }
  return "";
}

}  // namespace detail

inline nlohmann::ordered_json machine_facts() {
  const auto memory = detail::proc_field("/proc/meminfo", "MemTotal");
  return {{"cpu", detail::proc_field("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"instruction_set", kernels::cpu::name(kernels::cpu::best_instruction_set())},
          {"memory_gb", memory.empty() ? 0.0 : std::stod(memory) * 1024 / 1e9}};
}

inline nlohmann::ordered_json build_facts() {
  return {{"version", VISEME_VERSION}, {"commit", commit}, {"compiler", compiler}, {"flags", VISEME_BENCH_FLAGS}};
}

}  // namespace viseme::bench
