// Adam against its formula in double.
#include <kernels/cpu/adam.hpp>

#include "tensor_check.hpp"

namespace adam_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(steps_equal_the_formula) {
  for (int count : {1, 7, 16, 33, 1000, 200000})
    for (auto set : sets_here()) {
      std::vector<float> first;
      for (int threads : {1, 2, 3}) {
        if (threads > 1 && count < 200000) continue;
        viseme::thread_pool pool(threads);
        guarded_buffer p(count), m(count), v(count), g(count);
        p.randomize(1);
        std::ranges::fill(m, 0.0f), std::ranges::fill(v, 0.0f);
        std::vector<double> ep(p.begin(), p.end()), em(count), ev(count);
        for (int t = 1; t <= 4; ++t) {
          g.randomize(std::uint32_t(t), std::pow(10.0f, float(t) - 3));
          viseme::kernels::cpu::adam(pool, set, {.count = count, .parameters = p.data(), .m = m.data(), .v = v.data(), .gradients = g.data(), .step = t, .scale = 0.5f});
          for (int i = 0; i < count; ++i) {
            const double gradient = 0.5 * g[i];
            em[i] = 0.9 * em[i] + 0.1 * gradient;
            ev[i] = 0.999 * ev[i] + 0.001 * gradient * gradient;
            ep[i] -= 1e-3 / (1 - std::pow(0.9, t)) * em[i] / (std::sqrt(ev[i]) / std::sqrt(1 - std::pow(0.999, t)) + 1e-8);
          }
        }
        BOOST_TEST(relative_error(p, ep) < 1e-6);
        BOOST_TEST(relative_error(m, em) < 1e-6);
        BOOST_TEST(relative_error(v, ev) < 1e-6);
        if (threads == 1) first.assign(p.begin(), p.end());
        BOOST_TEST(same_bits(p, first));
      }
    }
}

BOOST_AUTO_TEST_CASE(a_zero_gradient_moves_nothing_and_nan_passes) {
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    std::vector<float> p(20, 1.0f), m(20), v(20), g(20);
    g[19] = NAN, g[18] = 1e-40f;
    viseme::kernels::cpu::adam(pool, set, {.count = 20, .parameters = p.data(), .m = m.data(), .v = v.data(), .gradients = g.data(), .step = 1});
    for (int i = 0; i < 19; ++i) BOOST_TEST(p[i] == 1);
    BOOST_TEST((std::isnan(p[19]) && std::isnan(m[19]) && std::isnan(v[19])));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace adam_suite
