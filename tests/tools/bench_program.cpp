#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "html_check.hpp"
#include "program.hpp"

namespace bench_program_suite {

using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(bench_program, *boost::unit_test::precondition(needs("VISEME_BIN")))

const std::string few = " --threads 1 --seconds 0 --filter '^layer/(relu|pointwise[^/]*/16x3)/.*/forward/cpu' ";

BOOST_AUTO_TEST_CASE(cases_are_listed_by_the_names_that_are_documented) {
  const scratch_folder folder;
  const auto all = run_program(folder, "viseme-bench", "--list --backend cpu");
  BOOST_TEST(all.status == 0, all.err);
  for (const char* name : {"net/unet/wide/forward/cpu/fp32/batch1\n", "net/unet/wide/train_step/cpu/fp32/batch4\n",
                           "/backward/cpu/fp32/batch4\n", "layer/conv3x3", "layer/pointwise"})
    BOOST_TEST(has(all.out, name), name);
  BOOST_TEST(!has(all.out, "build/"));
  BOOST_TEST(has(run_program(folder, "viseme-bench", "--list --filter ^build").out, "build/size/viseme-bench"));
}

BOOST_AUTO_TEST_CASE(results_compare_with_themselves_and_fill_a_page) {
  const scratch_folder folder;
  const auto json = (folder / "r.json").string(), html = (folder / "r.html").string();
  const auto first = run_program(folder, "viseme-bench", few + "--json " + json + " --html " + html);
  BOOST_TEST(first.status == 0, first.err);
  const auto results = nlohmann::json::parse(slurp(json));
  BOOST_REQUIRE(!results["cases"].empty());
  const auto page = slurp(html);
  BOOST_TEST(misplaced_tag(page) == "");
  for (const auto& c : results["cases"]) {
    const std::string name = c["name"];
    BOOST_TEST(c["allocations"] == 0, name);
    BOOST_TEST(c["median_ms"] > 0.0, name);
    BOOST_TEST(c["p95_ms"] >= c["median_ms"], name);
    BOOST_TEST(has(page, name), name);
  }
  const auto second = run_program(folder, "viseme-bench", few + "--baseline " + json);
  BOOST_TEST(second.status == 0, second.err);
  BOOST_TEST(has(second.out, "of the baseline"));
  BOOST_TEST(!has(second.out, "not in the baseline"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_one_line) {
  const scratch_folder folder;
  const auto fails = [&](const std::string& arguments, int status, const std::string& part) {
    const auto r = run_program(folder, "viseme-bench", arguments);
    BOOST_TEST(r.status == status, arguments << ": " << r.err);
    BOOST_TEST(has(r.err, part), arguments << ": " << r.err);
    BOOST_TEST(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  };
  fails("--filter '('", 2, "regular expression");
  fails("--filter nothing_has_this_name", 1, "no case");
  fails("--seconds -1", 2, "--seconds");
  fails("--speech 0", 2, "--speech");
  fails(few + "--baseline " + (folder / "none.json").string(), 1, "no such file");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bench_program_suite
