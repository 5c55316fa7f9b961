// What every program shares: options, --help, --version, a configuration file, environment, errors as one line, exit status, signals.
#pragma once

#include <boost/program_options.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <viseme/core/error.hpp>

namespace viseme::tools {

namespace po = boost::program_options;

/// What `--help` and `--version` say and what is parsed.
struct program {
  std::string name;                                 // "viseme-render"
  std::string summary;                              // one sentence
  std::string usage;                                // what follows the name: "--dataset DIR --audio FILE --out FILE"
  std::string example;                              // a whole command line
  po::options_description options{"Options", 120};  // without the common ones
  po::positional_options_description positional = {};
  std::string backends = {};  // "backends cpu, reference, devices none"
};

/// Wrong usage found after parsing; `run_program` exits with 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Set by the first SIGINT or SIGTERM; a second one ends the program at once. Long work looks at it between steps and stops cleanly.
inline std::atomic<bool>& stop_requested() {
  static std::atomic<bool> flag{false};
  return flag;
}

/// --backend, --dtype, --threads, --seed.
inline po::options_description engine_options() {
  po::options_description o("Engine", 120);
  o.add_options()("backend", po::value<std::string>()->default_value("auto"),
                  "auto, cpu, cuda, cudnn, reference or emulated; also $VISEME_BACKEND")(
      "dtype", po::value<std::string>()->default_value("fp32"), "fp32, bf16, fp16 or int8")(
      "threads", po::value<int>()->default_value(0, "all cores"), "CPU threads; also $VISEME_THREADS")(
      "seed", po::value<std::uint64_t>()->default_value(0), "seed of everything random");
  return o;
}

namespace detail {

inline std::string one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

inline void on_signal(int) { stop_requested().store(true); }

inline void catch_signals() {
  static_assert(std::atomic<bool>::is_always_lock_free);
  stop_requested();
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// Command line, then environment, then --config, then defaults: the first that says something wins.
inline po::variables_map parse(const program& p, const po::options_description& all, int argc, const char* const* argv) {
  po::variables_map values;
  namespace style = po::command_line_style;
  const int full_names = style::unix_style & ~style::allow_guessing;
  po::store(po::command_line_parser(argc, argv).options(all).positional(p.positional).style(full_names).run(), values);
  const auto has = [&](const std::string& name) { return all.find_nothrow(name, false) != nullptr; };
  po::store(po::parse_environment(all,
                                  [&](const std::string& variable) -> std::string {
                                    const char* value = std::getenv(variable.c_str());
                                    if (!value || !*value) return "";
                                    if (variable == "VISEME_BACKEND" && has("backend")) return "backend";
                                    if (variable == "VISEME_THREADS" && has("threads")) return "threads";
                                    return "";
                                  }),
            values);
  if (values.count("config")) {
    const auto path = values["config"].as<std::string>();
    std::ifstream file(path);
    require(std::filesystem::is_regular_file(path) && file.is_open(), "cannot read '" + path + "'", "no such configuration file",
            "check --config");
    po::store(po::parse_config_file(file, all), values);
  }
  return values;
}

inline void print_help(const program& p, const po::options_description& all) {
  std::cout << p.summary << "\n\nUsage: " << p.name << ' ' << p.usage << "\n\n" << all << "\nExample:\n  " << p.example << '\n';
}

}  // namespace detail

/// Parses, answers --help and --version, runs `work` and returns the exit status: what `work` returns, 1 after an exception (one line on
/// stderr), 2 after wrong usage. `work` sees parsed values with required options present.
inline int run_program(const program& p, int argc, const char* const* argv, const std::function<int(const po::variables_map&)>& work) {
  const auto complain = [&](const std::string& message) { std::cerr << p.name << ": " << detail::one_line(message) << std::endl; };
  try {
    po::options_description common("Common", 120), all(120);
    common.add_options()("help,h", "this page")("version", "version, backends of this build, devices found")(
        "config", po::value<std::string>(), "ini file that sets any of these options; the command line wins");
    all.add(p.options).add(common);
    po::variables_map values;
    try {
      values = detail::parse(p, all, argc, argv);
      if (values.count("help")) {
        detail::print_help(p, all);
      } else if (values.count("version")) {
        std::cout << "viseme " << VISEME_VERSION << (p.backends.empty() ? "" : ", " + p.backends) << '\n';
      } else {
        po::notify(values);
      }
    } catch (const po::error& e) {
      throw usage_error(e.what());
    }
    int status = 0;
    if (!values.count("help") && !values.count("version")) {
      detail::catch_signals();
      status = work(values);
    }
    require(bool(std::cout.flush()), "standard output", "it cannot be written", "free some space or redirect it elsewhere");
    return status;
  } catch (const usage_error& e) {
    complain(std::string("wrong usage: ") + e.what() + ": see " + p.name + " --help");
    return 2;
  } catch (const error& e) {
    complain(e.what());
  } catch (const std::bad_alloc&) {
    complain("out of memory: the work needs more than this machine gives: use a smaller batch or input");
  } catch (const std::exception& e) {
    complain(std::string("unexpected failure: ") + e.what() + ": report it with the command line");
  } catch (...) {
    complain("unexpected failure: unknown cause: report it with the command line");
  }
  return 1;
}

}  // namespace viseme::tools
