// Matching a checkpoint against a net's parameter table, strictly: every difference is reported at once.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/io/dialects.hpp>
#include <viseme/io/state_dict.hpp>

namespace viseme::io {

struct load_options {
  /// Names in the file that begin with one of these and are not expected do not count as unexpected.
  std::vector<std::string> ignore_unexpected_prefixes = {};
};

/// For a whole VGG-19 file of torchvision: the layers after conv3_3 and the classifier.
inline load_options whole_vgg19() { return {{"features.", "classifier."}}; }

struct wrong_shape {
  std::string name;
  std::vector<std::int64_t> have, want;
};

/// A net's table of parameters and buffers: entries with a PyTorch name and sizes (none for a scalar), as `graph::parameters` gives.
template <class T>
concept parameter_table = std::ranges::forward_range<const T> && requires(std::ranges::range_reference_t<const T> entry) {
  { entry.name } -> std::convertible_to<std::string>;
  { entry.sizes } -> std::convertible_to<std::vector<std::int64_t>>;
};

/// How a file differs from a net's table. Empty lists mean that it loads.
struct load_report {
  std::vector<std::string> missing, unexpected;
  std::vector<wrong_shape> wrong_shapes;
  /// An expected name -> the name the file has for it.
  std::unordered_map<std::string, std::string> source;

  bool good() const { return missing.empty() && unexpected.empty() && wrong_shapes.empty(); }

  /// One line: the counts and the first few names of each kind. Empty if `good()`.
  std::string summary() const {
    std::string line;
    const auto add = [&](std::size_t count, const std::string& kind, auto name) {
      if (count == 0) return;
      line += (line.empty() ? "" : "; ") + std::to_string(count) + " " + kind + " (";
      for (std::size_t i = 0; i < std::min<std::size_t>(count, 3); ++i) line += (i ? ", " : "") + name(i);
      line += count > 3 ? ", ...)" : ")";
    };
    add(missing.size(), "missing", [&](std::size_t i) { return missing[i]; });
    add(unexpected.size(), "unexpected", [&](std::size_t i) { return unexpected[i]; });
    add(wrong_shapes.size(), "of another shape", [&](std::size_t i) {
      const auto& w = wrong_shapes[i];
      return w.name + " is " + text(w.have) + " for " + text(w.want);
    });
    return line;
  }
};

/// BatchNorm's step counter: files of old versions lack it, and nothing here depends on its value.
inline bool is_step_counter(std::string_view name) { return name.ends_with("num_batches_tracked"); }

/// Compares the file's tensors, by their canonical names, with the table. Step counters may be missing. Two names of the file that stand
/// for the same parameter make the second unexpected.
template <parameter_table Table>
load_report match(const state_dict& tensors, const Table& table, const load_options& options = {}) {
  std::unordered_set<std::string> expected;
  for (const auto& entry : table) expected.insert(entry.name);
  load_report report;
  for (const auto& [name, tensor] : tensors) {
    const auto canonical = canonical_name(name, expected);
    if (expected.count(canonical) && report.source.emplace(canonical, name).second) continue;
    const auto starts = [&](const std::string& prefix) { return name.starts_with(prefix); };
    if (std::none_of(options.ignore_unexpected_prefixes.begin(), options.ignore_unexpected_prefixes.end(), starts))
      report.unexpected.push_back(name);
  }
  for (const auto& entry : table) {
    const auto found = report.source.find(entry.name);
    if (found == report.source.end()) {
      if (!is_step_counter(entry.name)) report.missing.push_back(entry.name);
    } else if (const auto& tensor = tensors.at(found->second);
               tensor.sizes != entry.sizes && !(is_step_counter(entry.name) && tensor.count() == 1)) {
      report.wrong_shapes.push_back({entry.name, tensor.sizes, entry.sizes});
    }
  }
  return report;
}

/// The table's tensors under its names and in its order; missing step counters are zero. `what` begins the message of the one `error`
/// thrown if anything is missing, unexpected or of another shape: "UNet weights 'X.pth'".
template <parameter_table Table>
state_dict load_strict(const checkpoint& file, const Table& table, std::string_view what, const load_options& options = {}) {
  const auto report = match(file.tensors, table, options);
  require(report.good(), std::string(what), report.summary(), "give a checkpoint of this net, with its features and width");
  state_dict result;
  for (const auto& entry : table) {
    const auto found = report.source.find(entry.name);
    array value{element::i64, entry.sizes, std::vector<std::byte>(sizeof(std::int64_t))};
    if (found != report.source.end()) value = file.tensors.at(found->second);
    value.sizes = entry.sizes;
    result.add(entry.name, std::move(value));
  }
  return result;
}

}  // namespace viseme::io
