// Whether a page's tags match.
#pragma once

#include <string>
#include <vector>

namespace viseme::tests {

/// The first tag that does not close what was opened last, or what is left open; empty: the page is well formed.
inline std::string misplaced_tag(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != page.npos; at = page.find('<', at)) {
    const auto end = page.find('>', at);
    if (end == page.npos) return "unfinished";
    const auto tag = page.substr(at + 1, end - at - 1);
    at = end;
    const auto name = tag.substr(0, tag.find_first_of(" /\n", 1));
    if (tag[0] == '!' || name == "meta" || name == "input" || tag.back() == '/') continue;
    if (tag[0] == '/') {
      if (open.empty() || "/" + open.back() != tag) return tag;
      open.pop_back();
      continue;
    }
    open.push_back(name);
    if (name == "script" || name == "style") at = page.find("</" + name + ">", at);
  }
  return open.empty() ? "" : open.back();
}

}  // namespace viseme::tests
