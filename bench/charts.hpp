// Charts as inline SVG, from what --json holds. Colours are the page's CSS variables; details are in tooltips.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace viseme::bench {

using json = nlohmann::ordered_json;

/// Text as HTML or SVG shows it, also within a quoted attribute.
inline std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  return safe;
}

/// Three significant digits and no exponent below a million.
inline std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value >= 1000 && value < 1e6 ? "%.0f" : "%.3g", value);
  return text;
}

/// A family of layers has one colour in all charts.
struct family {
  const char *colour, *title;
};
inline constexpr std::array families{family{"c1", "1x1 convolutions"}, family{"c2", "depthwise 3x3"}, family{"c3", "other convolutions"},
                                     family{"c4", "fused blocks"}, family{"c5", "other layers"}};

inline const family& family_of(std::string_view name) {
  if (name.starts_with("block/")) return families[3];
  if (name.starts_with("layer/pointwise")) return families[0];
  if (name.starts_with("layer/depthwise")) return families[1];
  if (name.starts_with("layer/conv")) return families[2];
  return families[4];
}

namespace detail {

inline std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}
inline std::string attribute(const char* name, double v) { return std::string(" ") + name + "=\"" + number(v) + "\""; }

inline std::string label(double x, double y, const std::string& words, const char* anchor = "start", const char* style = "label") {
  return std::string("<text class=\"") + style + "\" text-anchor=\"" + anchor + "\"" + attribute("x", x) + attribute("y", y) + ">" +
         escaped(words) + "</text>";
}
inline std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return std::string("<line class=\"") + style + "\"" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + "/>";
}
inline std::string bar(double x, double y, double width, double height, const char* style, const std::string& tip) {
  return std::string("<rect class=\"") + style + "\"" + attribute("x", x) + attribute("y", y) + attribute("width", std::max(width, 0.5)) +
         attribute("height", height) + "><title>" + escaped(tip) + "</title></rect>";
}
inline std::string svg(double width, double height, const std::string& title, const std::string& body) {
  return "<svg role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
         "\" aria-label=\"" + escaped(title) + "\">" + body + "</svg>";
}

/// A logarithmic axis from `low` to `high` onto pixels.
struct log_axis {
  double low, high, from, to;
  double operator()(double v) const { return from + (to - from) * std::log(std::clamp(v, low, high) / low) / std::log(high / low); }
  std::vector<double> ticks() const {
    std::vector<double> all;
    for (double t = std::pow(10, std::ceil(std::log10(low) - 1e-9)); t <= high * 1.0001; t *= 10) all.push_back(t);
    return all;
  }
};

}  // namespace detail

/// A layer or block that multiplies. Nets are no points: their bytes are those of layers run alone, which fusion does not move.
inline bool has_place_on_roofline(const json& c) { return c.value("flops", 0.0) > 0 && !c["name"].get<std::string>().starts_with("net/"); }

/// Speed over arithmetic intensity, under the measured ceilings.
inline std::string roofline(const json& all) {
  using namespace detail;
  const double peak = all["ceilings"]["fma_gflops"], copied = all["ceilings"]["copy_gbps"];
  double least = peak / 100, most = 100 * peak / copied;
  for (const auto& c : all["cases"])
    if (has_place_on_roofline(c)) {
      least = std::min(least, c["gflops"].get<double>());
      most = std::max(most, c["flops"].get<double>() / c["bytes"].get<double>());
    }
  const double w = 960, h = 520;
  const log_axis x{0.1, 2 * most, 60, w - 20}, y{std::pow(10, std::floor(std::log10(least))), 2 * peak, h - 50, 20};
  std::string body;
  for (const double t : x.ticks()) body += line(x(t), y.from, x(t), y.to, "grid") + label(x(t), h - 30, digits(t), "middle");
  for (const double t : y.ticks()) body += line(x.from, y(t), x.to, y(t), "grid") + label(x.from - 6, y(t) + 4, digits(t), "end");
  const double ridge = peak / copied, left = std::max(x.low, y.low / copied);
  body += line(x(left), y(left * copied), x(ridge), y(peak), "ceiling") + line(x(ridge), y(peak), x.to, y(peak), "ceiling");
  body += label(x.to, y(peak) - 6, digits(peak) + " GFLOP/s multiply-adds in registers", "end");
  body += label(x(left) + 24, y(left * copied) - 2, digits(copied) + " GB/s copied");
  body += label(w / 2, h - 8, "flops per byte of inputs, weights and output", "middle") + label(8, 14, "GFLOP/s");
  for (const auto& c : all["cases"]) {
    if (!has_place_on_roofline(c)) continue;
    const std::string name = c["name"];
    const double speed = c["gflops"], intensity = c["flops"].get<double>() / c["bytes"].get<double>();
    body += std::string("<circle class=\"") + family_of(name).colour + "\"" + attribute("cx", x(intensity)) + attribute("cy", y(speed)) +
            " r=\"4\"><title>" +
            escaped(name + "\n" + digits(speed) + " GFLOP/s at " + digits(intensity) + " flops/byte, " +
                    digits(100 * c.value("share", 0.0)) + "% of the ceiling") +
            "</title></circle>";
  }
  return svg(w, h, "Roofline", body);
}

/// One bar a layer in order of execution; the part that the ceilings explain is dark.
inline std::string layer_bars(const json& c) {
  using namespace detail;
  const double row = 17, left = 420, right = 860;
  double longest = 1e-9, sum = 0, y = 4;
  for (const auto& l : c["layers"]) {
    longest = std::max(longest, l["median_ms"].get<double>());
    sum += l["median_ms"].get<double>();
  }
  std::string body;
  for (const auto& l : c["layers"]) {
    const double ms = l["median_ms"], least = l["ceiling_ms"];
    const std::string path = l["path"], name = l["name"];
    const double width = (right - left) * ms / longest;
    const auto tip = path + "\n" + name + "\n" + digits(ms) + " ms, p95 " + digits(l["p95_ms"]) + ", ceiling " + digits(least) + " ms";
    body += label(left - 6, y + 12, path.size() > 58 ? "..." + path.substr(path.size() - 55) : path, "end");
    body += bar(left, y + 2, width, row - 4, family_of(name).colour, tip) +
            bar(left, y + row - 6, std::min(width, (right - left) * least / longest), 4, "floor", tip);
    body += label(left + width + 6, y + 12, digits(ms) + " ms, " + number(100 * ms / sum) + "%");
    y += row;
  }
  return svg(960, y + 4, "Time by layer", body);
}

/// Our time over each peer's, logarithmic around 1.
inline std::string peer_bars(const json& all) {
  using namespace detail;
  double far = 2, y = 24;
  const double row = 17, left = 520, right = 900;
  for (const auto& c : all["cases"])
    for (const auto& p : c["peers"]) far = std::max({far, p["ratio"].get<double>(), 1 / p["ratio"].get<double>()});
  const log_axis x{1 / far, far, left, right};
  std::string body;
  for (const auto& c : all["cases"])
    for (const auto& [peer, p] : c["peers"].items()) {
      const double r = p["ratio"], at = x(r), one = x(1);
      const auto tip = c["name"].get<std::string>() + "\nours " + digits(c["median_ms"]) + " ms, " + peer + " " + digits(p["median_ms"]) +
                       " ms; outputs differ by " + digits(p["max_difference"]) + " at most";
      body += label(left - 6, y + 12, c["name"].get<std::string>() + "  " + peer, "end");
      body += bar(std::min(at, one), y + 2, std::abs(at - one), row - 4, r < 1 ? "faster" : "slower", tip);
      body += r < 1 ? label(one + 6, y + 12, digits(r)) : label(at + 6, y + 12, digits(r));
      y += row;
    }
  body += line(x(1), 18, x(1), y, "ceiling") + label(x(1), 12, "our time / theirs: left of the line we are faster", "middle");
  return svg(960, y + 6, "Ours against peers", body);
}

}  // namespace viseme::bench
