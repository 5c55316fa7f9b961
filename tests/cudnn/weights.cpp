#include <boost/test/unit_test.hpp>

#include <backends/cudnn/weights.hpp>
#include <backends/emulated/launch.hpp>

namespace weights_suite {

using namespace viseme;
using namespace viseme::backends;

constexpr conv window{.in = 3, .out = 5, .kernel = {2, 3}};
constexpr int taps = 6, count = 5 * 3 * taps;

/// In PyTorch's order; small integers, exact in every scalar.
std::vector<float> numbers() {
  std::vector<float> v(count);
  for (int i = 0; i < count; ++i) v[i] = float(i);
  return v;
}

BOOST_AUTO_TEST_SUITE(weights)

BOOST_AUTO_TEST_CASE(channels_come_last) {
  emulated_context c(1);
  const auto given = numbers();
  const std::vector<float> scale{1, 2, 3, 4, 5};
  std::vector<float> plain(count), scaled(count);
  turn_weights(c, window, given.data(), nullptr, plain.data());
  turn_weights(c, window, given.data(), scale.data(), scaled.data());
  for (int k = 0; k < window.out; ++k)
    for (int tap = 0; tap < taps; ++tap)
      for (int channel = 0; channel < window.in; ++channel) {
        const float want = given[(k * window.in + channel) * taps + tap];
        const int at = (k * taps + tap) * window.in + channel;
        BOOST_TEST(plain[at] == want);
        BOOST_TEST(scaled[at] == want * scale[k]);
      }
}

template <class T>
void check_round_trip() {
  emulated_context c(1);
  const auto given = numbers();
  std::vector<T> turned(count);
  std::vector<float> converted(count), sum(count, 1);
  turn_weights(c, window, given.data(), nullptr, turned.data());
  add_turned_gradient(c, window, turned.data(), converted.data(), sum.data());
  for (int i = 0; i < count; ++i) BOOST_TEST(sum[i] == given[i] + 1);
}

BOOST_AUTO_TEST_CASE(and_a_gradient_comes_back_and_is_added) {
  check_round_trip<float>();
  check_round_trip<bf16>();
  check_round_trip<fp16>();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace weights_suite
