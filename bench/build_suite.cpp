// What the project costs to build: bytes of code, and seconds of every file that instantiates nets and kernels.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include <bench/suite.hpp>

namespace viseme::bench {
namespace {

namespace fs = std::filesystem;

/// By binutils' `size`: text, of all members of an archive together.
case_result size_case(const std::string& name, const fs::path& file) {
  child_process size({"size", "-t", file.string()});
  size.receive();  // the heading
  std::string line;
  do line = size.receive();
  while (line.find("(TOTALS)") == line.npos);
  case_result result;
  result.name = name;
  result.figures = {{"bytes", std::stod(line)}};
  return result;
}

case_result compile_case(const std::string& name, const fs::path& source) {
  std::vector<std::string> command{"/bin/sh", "-c", "\"$0\" \"$@\" && echo done", VISEME_BENCH_COMPILER};
  std::istringstream flags(VISEME_BENCH_FLAGS);
  for (std::string flag; flags >> flag;) command.push_back(flag);
  const std::string tree = VISEME_BENCH_SOURCE;
  for (const auto& word :
       {std::string("-std=c++20"), "-I" + tree + "/include", "-I" + tree, std::string("-DVISEME_VERSION=\"" VISEME_VERSION "\""),
        std::string("-w"), std::string("-c"), source.string(), std::string("-o"), std::string("/dev/null")})
    command.push_back(word);
  case_result result;
  result.name = name;
  const double ms = milliseconds([&] {
    child_process compiler(command);
    compiler.receive();
  });
  result.figures = {{"seconds", ms / 1e3}};
  return result;
}

std::vector<fs::path> files_in(const fs::path& folder, const std::string& prefix, const std::string& extension) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.is_regular_file() && entry.path().filename().string().starts_with(prefix) && entry.path().extension() == extension)
      found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::vector<suite_case> build_suite() {
  std::vector<suite_case> suite;
  auto built = files_in(VISEME_BENCH_BINARIES, "viseme-", "");
  if (const fs::path library = VISEME_BENCH_LIBRARY; fs::exists(library)) built.insert(built.begin(), library);
  for (const auto& file : built) {
    const auto name = "build/size/" + file.filename().string();
    suite.push_back({name, [=](setting&) { return size_case(name, file); }});
  }
  const fs::path tree = VISEME_BENCH_SOURCE;
  for (const auto& folder : {tree / "backends", tree / "backends/cpu/instantiate", tree / "backends/reference/instantiate"})
    for (const auto& source : files_in(folder, "", ".cpp")) {
      const auto name = "build/compile_seconds/" + source.lexically_relative(tree).string();
      suite.push_back({name, [=](setting&) { return compile_case(name, source); }});
    }
  return suite;
}

}  // namespace viseme::bench
