// The whole inverted residual against plain loops in double, for every instruction set this machine runs.
#include "inverted_residual_trial.hpp"

namespace inverted_residual_suite {

using namespace viseme;
using namespace viseme::kernels::cpu;
using namespace viseme::tests;
using namespace viseme::tests::inverted_residuals;

BOOST_AUTO_TEST_SUITE(inverted_residual)

BOOST_AUTO_TEST_CASE(equals_plain_loops) {
  for (const auto& t : cases()) {
    trial b(t);
    const auto expected = b.expected();
    for (auto set : sets_here()) {
      const auto y = b.run(set, 2);
      BOOST_TEST(relative_error(y.values(), expected) <= 1e-5, "set " << int(set) << " " << t.h << "x" << t.w << " " << t.channels << "-" << t.hidden << "-" << t.filters << " stride " << t.stride);
      BOOST_TEST(y.gaps_untouched());
    }
  }
}

BOOST_AUTO_TEST_CASE(same_bits_for_any_number_of_threads) {
  trial b({1, 70, 140, 5, 128, 16, 1, 12, true});
  for (auto set : sets_here()) {
    const auto one = b.run(set, 1).values();
    for (int threads : {2, 3}) BOOST_TEST(same_bits(b.run(set, threads).values(), one));
  }
}

BOOST_AUTO_TEST_CASE(nan_in_means_nan_out) {
  trial b({1, 9, 9, 5, 16, 16, 1, 0, false});
  b.x.at(0, 4, 4, 2) = NAN;
  for (auto set : sets_here()) {
    const auto y = b.run(set, 1);
    BOOST_TEST(std::isnan(y.at(0, 3, 5, 0)));
    BOOST_TEST(!std::isnan(y.at(0, 2, 4, 0)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace inverted_residual_suite
