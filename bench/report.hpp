// Results as a table for people and as JSON for programs, and how they compare with an earlier JSON file.
#pragma once

#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bench/bench.hpp>
#include <viseme/core/error.hpp>

namespace viseme::bench {

struct peer_result {
  std::string name;
  statistics times;
  double peak_mb = 0;     // above the loaded, idle process
  double difference = 0;  // largest, between its outputs and ours
};

struct case_result {
  std::string name;
  statistics times;
  double gflops = 0;              // two a multiply-add
  double gbps = 0;                // bytes of every layer run alone, over the median
  double peak_mb = 0;             // above the loaded, idle process
  std::uint64_t allocations = 0;  // of one warm run
  std::vector<std::string> fallbacks;
  std::vector<peer_result> peers;
};

/// Our time over the peer's: below 1 we are faster.
inline double ratio(const case_result& ours, const peer_result& theirs) { return ours.times.median_ms / theirs.times.median_ms; }

inline nlohmann::ordered_json json_of(const case_result& r) {
  nlohmann::ordered_json peers = nlohmann::ordered_json::object();
  for (const auto& p : r.peers)
    peers[p.name] = {{"median_ms", p.times.median_ms}, {"ratio", ratio(r, p)}, {"p95_ms", p.times.p95_ms},      {"min_ms", p.times.min_ms},
                     {"runs", p.times.runs},           {"peak_mb", p.peak_mb}, {"max_difference", p.difference}};
  return {{"name", r.name},
          {"median_ms", r.times.median_ms},
          {"p95_ms", r.times.p95_ms},
          {"min_ms", r.times.min_ms},
          {"runs", r.times.runs},
          {"gflops", r.gflops},
          {"gbps", r.gbps},
          {"peak_mb", r.peak_mb},
          {"allocations", r.allocations},
          {"fallbacks", r.fallbacks},
          {"peers", peers}};
}

/// Medians by case name of a file that --json wrote. Throws `error` if it is none.
inline std::map<std::string, double> read_baseline(const std::string& path) {
  const auto what = "cannot read '" + path + "'";
  std::ifstream file(path);
  require(file.is_open(), what, "no such file", "check --baseline");
  try {
    std::map<std::string, double> medians;
    for (const auto& c : nlohmann::json::parse(file).at("cases")) medians[c.at("name")] = c.at("median_ms");
    return medians;
  } catch (const nlohmann::json::exception&) {
    throw error(what, "it is no result of viseme-bench --json", "give a file that --json wrote");
  }
}

/// A row a case, printed as soon as it is measured; a row a peer below it.
class table {
public:
  table(std::FILE* to, std::map<std::string, double> baseline) : to_(to), baseline_(std::move(baseline)) {}

  void head() const {
    std::fprintf(to_, "%-52s %9s %9s %9s %5s %8s %8s %6s  %s\n", "case", "median ms", "p95 ms", "min ms", "runs", "GFLOP/s", "peak MB",
                 "allocs", "notes");
  }
  void row(const case_result& r) const {
    std::string notes;
    if (const auto before = baseline_.find(r.name); before != baseline_.end())
      notes += formatted("%.3f of the baseline's time ", r.times.median_ms / before->second);
    else if (!baseline_.empty())
      notes += "not in the baseline ";
    if (!r.fallbacks.empty()) notes += "falls back for";
    for (const auto& layer : r.fallbacks) notes += " " + layer;
    numbers(r.name, r.times);
    std::fprintf(to_, " %8.1f %8.1f %6llu  %s\n", r.gflops, r.peak_mb, static_cast<unsigned long long>(r.allocations), notes.c_str());
    for (const auto& p : r.peers) {
      numbers("  " + p.name, p.times);
      std::fprintf(to_, " %8s %8.1f %6s  ours/theirs: time %.3f, peak %.3f; outputs differ by %.2g at most\n", "", p.peak_mb, "",
                   ratio(r, p), p.peak_mb > 0 ? r.peak_mb / p.peak_mb : 0, p.difference);
    }
    std::fflush(to_);
  }

private:
  static std::string formatted(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
  }
  void numbers(const std::string& name, const statistics& s) const {
    std::fprintf(to_, "%-52s %9.2f %9.2f %9.2f %5d", name.c_str(), s.median_ms, s.p95_ms, s.min_ms, s.runs);
  }

  std::FILE* to_;
  std::map<std::string, double> baseline_;
};

}  // namespace viseme::bench
