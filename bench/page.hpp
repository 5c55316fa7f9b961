// All results as one self-contained HTML page: no scripts or pictures from elsewhere.
#pragma once

#include <string>

#include <bench/charts.hpp>

namespace viseme::bench {

namespace detail {

inline constexpr const char* page_style = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --faint: #6b7178; --rule: #d9dce0;
  --c1: #2f6fd0; --c2: #cf7a1c; --c3: #2a9460; --c4: #9448b3; --c5: #7d8590; --good: #2a9460; --bad: #c23b4b; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e6e8ea; --faint: #9aa1a9; --rule: #363b41;
  --c1: #6ea3f0; --c2: #eba352; --c3: #5cc492; --c4: #c48be0; --c5: #969ea8; --good: #5cc492; --bad: #ec7885; } }
body { margin: 2rem auto; padding: 0 1rem; max-width: 76rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
svg { width: 100%; height: auto; } .label { font-size: 11px; fill: var(--ink); } .grid { stroke: var(--rule); } .ceiling { stroke: var(--ink); stroke-width: 1.5; }
circle { fill-opacity: .75; } .floor { fill: var(--ink); fill-opacity: .55; } .faster { fill: var(--good); } .slower { fill: var(--bad); }
.c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); } .c4 { fill: var(--c4); } .c5 { fill: var(--c5); }
.legend span { margin-right: 1.2rem; white-space: nowrap; } .legend svg { width: .8rem; height: .8rem; margin-right: .3rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
thead th { position: sticky; top: 0; background: var(--paper); } .note { color: var(--faint); } input { font: inherit; width: 24rem; max-width: 100%; }
)";

inline constexpr const char* page_script = R"(
document.getElementById("filter").addEventListener("input", e => {
  let wanted;
  try { wanted = new RegExp(e.target.value); } catch { return; }
  for (const row of document.querySelectorAll("#cases tbody tr")) row.hidden = !wanted.test(row.cells[0].textContent);
});
)";

inline std::string facts_table(const json& all) {
  std::string rows;
  const auto fact = [&](const std::string& key, const json& value) {
    rows += "<tr><td>" + escaped(key) + "</td><td>" +
            escaped(value.is_string()         ? value.get<std::string>()
                    : value.is_number_float() ? digits(value)
                                              : value.dump()) +
            "</td></tr>\n";
  };
  for (const char* part : {"machine", "build", "ceilings"})
    for (const auto& [key, value] : all[part].items()) fact(key, value);
  return "<table>\n" + rows + "</table>\n";
}

inline std::string legend() {
  std::string text;
  for (const auto& f : families)
    text += std::string("<span><svg viewBox=\"0 0 10 10\"><circle class=\"") + f.colour + "\" cx=\"5\" cy=\"5\" r=\"5\"/></svg>" + f.title +
            "</span>";
  return "<p class=\"legend\">" + text + "</p>\n";
}

inline std::string case_rows(const json& all) {
  std::string rows;
  for (const auto& c : all["cases"]) {
    rows += "<tr><td>" + escaped(c["name"].get<std::string>()) + "</td>";
    const auto cell = [&](const char* key, double scale, const char* unit = "") {
      rows += "<td>" + (c.contains(key) ? digits(scale * c[key].get<double>()) + unit : "") + "</td>";
    };
    for (const char* key : {"median_ms", "p95_ms", "min_ms"}) cell(key, 1);
    cell("spread", 100, "%");
    for (const char* key : {"runs", "cold_ms", "gflops", "gbps"}) cell(key, 1);
    cell("share", 100, "%");
    for (const char* key : {"peak_mb", "allocations", "frames_per_second"}) cell(key, 1);
    std::string peers;
    for (const auto& [peer, p] : c["peers"].items()) peers += (peers.empty() ? "" : ", ") + peer + " " + digits(p["ratio"]);
    for (const char* key : {"bytes", "seconds"})
      if (!c.contains("runs") && c.contains(key)) peers += digits(c[key]) + " " + key;
    rows += "<td>" + escaped(peers) + "</td></tr>\n";
  }
  return rows;
}

}  // namespace detail

/// `all`: what --json writes.
inline std::string html_page(const json& all) {
  const auto some = [&](auto&& has) { return std::ranges::any_of(all["cases"], has); };
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n"
      "<title>viseme-bench</title>\n<style>" +
      std::string(detail::page_style) + "</style>\n</head>\n<body>\n<h1>viseme-bench</h1>\n" + detail::facts_table(all);
  if (some(has_place_on_roofline))
    page +=
        "<h2>Roofline</h2>\n<p class=\"note\">Layers and blocks that multiply, under the ceilings measured at the start. What stays in a "
        "cache can "
        "rise above the slope.</p>\n" +
        detail::legend() + roofline(all) + "\n";
  if (some([](const json& c) { return c.contains("layers"); })) {
    page +=
        "<h2>Time by layer</h2>\n<p class=\"note\">Medians within whole forward passes; the dark line is what the ceilings explain.</p>\n" +
        detail::legend();
    for (const auto& c : all["cases"])
      if (c.contains("layers")) page += "<h3>" + escaped(c["name"].get<std::string>()) + "</h3>\n" + layer_bars(c) + "\n";
  }
  if (some([](const json& c) { return !c["peers"].empty(); })) page += "<h2>Ours against peers</h2>\n" + peer_bars(all) + "\n";
  return page +
         "<h2>All cases</h2>\n<p><input id=\"filter\" placeholder=\"regular expression\" aria-label=\"Filter by name\"></p>\n<div "
         "class=\"wide\"><table id=\"cases\">\n<thead><tr>"
         "<th>case</th><th>median ms</th><th>p95 ms</th><th>min ms</th><th>spread</th><th>runs</th><th>cold "
         "ms</th><th>GFLOP/s</th><th>GB/s</th><th>of ceiling</th>"
         "<th>peak MB</th><th>allocs</th><th>frames/s</th><th>ours / peers, others</th></tr></thead>\n<tbody>\n" +
         detail::case_rows(all) + "</tbody>\n</table></div>\n<script>" + detail::page_script + "</script>\n</body>\n</html>\n";
}

}  // namespace viseme::bench
