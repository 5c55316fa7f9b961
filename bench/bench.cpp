// viseme-bench: what every layer, block and net costs here, next to a baseline and to peers.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <regex>

#include <bench/machine.hpp>
#include <bench/page.hpp>
#include <bench/peers/onednn.hpp>
#include <bench/suite.hpp>
#include <tools/options.hpp>
#include <viseme/io/atomic_file.hpp>

namespace {

using namespace viseme;
using namespace viseme::bench;
namespace po = boost::program_options;

nlohmann::ordered_json json_of_all(const setting& s, const std::vector<case_result>& results) {
  nlohmann::ordered_json all{{"machine", machine_facts()},
                             {"build", build_facts()},
                             {"ceilings", {{"threads", s.on->threads()}, {"fma_gflops", s.top.fma_gflops}, {"copy_gbps", s.top.copy_gbps}}},
                             {"cases", nlohmann::ordered_json::array()}};
  for (const auto& c : results) all["cases"].push_back(json_of(c));
  return all;
}

void write(const std::string& path, const std::string& text) {
  if (path == "-")
    std::cout << text;
  else
    io::write_text(path, text);
}

/// Entries of a list whose name the option's regular expression is found in.
template <class Entry>
std::vector<Entry> matching(const std::vector<Entry>& all, const std::string& option, const std::string& pattern) {
  std::vector<Entry> chosen;
  try {
    const std::regex expression(pattern);
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const auto& entry) { return std::regex_search(entry.name, expression); });
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

/// What the build costs is measured only where the filter says so: compiling takes minutes.
std::vector<suite_case> whole_suite(const setting& with, bool builds) {
  auto all = net_suite(with);
  for (auto part :
       {layer_suite(with), convolution_suite(with), product_suite(with), pipeline_suite(with), builds ? build_suite() : std::vector<suite_case>()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

int run(const po::variables_map& given) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto text = [&](const char* option) { return given.count(option) ? given[option].as<std::string>() : std::string(); };
  const auto scalar = parse_dtype(text("dtype"));
  setting s{.on = open_device(text("backend"), scalar, given["threads"].as<int>()),
            .scalar = scalar,
            .seconds = given["seconds"].as<double>(),
            .speech_seconds = given["speech"].as<double>(),
            .top = {},
            .peers = {}};
  if (!(s.seconds >= 0 && s.seconds <= 3600)) throw tools::usage_error("--seconds is not between 0 and 3600");
  if (!(s.speech_seconds >= 0.1 && s.speech_seconds <= 3600)) throw tools::usage_error("--speech is not between 0.1 and 3600");

  const auto all = whole_suite(s, text("filter").find("build") != std::string::npos);
  if (const auto name = text("memory-of"); !name.empty()) {
    const auto found = std::ranges::find(all, name, &suite_case::name);
    if (found == all.end() || !found->own_peak_mb) throw tools::usage_error("there is no net's case '" + name + "'");
    std::cout << found->own_peak_mb(*s.on) << std::endl;
    return 0;
  }
  const auto chosen = matching(all, "--filter", text("filter"));
  if (given.count("list")) {
    for (const auto& c : chosen) std::cout << c.name << "\n";
    return 0;
  }
  require(!chosen.empty(), "--filter '" + text("filter") + "'", "no case matches it", "see --list");
  if (given.count("peers")) {
    s.peers = matching(known_peers(text("python"), text("node")), "--peers", text("peers"));
    std::erase_if(s.peers, [&](const peer& p) { return p.on_gpu != s.on->has_own_memory(); });
    struct named {
      std::string name;
    };
    s.onednn = !matching(std::vector{named{"onednn"}}, "--peers", text("peers")).empty();
    if (s.onednn && !has_onednn())
      std::cerr << "viseme-bench: onednn is left out: this build has not found it: " << onednn_install << std::endl;
  }

  const auto json = text("json");
  auto* const out = json == "-" ? stderr : stdout;
  const auto baseline = given.count("baseline") ? read_baseline(text("baseline")) : std::map<std::string, double>();
  s.top = measure_ceilings(s.on->threads());
  const auto machine = machine_facts();
  std::fprintf(out, "%s, %d cores; %s\nceilings (threads: %d): %.0f GFLOP/s, %.1f GB/s copied (read + written)\n\n",
               machine["cpu"].get<std::string>().c_str(), machine["cores"].get<int>(), s.on->describe().c_str(), s.on->threads(),
               s.top.fma_gflops, s.top.copy_gbps);
  const table report(out, baseline);
  report.head();
  std::vector<case_result> results;
  bool failed = false;
  for (const auto& c : chosen) {
    if (tools::stop_requested()) break;
    try {
      results.push_back(c.measure(s));
    } catch (const error& e) {
      std::cerr << "viseme-bench: " << c.name << ": " << e.what() << std::endl;
      failed = true;
      continue;
    }
    report.row(results.back());
    if (given.count("layers")) report.layers(results.back());
  }
  const auto everything = json_of_all(s, results);
  if (!json.empty()) write(json, everything.dump(1) + "\n");
  if (given.count("html")) io::write_text(text("html"), html_page(everything));
  return failed || tools::stop_requested() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  tools::program program{.name = "viseme-bench",
                         .summary = "Measures what layers, blocks and nets cost on this machine.",
                         .usage = "[--filter REGEX] [--peers] [--json FILE] [--baseline FILE]",
                         .example = "viseme-bench --filter 'unet/wide/forward.*batch1$' --threads 2 --peers --json before.json"};
  const auto word = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = program.options.add_options();
  add("list", "names of the cases");
  add("filter", word("REGEX"), "only the cases whose name it is found in; default: all");
  add("backend", word("NAME")->default_value("auto"), "auto, cpu, cuda, cudnn, reference or emulated; also $VISEME_BACKEND");
  add("dtype", word("NAME")->default_value("fp32"), "fp32; cpu also bf16 and int8; cuda, cudnn and emulated bf16 and fp16; reference fp64");
  add("threads", po::value<int>()->default_value(0, "all cores"), "threads, of peers too; also $VISEME_THREADS");
  add("seconds", po::value<double>()->default_value(3), "time for each net and each of its peers, a tenth for a layer; at least 3 runs");
  add("speech", po::value<double>()->default_value(4), "seconds of speech that a whole render renders");
  add("layers", "for nets also the time of every layer within a forward pass");
  add("json", word("FILE"), "results as JSON; - is stdout");
  add("html", word("FILE"), "results as one self-contained page with charts");
  add("baseline", word("FILE"), "an earlier --json file to compare with");
  add("peers", word("REGEX")->implicit_value(""),
      ("also other engines, in turns with ours; --peers=REGEX: only those whose name it is found in: of nets " +
       names_of(known_peers("", "")) + "; of layers onednn")
          .c_str());
  add("python", word("PROGRAM")->default_value("python3"), "the Python that has PyTorch");
  add("node", word("PROGRAM")->default_value("node"), "the Node.js that has onnxruntime-node");
  add("memory-of", word("CASE"), "only prints the peak memory of one net's case above the loaded, idle process, in MB");
  program.backends = list_backends();
  return tools::run_program(program, argc, argv, run);
}
