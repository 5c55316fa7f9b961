#include <boost/test/unit_test.hpp>
#include <string>

#include "html_check.hpp"
#include "program.hpp"

#include <bench/page.hpp>

namespace bench_page_suite {

using namespace viseme;
using namespace viseme::tests;

bench::json made_results(const std::string& name) {
  const bench::json times{{"median_ms", 2.0}, {"p95_ms", 3.0}, {"min_ms", 1.0}, {"spread", 0.1}, {"runs", 9}};
  bench::json c{{"name", name}, {"gflops", 50.0}, {"gbps", 5.0}, {"flops", 1e8}, {"bytes", 1e7}, {"share", 0.5}};
  c.update(times);
  c["peers"]["a<b"] = {{"median_ms", 4.0}, {"ratio", 0.5}, {"max_difference", 1e-6}};
  bench::json layer{{"path", "inc.<0>"}, {"name", "layer/relu/3/4x4"}, {"flops", 0.0}, {"bytes", 1e6}, {"ceiling_ms", 0.4}, {"share", 0.2}};
  layer.update(times);
  c["layers"] = bench::json::array({layer});
  const bench::json built{{"name", "build/size/x"}, {"bytes", 123.0}, {"peers", bench::json::object()}};
  return {{"machine", {{"cpu", "a & b"}, {"cores", 2}}},
          {"build", {{"compiler", "GNU"}}},
          {"ceilings", {{"threads", 2}, {"fma_gflops", 100.0}, {"copy_gbps", 10.0}}},
          {"cases", {c, built}}};
}

BOOST_AUTO_TEST_SUITE(bench_page)

BOOST_AUTO_TEST_CASE(a_page_is_well_formed_whatever_the_names) {
  for (const std::string name : {"layer/pointwise/1x2/3x4/forward/cpu/fp32", "</script><b a='\"&"}) {
    const auto page = bench::html_page(made_results(name));
    BOOST_TEST(misplaced_tag(page) == "");
    BOOST_TEST(has(page, bench::escaped(name)));
    BOOST_TEST(has(page, "build/size/x"));
    BOOST_TEST(has(page, "a &amp; b"));
    BOOST_TEST(has(page, "a&lt;b"));
    BOOST_TEST(!has(page, "<b a="));
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_fetched) {
  const auto page = bench::html_page(made_results("net/x"));
  for (const char* word : {"src=", "href=", "url(", "@import", "fetch("}) BOOST_TEST(!has(page, word), word);
}

BOOST_AUTO_TEST_CASE(an_empty_run_has_a_page) {
  auto results = made_results("x");
  results["cases"] = bench::json::array();
  BOOST_TEST(misplaced_tag(bench::html_page(results)) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bench_page_suite
