// Exported nets in ONNX Runtime against the same nets here. Needs Node.js with onnxruntime-node, found as `require` finds it (NODE_PATH).
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "../environment.hpp"
#include "every_net.hpp"

#include <bench/child_process.hpp>
#include <bench/peers/onnx_case.hpp>

namespace runtime_suite {

using namespace viseme;
using namespace viseme::tests;

boost::test_tools::assertion_result has_onnxruntime(boost::unit_test::test_unit_id) {
  const auto command = "cd '" + (source() / "bench/peers").string() + "' && node -e \"require('onnxruntime-node')\" >/dev/null 2>&1";
  if (std::system(command.c_str()) == 0) return true;
  std::cout << "skipped: needs onnxruntime-node" << std::endl;
  return false;
}

std::vector<float> from_onnxruntime(const net_spec& spec, int batch) {
  const bench::onnx_case files(spec, batch);
  bench::child_process process({"node", (source() / "bench/peers/onnxruntime.cjs").string()});
  const auto ask = [&](const std::string& line, const std::string& start) {
    process.send(line);
    const auto answer = process.receive();
    BOOST_REQUIRE_MESSAGE(answer.starts_with(start), answer);
    return answer;
  };
  ask("prepare " + spec.net + " " + spec.width + " forward " + std::to_string(batch) + " 2 " + files.folder().string(), "ready");
  ask("run", "");
  return process.receive_floats(std::stoul(ask("output", "")));
}

std::vector<float> from_here(device& on, const net_spec& spec, int batch) {
  std::vector<std::string> outputs{"output"};
  if (spec.net == "syncnet") outputs = {"audio", "face"};
  const auto session = on.prepare(spec, bench::weights_of(spec))->make_session({.batch = batch, .image = {0, 0}, .cut = {{}, outputs}});
  for (const auto& v : session->inputs()) session->write(v.name, bench::input_values(v.name, v.size.count()));
  session->run();
  std::vector<float> all;
  for (const auto& v : session->outputs()) {
    std::vector<float> values(v.size.count());
    session->read(v.name, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

BOOST_AUTO_TEST_SUITE(runtime, *boost::unit_test::precondition(has_onnxruntime))

BOOST_AUTO_TEST_CASE(every_net_gives_the_same_numbers) {
  const auto on = open_device("cpu");
  for (const auto& spec : every_net()) {
    BOOST_TEST_CONTEXT(tests::text(spec)) {
      const int batch = spec.width == "mobile" || spec.net == "pfld" ? 2 : 1;
      const auto ours = from_here(*on, spec, batch), theirs = from_onnxruntime(spec, batch);
      BOOST_REQUIRE(ours.size() == theirs.size());
      double range = 0, difference = 0;
      for (std::size_t i = 0; i < ours.size(); ++i) {
        range = std::max(range, std::abs(double(theirs[i])));
        difference = std::max(difference, std::abs(double(ours[i]) - double(theirs[i])));
      }
      BOOST_TEST_MESSAGE(tests::text(spec) << ": largest difference " << difference << " in a range of " << range);
      BOOST_TEST(difference <= 1e-4 * range);
      BOOST_TEST(range > 1e-3);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace runtime_suite
