// Losses against plain loops in double; the synchrony loss also against finite differences.
#include <kernels/cpu/losses.hpp>

#include "tensor_check.hpp"

namespace losses_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

/// The synchrony loss in double.
double synchrony(const std::vector<double>& a, const std::vector<double>& v, const std::vector<float>& labels, int count) {
  double loss = 0;
  const int n = int(labels.size());
  for (int s = 0; s < n; ++s) {
    double aa = 0, vv = 0, av = 0;
    for (int i = s * count; i < (s + 1) * count; ++i) aa += a[i] * a[i], vv += v[i] * v[i], av += a[i] * v[i];
    const double p = (1 + av / (std::sqrt(aa) * std::sqrt(vv))) / 2;
    loss -= labels[s] * std::log(p) + (1 - labels[s]) * std::log(1 - p);
  }
  return loss / n;
}

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(mean_errors_equal_plain_loops) {
  for (auto [h, w, c, gap] : {std::tuple{1, 1, 1, 0}, {2, 7, 3, 0}, {33, 7, 12, 5}, {100, 120, 3, 0}, {100, 120, 16, 2}})
    for (auto kind : {distance::absolute, distance::squared})
      for (auto how : {writing::overwrite, writing::accumulate}) {
        auto p = tensor::random(2, h, w, c, gap, 1), t = tensor::random(2, h, w, c, 0, 2), before = tensor::random(2, h, w, c, gap, 3, 1e-3f);
        p.at(0, 0, 0, 0) = t.at(0, 0, 0, 0);
        const auto ps = p.values(), ts = t.values(), old = before.values();
        double loss = 0;
        std::vector<double> expected(ps.size());
        for (std::size_t i = 0; i < ps.size(); ++i) {
          const double d = double(ps[i]) - ts[i];
          loss += (kind == distance::squared ? d * d : std::abs(d)) / double(ps.size());
          expected[i] = (how == writing::accumulate ? old[i] : 0) + 0.5 * (kind == distance::squared ? 2 * d : (d > 0) - (d < 0)) / double(ps.size());
        }
        for (auto set : sets_here()) {
          double first = 0;
          for (int threads : {1, 2, 3}) {
            viseme::thread_pool pool(threads);
            auto d = before.clone();
            double got;
            std::vector<double> scratch(mean_error_scratch_size(p.count(), c));
            mean_error_arguments a{.pixels = p.count(), .channels = c, .kind = kind, .prediction = p.pixels(), .target = t.pixels(),
                                   .d_prediction = d.pixels(), .how = how, .weight = 0.5f, .loss = &got, .scratch = scratch.data()};
            mean_error(pool, set, a);
            BOOST_TEST(got == loss, boost::test_tools::tolerance(1e-6));
            BOOST_TEST(relative_error(d.values(), expected) < 1e-6);
            BOOST_TEST(d.gaps_untouched());
            if (threads == 1) first = got;
            BOOST_TEST(got == first);
            a.d_prediction = {};
            mean_error(pool, set, a);
            BOOST_TEST(got == first);
          }
        }
      }
}

BOOST_AUTO_TEST_CASE(nan_passes_into_loss_and_gradient) {
  for (auto set : sets_here())
    for (auto kind : {distance::absolute, distance::squared}) {
      viseme::thread_pool pool(1);
      std::vector<float> p(21, 1.0f), t(21, 2.0f), d(21);
      p[20] = NAN;
      double loss, scratch;
      mean_error(pool, set, {.pixels = 21, .channels = 1, .kind = kind, .prediction = {p.data(), 1}, .target = {t.data(), 1}, .d_prediction = {d.data(), 1},
                             .loss = &loss, .scratch = &scratch});
      BOOST_TEST(std::isnan(loss));
      BOOST_TEST(std::isnan(d[20]));
      BOOST_TEST(!std::isnan(d[19]));
    }
}

BOOST_AUTO_TEST_CASE(synchrony_loss_and_gradients_equal_finite_differences) {
  constexpr int n = 3, count = 37;
  guarded_buffer a(n * count), v(n * count);
  a.randomize(1), v.randomize(2);
  const std::vector<float> labels{1, 0, 0.3f};
  std::vector<double> ad(a.begin(), a.end()), vd(v.begin(), v.end());
  const double loss = synchrony(ad, vd, labels, count);
  const auto differences = [&](std::vector<double>& x) {
    std::vector<double> g;
    for (auto& e : x) {
      const double kept = e, h = 1e-5;
      e = kept + h;
      const double above = synchrony(ad, vd, labels, count);
      e = kept - h;
      g.push_back((above - synchrony(ad, vd, labels, count)) / (2 * h) * 2);  // weight 2
      e = kept;
    }
    return g;
  };
  const auto expected_a = differences(ad), expected_v = differences(vd);
  for (auto set : sets_here())
    for (int threads : {1, 2, 3}) {
      viseme::thread_pool pool(threads);
      guarded_buffer da(n * count), dv(n * count);
      std::ranges::fill(dv, 1.0f);
      double got, scratch[n];
      synchrony_loss_arguments s{.n = n, .count = count, .a = a.data(), .v = v.data(), .labels = labels.data(), .da = da.data(), .dv = dv.data(),
                                 .dv_how = writing::accumulate, .weight = 2, .loss = &got, .scratch = scratch};
      synchrony_loss(pool, set, s);
      BOOST_TEST(got == loss, boost::test_tools::tolerance(1e-9));
      BOOST_TEST(relative_error(da, expected_a) < 1e-6);
      std::vector<double> added(expected_v);
      for (auto& e : added) e += 1;
      BOOST_TEST(relative_error(dv, added) < 1e-6);
      s.da = s.dv = nullptr;
      synchrony_loss(pool, set, s);
      BOOST_TEST(got == loss, boost::test_tools::tolerance(1e-9));
    }
}

BOOST_AUTO_TEST_CASE(synchrony_loss_at_its_edges) {
  viseme::thread_pool pool(1);
  const std::vector<float> x{3, 4}, opposite{-3, -4}, zero{0, 0}, spoiled{NAN, 1};
  const float one = 1;
  double loss, scratch;
  std::vector<float> da(2);
  for (auto set : sets_here()) {
    const auto run = [&](const std::vector<float>& v, float margin) {
      synchrony_loss(pool, set, {.n = 1, .count = 2, .a = x.data(), .v = v.data(), .labels = &one, .da = da.data(), .margin = margin, .loss = &loss, .scratch = &scratch});
    };
    run(x, 0);
    BOOST_TEST(std::abs(loss) < 1e-12);
    run(opposite, 0);
    BOOST_TEST(loss == 100, boost::test_tools::tolerance(0.7));
    BOOST_TEST(std::isfinite(da[0]));
    run(opposite, 1e-7f);
    BOOST_TEST(loss == -std::log(1e-7), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(da[0] == 0);
    run(zero, 0);
    BOOST_TEST(loss == std::log(2.0), boost::test_tools::tolerance(1e-12));
    BOOST_TEST(da[0] == 0);
    run(spoiled, 1e-7f);
    BOOST_TEST(std::isnan(loss));
    BOOST_TEST(std::isnan(da[0]));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace losses_suite
