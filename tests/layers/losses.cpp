#include "check_losses.hpp"

namespace losses_suite {

using namespace viseme;
using namespace viseme::tests;

template <class Loss>
void check_loss(shape s, bool both) {
  BOOST_TEST_CONTEXT("size " << text(s)) {
    const auto k = random_case(s);
    check_loss_on<Loss, fast>(k, check_reference<Loss>(k), both, {1e-6, 1e-5, 1e-5});
  }
}

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(absolute) {
  check_loss<l1_loss>({2, 3, 7, 33}, false);
  check_loss<l1_loss>({1, 1, 1, 1}, false);
}

BOOST_AUTO_TEST_CASE(squared) {
  check_loss<mse_loss>({3, 19, 7, 1}, false);
  check_loss<mse_loss>({1, 3, 33, 33}, false);
}

BOOST_AUTO_TEST_CASE(cosine) {
  check_loss<cosine_bce_loss>({2, 33, 1, 1}, true);
  check_loss<cosine_bce_loss>({5, 7, 2, 1}, true);
}

BOOST_AUTO_TEST_CASE(values_by_hand) {
  loss_case k{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {0, 3}, .labels = {1}};
  BOOST_TEST((run_loss<l1_loss, truth>(k, false).loss) == 2.0);
  BOOST_TEST((run_loss<mse_loss, truth>(k, false).loss) == 5.0);
  BOOST_TEST((run_loss<cosine_bce_loss, truth>(k, false).loss) == std::log(2.0));
}

BOOST_AUTO_TEST_CASE(opposite_embeddings_stay_finite) {
  loss_case k{.size = {1, 2, 1, 1}, .a = {1, 0}, .b = {-1, 0}, .labels = {1}};
  const auto r = run_loss<cosine_bce_loss, truth>(k, true);
  BOOST_TEST(r.loss == 100.0);
  for (double d : r.d_a) BOOST_TEST(std::isfinite(d));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace losses_suite
