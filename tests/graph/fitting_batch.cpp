// A batch too large for a device's memory: the error names the largest that fits, and nothing is allocated.
#include "small_net.hpp"

#include <memory>

#include <viseme/run/net_factory.hpp>

namespace fitting_batch_suite {

using namespace viseme;
using namespace viseme::tests;

/// The host, as a device of which so many bytes are free.
struct small_context : backends::host_context {
  std::size_t free = 0;

  explicit small_context(std::size_t bytes) : host_context(1), free(bytes) {}
  std::size_t free_memory() const { return free; }
  std::size_t staging_bytes(std::size_t count) const { return count * sizeof(float); }
};

struct small_device : backends::reference<float> {
  using fallback = backends::reference<float>;
  using context = small_context;
  static constexpr const char* name = "small device";
};

const auto net = net_program<small_device, small_net, purpose::inference>::make();
const auto trained = net_program<small_device, small_net, purpose::training>::make();

std::size_t run_bytes(int batch) {
  small_context c(0);
  return engine<small_device>::bytes(c, net, default_input_shapes<small_net>(batch));
}
std::size_t training_bytes(int batch) {
  small_context c(0);
  return training_graph<small_device>::bytes(trained, c, default_input_shapes<small_net>(batch), {});
}

std::unique_ptr<session> make_run(std::size_t free, int batch) {
  const auto model = net_factory<small_device>::prepare(net, std::make_shared<small_context>(free), {}, random_block<small_net>());
  return model->make_session({.batch = batch, .image = {0, 0}, .cut = {}});
}
std::unique_ptr<training_net> make_training(std::size_t free, int batch) {
  return net_factory<small_device>::train(trained, std::make_shared<small_context>(free), random_block<small_net>(),
                                          {.batch = batch, .image = {0, 0}, .graph = {}});
}

BOOST_AUTO_TEST_SUITE(fitting_batch)

BOOST_AUTO_TEST_CASE(the_largest_batch_is_found) {
  for (int batch : {1, 2, 3, 10, 33, 1024})
    for (int fits = 0; fits < batch; fits += 1 + fits / 2) {
      int tried = 0;
      const auto bytes_of = [&](int n) { return ++tried, 100 + std::size_t(n) * 7; };
      BOOST_TEST(largest_batch_below(batch, bytes_of(fits) + 6, bytes_of) == fits);
      BOOST_TEST(tried <= 12);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_that_fits_is_no_error) {
  BOOST_CHECK_NO_THROW(require_fitting_batch(4, 4096, [](int n) { return std::size_t(n) << 10; }, "give up"));
}

BOOST_AUTO_TEST_CASE(the_error_says_what_is_needed_and_free) {
  const auto bytes_of = [](int n) { return (std::size_t(n) << 30) + 1; };
  check_error([&] { require_fitting_batch(32, std::size_t(9) << 30, bytes_of, "give up"); },
              {"batch of 32: it needs 32769 MiB of the device's memory, 9216 MiB are free: use 8, the largest that fits there"});
  check_error([&] { require_fitting_batch(32, std::size_t(1) << 30, bytes_of, "give up"); },
              {"1024 MiB are free: not even 1 fits: give up"});
  check_error([&] { require_fitting_batch(1, 0, bytes_of, "give up"); },
              {"batch of 1: it needs 1025 MiB of the device's memory, 0 MiB are free: give up"});
}

BOOST_AUTO_TEST_CASE(a_plan_is_what_a_run_then_takes) {
  for (int batch : {1, 3, 16}) {
    const auto input = default_input_shapes<small_net>(batch)[0].count() * sizeof(float);
    BOOST_TEST(make_run(std::size_t(-1), batch)->memory_bytes() + input == run_bytes(batch));
    BOOST_TEST(make_training(std::size_t(-1), batch)->memory_bytes() + input == training_bytes(batch));
  }
}

BOOST_AUTO_TEST_CASE(runs) {
  BOOST_CHECK_NO_THROW(make_run(run_bytes(16), 16));
  check_error([] { make_run(run_bytes(16) - 1, 16); }, {"batch of 16", "use 15, the largest"});
  check_error([] { make_run(run_bytes(6), 1000); }, {"batch of 1000", "use 6, the largest"});
  check_error([] { make_run(run_bytes(1) - 1, 5); }, {"not even 1 fits", "--width mobile", "--dtype bf16", "another backend"});
}

BOOST_AUTO_TEST_CASE(training) {
  BOOST_CHECK_NO_THROW(make_training(training_bytes(16), 16));
  check_error([] { make_training(training_bytes(16) - 1, 16); }, {"batch of 16", "use 15, the largest"});
  check_error([] { make_training(training_bytes(6), 1000); }, {"batch of 1000", "use 6, the largest"});
  check_error([] { make_training(training_bytes(1) - 1, 5); }, {"not even 1 fits", "--width mobile"});
}

BOOST_AUTO_TEST_CASE(no_batch_at_all_is_another_error) {
  check_error([] { make_run(0, 0); }, {"batch", "it is 0"});
  check_error([] { make_training(0, -1); }, {"batch", "it is -1"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace fitting_batch_suite
