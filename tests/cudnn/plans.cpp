// Plans for a GPU that is described, not there.
#include <boost/test/unit_test.hpp>

#include <backends/cudnn/plans.hpp>
#include <tests/cudnn/described_gpu.hpp>
#include <tests/cudnn/net_tasks.hpp>

namespace plans_suite {

using namespace viseme;
using namespace viseme::backends;
using namespace viseme::tests;

constexpr std::array types{dtype::fp32, dtype::bf16, dtype::fp16};

convolution_task task(convolution_pass pass, dtype type) {
  return {.pass = pass,
          .s = {.in = 256, .out = 512, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}},
          .x = {8, 256, 20, 20},
          .y = {8, 512, 10, 10},
          .type = type};
}

/// Numerical notes of the engine that a plan runs.
std::vector<cudnnBackendNumericalNote_t> notes(const cudnn_library& l, const cudnn_plan& p) {
  std::array config{cudnn_descriptor(l, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)};
  std::array engine{cudnn_descriptor(l, CUDNN_BACKEND_ENGINE_DESCRIPTOR)};
  p.descriptor().get(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, std::span<cudnn_descriptor>(config));
  config[0].get(CUDNN_ATTR_ENGINECFG_ENGINE, std::span<cudnn_descriptor>(engine));
  std::vector<cudnnBackendNumericalNote_t> all(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  all.resize(engine[0].get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, std::span(all)));
  return all;
}

BOOST_AUTO_TEST_SUITE(plans, *boost::unit_test::precondition(has_cudnn))

BOOST_AUTO_TEST_CASE(every_convolution_of_every_net_has_one) {
  const described_gpu gpu;
  for (const auto type : types)
    for (const auto& t : net_tasks(type, 4)) {
      const auto found = gpu.plan(t);
      BOOST_TEST(found.has_value(), text(t));
      if (found) BOOST_TEST(found->workspace() <= most_workspace);
    }
}

BOOST_AUTO_TEST_CASE(whatever_is_fused_or_added_to) {
  const described_gpu gpu;
  for (const auto type : types) {
    for (int bits = 0; bits < 4; ++bits) {
      auto t = task(convolution_pass::forward, type);
      t.bias = true, t.sum = bits & 1, t.relu = bits & 2;
      BOOST_TEST(gpu.plan(t).has_value(), text(t) << " " << bits);
    }
    auto t = task(convolution_pass::data_gradient, type);
    t.accumulate = true;
    BOOST_TEST(gpu.plan(t).has_value(), text(t));
  }
}

BOOST_AUTO_TEST_CASE(floats_are_not_rounded_to_tf32_and_halves_use_tensor_cores) {
  const described_gpu gpu;
  for (const auto pass : {convolution_pass::forward, convolution_pass::data_gradient, convolution_pass::weight_gradient})
    for (const auto type : types) {
      const auto found = gpu.plan(task(pass, type));
      BOOST_REQUIRE(found.has_value());
      const auto all = notes(gpu.library(), *found);
      BOOST_TEST((std::ranges::find(all, CUDNN_NUMERICAL_NOTE_TENSOR_CORE) != all.end()) == (type != dtype::fp32), text(task(pass, type)));
      BOOST_TEST((std::ranges::find(all, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) == all.end()), text(task(pass, type)));
    }
}

BOOST_AUTO_TEST_CASE(memory_is_limited) {
  const described_gpu gpu;
  const auto t = task(convolution_pass::data_gradient, dtype::fp32);
  BOOST_TEST(gpu.plan(t)->workspace() > 0u);
  const auto none = gpu.plan(t, 0);
  BOOST_TEST((!none || none->workspace() == 0));
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_fit_are_refused_with_the_call_and_its_place) {
  const described_gpu gpu;
  auto t = task(convolution_pass::forward, dtype::bf16);
  t.y.h = 11;
  BOOST_CHECK_EXCEPTION(gpu.plan(t), cuda_error, [](const cuda_error& e) {
    const std::string line = e.what();
    const bool one_line = line.find('\n') == line.npos;
    return one_line && line.starts_with("cudnnBackendFinalize: CUDNN_STATUS_BAD_PARAM") && line.find("(graph.hpp:") != line.npos;
  });
}

BOOST_AUTO_TEST_CASE(one_is_made_once_and_stays_where_it_is) {
  const described_gpu gpu;
  convolution_plans all;
  int made = 0;
  const auto make = [&](const convolution_task& t) -> convolution_plan {
    ++made;
    if (t.relu) return std::monostate();
    return std::move(*gpu.plan(t));
  };
  auto t = task(convolution_pass::forward, dtype::bf16);
  const auto& first = all.of(t, make);
  BOOST_TEST(std::holds_alternative<cudnn_plan>(first));
  t.relu = true;
  BOOST_TEST(std::holds_alternative<std::monostate>(all.of(t, make)));
  for (int n = 1; n < 8; ++n) {
    t.x.n = t.y.n = n;
    all.of(t, make);
  }
  BOOST_TEST(made == 9);
  BOOST_TEST((&all.of(task(convolution_pass::forward, dtype::bf16), make) == &first));
  BOOST_TEST(made == 9);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plans_suite
