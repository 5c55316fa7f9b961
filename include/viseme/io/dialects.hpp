// The names under which different repositories save the same parameters, brought to one: the names of our nets.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace viseme::io {

namespace dialects {

/// Wrappers around a whole net: DataParallel, torch.compile, a training class, torchvision's VGG.
constexpr std::string_view wrappers[] = {"module.", "_orig_mod.", "model.", "net.", "features.", "pfld_backbone."};

/// Prefixes a file may lack: the published AVE file holds the inside of its one child.
constexpr std::string_view omitted[] = {"audio_encoder."};

/// Ultralight-Digital-Human's UNet has no Sequential around a single block: its names lack the block's number.
constexpr std::pair<std::string_view, std::string_view> numbered[] = {{"inconv.conv.", "inconv.0.conv."},
                                                                      {"maxpool_conv.double_conv.", "maxpool_conv.0.double_conv."}};

}  // namespace dialects

/// The expected name that `name` stands for: `name` itself if expected, else the first match after taking wrappers off, numbering single
/// blocks and adding an omitted prefix. Returns `name` unchanged if nothing matches.
inline std::string canonical_name(const std::string& name, const std::unordered_set<std::string>& expected) {
  std::string inner = name;
  for (bool unwrapped = true; unwrapped;) {
    auto spelled = inner;
    for (const auto& [from, to] : dialects::numbered)
      if (const auto at = spelled.find(from); at != std::string::npos) spelled.replace(at, from.size(), to);
    for (const auto& candidate : {inner, spelled}) {
      if (expected.count(candidate)) return candidate;
      for (const auto prefix : dialects::omitted)
        if (auto whole = std::string(prefix) + candidate; expected.count(whole)) return whole;
    }
    unwrapped = false;
    for (const auto prefix : dialects::wrappers)
      if (!unwrapped && inner.starts_with(prefix)) {
        inner.erase(0, prefix.size());
        unwrapped = true;
      }
  }
  return name;
}

}  // namespace viseme::io
