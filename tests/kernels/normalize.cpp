// L2 normalisation against plain loops in double and finite differences of them.
#include <kernels/cpu/normalize.hpp>

#include "tensor_check.hpp"

namespace normalize_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

double norm(const float* x, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += double(x[i]) * x[i];
  return std::max(std::sqrt(sum), 1e-12);
}

BOOST_AUTO_TEST_SUITE(normalize)

BOOST_AUTO_TEST_CASE(forward_and_backward_equal_plain_loops) {
  for (int n : {1, 3})
    for (int count : {1, 7, 16, 33, 4608})
      for (float spread : {1.0f, 1e-18f, 1e18f, 1e-30f}) {
        guarded_buffer x(n * count), dy(n * count), before(n * count);
        x.randomize(1, spread), dy.randomize(2), before.randomize(3, 1 / spread);
        for (auto set : sets_here())
          for (auto how : {writing::overwrite, writing::accumulate}) {
            std::vector<double> ys, dxs;
            for (int s = 0; s < n; ++s) {
              const double l = norm(x.data() + s * count, count);
              double along = 0;
              for (int i = s * count; i < (s + 1) * count; ++i) ys.push_back(x[i] / l), along += x[i] / l * dy[i];
              if (l == 1e-12) along = 0;
              for (int i = s * count; i < (s + 1) * count; ++i) dxs.push_back((dy[i] - ys[i] * along) / l + (how == writing::accumulate ? before[i] : 0));
            }
            for (int threads : {1, 3}) {
              viseme::thread_pool pool(threads);
              guarded_buffer y(n * count), dx(n * count);
              std::ranges::copy(before, dx.begin());
              viseme::kernels::cpu::normalize(pool, set, {n, count, x.data(), y.data()});
              BOOST_TEST(relative_error(y, ys) < 1e-6);
              normalize_backward(pool, set, {n, count, dy.data(), x.data(), dx.data(), how});
              if (count > 1) BOOST_TEST(relative_error(dx, dxs) < 1e-5);
            }
          }
      }
}

BOOST_AUTO_TEST_CASE(zeros_stay_zeros_and_nan_spoils_its_sample) {
  for (auto set : sets_here()) {
    viseme::thread_pool pool(1);
    std::vector<float> x(40), y(40), dy(40, 1.0f), dx(40);
    x[25] = NAN;
    viseme::kernels::cpu::normalize(pool, set, {2, 20, x.data(), y.data()});
    normalize_backward(pool, set, {2, 20, dy.data(), x.data(), dx.data()});
    for (int i = 0; i < 20; ++i) BOOST_TEST((y[i] == 0 && dx[i] == 1e12f));
    for (int i = 20; i < 40; ++i) BOOST_TEST((std::isnan(y[i]) && std::isnan(dx[i])));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace normalize_suite
