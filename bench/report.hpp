// Results as a table for people and as JSON for programs, and how they compare with an earlier JSON file.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <bench/bench.hpp>
#include <viseme/core/error.hpp>

namespace viseme::bench {

struct peer_result {
  std::string name;
  statistics times;
  double peak_mb = 0;     // above the loaded, idle process; 0: not measured
  double difference = 0;  // largest, between its outputs and ours
};

/// A layer within a run of its net.
struct layer_time {
  std::string path, name;
  statistics times;
  double flops = 0, bytes = 0, least_ms = 0;  // least_ms: by the ceilings
};

struct case_result {
  std::string name;
  statistics times;               // no runs: nothing is timed, see `figures`
  double cold_ms = 0;             // nets: the first run; layers: with empty caches
  double flops = 0;               // two a multiply-add
  double bytes = 0;               // of every layer run alone
  double least_ms = 0;            // by the ceilings; of a net the sum of what its steps need; 0: not known
  double peak_mb = 0;             // nets: above the loaded, idle process; layers: what they hold
  std::uint64_t allocations = 0;  // of one warm run
  std::vector<std::string> fallbacks;
  std::vector<peer_result> peers;
  std::vector<layer_time> layers;
  std::vector<std::pair<std::string, double>> figures;  // what else was measured: "frames_per_second", "bytes"

  double gflops() const { return times.runs ? flops / times.median_ms / 1e6 : 0; }
  double gbps() const { return times.runs ? bytes / times.median_ms / 1e6 : 0; }
};

/// Our time over the peer's: below 1 we are faster.
inline double ratio(const case_result& ours, const peer_result& theirs) { return ours.times.median_ms / theirs.times.median_ms; }

/// The roofline's least time over ours: 1 is the ceiling. Data that stays in a cache can exceed it.
template <class Measured>
double share(const Measured& m) {
  return m.least_ms / m.times.median_ms;
}

inline nlohmann::ordered_json json_of(const statistics& t) {
  return {{"median_ms", t.median_ms}, {"p95_ms", t.p95_ms}, {"min_ms", t.min_ms}, {"spread", t.spread}, {"runs", t.runs}};
}

inline nlohmann::ordered_json json_of(const case_result& r) {
  nlohmann::ordered_json j{{"name", r.name}};
  if (r.times.runs) {
    j.update(json_of(r.times));
    j.update({{"cold_ms", r.cold_ms}, {"peak_mb", r.peak_mb}, {"allocations", r.allocations}, {"fallbacks", r.fallbacks}});
  }
  if (r.bytes > 0) j.update({{"gflops", r.gflops()}, {"gbps", r.gbps()}, {"flops", r.flops}, {"bytes", r.bytes}});
  if (r.least_ms > 0) j.update({{"ceiling_ms", r.least_ms}, {"share", share(r)}});
  for (const auto& [key, value] : r.figures) j[key] = value;
  j["peers"] = nlohmann::ordered_json::object();
  for (const auto& p : r.peers) {
    nlohmann::ordered_json peer{{"median_ms", p.times.median_ms}, {"ratio", ratio(r, p)},     {"p95_ms", p.times.p95_ms},
                                {"min_ms", p.times.min_ms},       {"spread", p.times.spread}, {"runs", p.times.runs},
                                {"max_difference", p.difference}};
    if (p.peak_mb > 0) peer["peak_mb"] = p.peak_mb;
    j["peers"][p.name] = std::move(peer);
  }
  for (const auto& l : r.layers) {
    auto layer = nlohmann::ordered_json{{"path", l.path}, {"name", l.name}};
    layer.update(json_of(l.times));
    layer.update({{"flops", l.flops}, {"bytes", l.bytes}, {"ceiling_ms", l.least_ms}, {"share", share(l)}});
    j["layers"].push_back(std::move(layer));
  }
  return j;
}

/// What a case is compared by: its median, or its first figure where nothing is timed.
inline double compared(const case_result& r) { return r.times.runs ? r.times.median_ms : r.figures.empty() ? 0 : r.figures[0].second; }

/// The same by case name of a file that --json wrote. Throws `error` if it is none.
inline std::map<std::string, double> read_baseline(const std::string& path) {
  const auto what = "cannot read '" + path + "'";
  std::ifstream file(path);
  require(file.is_open(), what, "no such file", "check --baseline");
  try {
    std::map<std::string, double> values;
    const auto all = nlohmann::json::parse(file);
    for (const auto& c : all.at("cases"))
      for (const char* key : {"median_ms", "bytes", "seconds"})
        if (c.contains(key)) {
          values[c.at("name")] = c.at(key);
          break;
        }
    return values;
  } catch (const nlohmann::json::exception&) {
    throw error(what, "it is no result of viseme-bench --json", "give a file that --json wrote");
  }
}

/// A row a case, printed as soon as it is measured; a row a peer below it.
class table {
public:
  table(std::FILE* to, std::map<std::string, double> baseline) : to_(to), baseline_(std::move(baseline)) {}

  void head() const {
    std::fprintf(to_, "%-72s %9s %9s %9s %6s %6s %9s %8s %7s %6s %8s %6s  %s\n", "case", "median ms", "p95 ms", "min ms", "spread", "runs",
                 "cold ms", "GFLOP/s", "GB/s", "share", "peak MB", "allocs", "notes");
  }
  void row(const case_result& r) const {
    std::string notes;
    for (const auto& [key, value] : r.figures) notes += key + " " + formatted("%.6g ", value);
    if (const auto before = baseline_.find(r.name); before != baseline_.end() && before->second > 0)
      notes += formatted("%.3f of the baseline ", compared(r) / before->second);
    else if (!baseline_.empty())
      notes += "not in the baseline ";
    if (!r.fallbacks.empty()) notes += "falls back for";
    for (const auto& layer : r.fallbacks) notes += " " + layer;
    if (r.times.runs == 0) {
      std::fprintf(to_, "%-72s %s\n", r.name.c_str(), notes.c_str());
    } else {
      numbers(r.name, r.times);
      const auto counted = [](const char* format, double value, int width) {
        return value > 0 ? formatted(format, value) : std::string(std::size_t(width), ' ');
      };
      std::fprintf(to_, " %9s %s %s %s %8.1f %6llu  %s\n", ms(r.cold_ms).c_str(), counted("%8.1f", r.gflops(), 8).c_str(),
                   counted("%7.1f", r.gbps(), 7).c_str(), counted("%5.0f%%", 100 * share(r), 6).c_str(), r.peak_mb,
                   static_cast<unsigned long long>(r.allocations), notes.c_str());
    }
    for (const auto& p : r.peers) {
      numbers("  " + p.name, p.times);
      std::fprintf(to_, "  ours/theirs: time %.3f", ratio(r, p));
      if (p.peak_mb > 0) std::fprintf(to_, ", peak %.3f of %.1f MB", r.peak_mb / p.peak_mb, p.peak_mb);
      std::fprintf(to_, "; outputs differ by %.2g at most\n", p.difference);
    }
    std::fflush(to_);
  }
  /// Time by layer within the whole net.
  void layers(const case_result& r) const {
    double sum = 0;
    for (const auto& l : r.layers) sum += l.times.median_ms;
    for (const auto& l : r.layers) {
      numbers("  " + l.name.substr(0, 70), l.times);
      std::fprintf(to_, " %8.1f%% of the time, %3.0f%% of the ceiling  %s\n", 100 * l.times.median_ms / sum, 100 * share(l),
                   l.path.c_str());
    }
    std::fflush(to_);
  }

private:
  static std::string formatted(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
  }
  static std::string ms(double value) { return formatted(value < 1000 ? "%.4g" : "%.0f", value); }
  void numbers(const std::string& name, const statistics& s) const {
    std::fprintf(to_, "%-72s %9s %9s %9s %5.0f%% %6d", name.c_str(), ms(s.median_ms).c_str(), ms(s.p95_ms).c_str(), ms(s.min_ms).c_str(),
                 100 * s.spread, s.runs);
  }

  std::FILE* to_;
  std::map<std::string, double> baseline_;
};

}  // namespace viseme::bench
