// The whole inverted residual with its products in 8-bit integers and bf16 against plain loops in double.
#include "inverted_residual_trial.hpp"

namespace inverted_residual_narrow_suite {

using namespace viseme;
using namespace viseme::kernels::cpu;
using namespace viseme::tests;
using namespace viseme::tests::inverted_residuals;

/// Squared error over squared signal.
template <arithmetic how>
void check_noise(double most) {
  for (const auto& t : cases()) {
    trial b(t);
    const auto expected = b.expected();
    double signal = 0;
    for (double v : expected) signal += v * v;
    for (auto set : sets_here()) {
      const auto y = b.run<how>(set, 2);
      const auto values = y.values();
      double noise = 0;
      for (std::size_t i = 0; i < values.size(); ++i) noise += (values[i] - expected[i]) * (values[i] - expected[i]);
      BOOST_TEST(noise <= most * signal, "set " << int(set) << " " << t.h << "x" << t.w << " " << t.channels << "-" << t.hidden << "-"
                                                << t.filters << " stride " << t.stride << ": " << noise / signal);
      BOOST_TEST(y.gaps_untouched());
    }
  }
}

BOOST_AUTO_TEST_SUITE(inverted_residual_narrow)

BOOST_AUTO_TEST_CASE(int8_equals_plain_loops_but_for_rounding) { check_noise<arithmetic::int8>(4e-4); }
BOOST_AUTO_TEST_CASE(bf16_equals_plain_loops_but_for_rounding) { check_noise<arithmetic::bf16>(3e-5); }

BOOST_AUTO_TEST_CASE(same_bits_for_any_number_of_threads) {
  trial b({1, 70, 140, 4, 128, 16, 1, 8, true});
  for (auto set : sets_here()) {
    const auto one = b.run<arithmetic::int8>(set, 1).values();
    const auto one_in_bf16 = b.run<arithmetic::bf16>(set, 1).values();
    for (int threads : {2, 3}) {
      BOOST_TEST(same_bits(b.run<arithmetic::int8>(set, threads).values(), one));
      BOOST_TEST(same_bits(b.run<arithmetic::bf16>(set, threads).values(), one_in_bf16));
    }
  }
}

BOOST_AUTO_TEST_CASE(nan_in_means_nan_out) {
  trial b({1, 9, 9, 5, 16, 16, 1, 0, false});
  b.x.at(0, 4, 4, 2) = NAN;
  for (auto set : sets_here()) {
    const auto y = b.run<arithmetic::int8>(set, 1), z = b.run<arithmetic::bf16>(set, 1);
    BOOST_TEST((std::isnan(y.at(0, 3, 5, 0)) && std::isnan(z.at(0, 3, 5, 0))));
    BOOST_TEST((!std::isnan(y.at(0, 2, 4, 0)) && !std::isnan(z.at(0, 2, 4, 0))));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace inverted_residual_narrow_suite
