// Strings as template values: entry names in graphs, and dotted parameter paths in tables.
#pragma once

#include <string>
#include <string_view>

namespace viseme {

/// A fixed-capacity string. An aggregate, because only aggregates survive nvcc's host pass as template values.
template <int Capacity>
struct fixed_text {
  char chars[Capacity]{};
  int size = 0;

  constexpr bool operator==(const fixed_text&) const = default;
  constexpr std::string_view view() const { return {chars, std::size_t(size)}; }
  constexpr void append(std::string_view s) {
    if (size + int(s.size()) > Capacity) throw "fixed_text: longer than its capacity";
    for (char c : s) chars[size++] = c;
  }
};

struct name : fixed_text<24> {
  constexpr bool operator==(const name&) const = default;
};

/// "down1.maxpool_conv.0.double_conv.0.conv.0": where a layer sits, in PyTorch's words.
struct path : fixed_text<96> {
  constexpr path child(std::string_view s) const {
    path p = *this;
    if (p.size) p.append(".");
    p.append(s);
    return p;
  }
  constexpr path child(int index) const {
    char digits[8]{};
    int n = 0;
    do digits[n++] = char('0' + index % 10);
    while (index /= 10);
    char forward[8]{};
    for (int i = 0; i < n; ++i) forward[i] = digits[n - 1 - i];
    return child({forward, std::size_t(n)});
  }
};

inline namespace literals {
consteval name operator""_n(const char* s, std::size_t n) {
  name r;
  r.append({s, n});
  return r;
}
}  // namespace literals

}  // namespace viseme
