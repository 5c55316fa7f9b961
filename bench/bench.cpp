// viseme-bench: what every net costs here, next to a baseline and to peers.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <regex>

#include <bench/allocations.hpp>
#include <bench/ceilings.hpp>
#include <bench/child_process.hpp>
#include <bench/machine.hpp>
#include <bench/net_work.hpp>
#include <bench/peers/peer.hpp>
#include <bench/report.hpp>
#include <bench/workload.hpp>
#include <tools/options.hpp>
#include <viseme/io/atomic_file.hpp>

namespace {

using namespace viseme;
using namespace viseme::bench;
namespace po = boost::program_options;

struct request {
  std::string backend;
  int threads;
  double seconds;
  std::vector<peer> peers;
};

/// Peak of a few runs above the loaded, idle process, of this process: to be called in a fresh one.
double own_peak_mb(device& on, const net_case& c) {
  const auto loaded = load(on, c);
  ::malloc_trim(0);
  const peak_above_idle peak(::getpid());
  const auto work = loaded->start();
  for (int i = 0; i < 3; ++i) work->run();
  return peak.mb();
}

double peak_mb_in_fresh_process(const request& r, const std::string& name) {
  child_process fresh({"/proc/self/exe", "--memory-of", name, "--backend", r.backend, "--threads", std::to_string(r.threads)});
  return std::stod(fresh.receive());
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  require(a.size() == b.size(), "peer", "it gives " + std::to_string(b.size()) + " numbers for " + std::to_string(a.size()),
          "see its script");
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
  return largest;
}

struct loaded_peer {
  peer who;
  std::unique_ptr<peer_case> work;
};

/// The peers of a case that run here, loaded; those that do not are named once on stderr and left out from then on.
std::vector<loaded_peer> load_peers(request& r, const net_case& c) {
  std::vector<loaded_peer> loaded;
  std::vector<peer> running;
  for (const auto& p : r.peers) try {
      if (p.trains || c.task == task::forward) loaded.push_back({p, std::make_unique<peer_case>(p, c, r.threads)});
      running.push_back(p);
    } catch (const error& e) {
      std::cerr << "viseme-bench: " << p.name << " is left out: " << e.what() << std::endl;
    }
  r.peers = std::move(running);
  return loaded;
}

case_result measure(request& r, const net_case& c) {
  case_result result;
  result.name = c.name(r.backend);
  result.peak_mb = peak_mb_in_fresh_process(r, result.name);

  const auto on = open_device(r.backend, dtype::fp32, r.threads);
  const auto loaded = load(*on, c);
  result.fallbacks = loaded->fallbacks();
  const auto ours = loaded->start();
  ours->run();
  const auto output = ours->output();

  auto peers = load_peers(r, c);
  for (const auto& [who, work] : peers) {
    work->run();
    auto& theirs = result.peers.emplace_back();
    theirs.name = who.name;
    theirs.difference = largest_difference(output, work->output());
  }
  const auto before = allocations();
  ours->run();
  result.allocations = allocations() - before;

  std::vector<timed_run> contestants{[&] { return milliseconds([&] { ours->run(); }); }};
  for (const auto& p : peers) {
    p.work->run();
    contestants.push_back([&work = *p.work] { return work.run(); });
  }
  const auto times = interleave(contestants, r.seconds);
  for (auto& p : peers) p.work.reset();
  result.times = times[0];
  for (std::size_t i = 0; i < peers.size(); ++i) {
    result.peers[i].times = times[i + 1];
    result.peers[i].peak_mb = peak_mb_of(peers[i].who, c, r.threads);
  }
  const auto cost = work_of(c);
  result.gflops = 2 * cost.macs / result.times.median_ms / 1e6;
  result.gbps = cost.bytes / result.times.median_ms / 1e6;
  return result;
}

void write_json(const std::string& path, const request& r, const ceilings& top, const std::vector<case_result>& results) {
  nlohmann::ordered_json all{{"machine", machine_facts()},
                             {"build", build_facts()},
                             {"ceilings", {{"threads", r.threads}, {"fma_gflops", top.fma_gflops}, {"copy_gbps", top.copy_gbps}}},
                             {"cases", nlohmann::ordered_json::array()}};
  for (const auto& c : results) all["cases"].push_back(json_of(c));
  const auto text = all.dump(1) + "\n";
  if (path == "-")
    std::cout << text;
  else
    io::write_text(path, text);
}

/// Entries of a list whose name the option's regular expression is found in.
template <class List, class Name>
auto matching(const List& all, const std::string& option, const std::string& pattern, Name&& name_of) {
  std::vector<typename List::value_type> chosen;
  try {
    const std::regex expression(pattern);
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const auto& entry) { return std::regex_search(name_of(entry), expression); });
  } catch (const std::regex_error&) {
    throw tools::usage_error(option + " '" + pattern + "' is no regular expression");
  }
  return chosen;
}

std::string names_of(const std::vector<peer>& peers) {
  std::string names;
  for (const auto& p : peers) names += (names.empty() ? "" : ", ") + p.name;
  return names;
}

int run(const po::variables_map& given) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto text = [&](const char* option) { return given.count(option) ? given[option].as<std::string>() : std::string(); };
  const auto on = open_device(text("backend"), dtype::fp32, given["threads"].as<int>());
  request r{on->backend(), on->threads(), given["seconds"].as<double>(), {}};
  if (!(r.seconds >= 0 && r.seconds <= 3600)) throw tools::usage_error("--seconds is not between 0 and 3600");

  if (const auto name = text("memory-of"); !name.empty()) {
    const auto found = std::ranges::find(net_cases, name, [&](const net_case& c) { return c.name(r.backend); });
    if (found == net_cases.end()) throw tools::usage_error("there is no case '" + name + "'");
    std::cout << own_peak_mb(*on, *found) << std::endl;
    return 0;
  }
  const auto chosen = matching(net_cases, "--filter", text("filter"), [&](const net_case& c) { return c.name(r.backend); });
  if (given.count("list")) {
    for (const auto& c : chosen) std::cout << c.name(r.backend) << "\n";
    return 0;
  }
  require(!chosen.empty(), "--filter '" + text("filter") + "'", "no case matches it", "see --list");
  if (given.count("peers"))
    r.peers = matching(known_peers(text("python"), text("node")), "--peers", text("peers"),
                       [](const peer& p) -> const std::string& { return p.name; });

  const auto json = text("json");
  auto* const out = json == "-" ? stderr : stdout;
  const table report(out, given.count("baseline") ? read_baseline(text("baseline")) : std::map<std::string, double>());
  const auto top = measure_ceilings(r.threads);
  const auto machine = machine_facts();
  std::fprintf(out, "%s, %d cores; %s\nceilings (threads: %d): %.0f GFLOP/s, %.1f GB/s copied (read + written)\n\n",
               machine["cpu"].get<std::string>().c_str(), machine["cores"].get<int>(), on->describe().c_str(), r.threads, top.fma_gflops,
               top.copy_gbps);
  report.head();
  std::vector<case_result> results;
  for (const auto& c : chosen) {
    if (tools::stop_requested()) break;
    results.push_back(measure(r, c));
    report.row(results.back());
  }
  if (!json.empty()) write_json(json, r, top, results);
  return tools::stop_requested() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-bench",
                         .summary = "Measures what the nets cost on this machine.",
                         .usage = "[--filter REGEX] [--peers] [--json FILE] [--baseline FILE]",
                         .example = "viseme-bench --filter 'unet/wide/forward.*batch1$' --threads 2 --peers --json before.json"};
  const auto word = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = program.options.add_options();
  add("list", "names of the cases");
  add("filter", word("REGEX"), "only the cases whose name it is found in; default: all");
  add("backend", word("NAME")->default_value("auto"), "auto, cpu or reference; also $VISEME_BACKEND");
  add("threads", po::value<int>()->default_value(0, "all cores"), "threads, of peers too; also $VISEME_THREADS");
  add("seconds", po::value<double>()->default_value(3), "time for each case and each peer; at least 3 runs");
  add("json", word("FILE"), "results as JSON; - is stdout");
  add("baseline", word("FILE"), "an earlier --json file to compare with");
  add("peers", word("REGEX")->implicit_value(""),
      ("also the same nets in other engines, in turns with ours; --peers=REGEX: only those whose name it is found in: " +
       names_of(known_peers("", "")))
          .c_str());
  add("python", word("PROGRAM")->default_value("python3"), "the Python that has PyTorch");
  add("node", word("PROGRAM")->default_value("node"), "the Node.js that has onnxruntime-node");
  add("memory-of", word("CASE"), "only prints the peak memory of one case above the loaded, idle process, in MB");
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
