// Batch normalisation against plain loops in double.
#include <kernels/cpu/batch_norm.hpp>

#include "tensor_check.hpp"

namespace batch_norm_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

constexpr float epsilon = 1e-5f, slope = 0.1f;

struct moments {
  std::vector<double> mean, variance;

  explicit moments(const tensor& x) : mean(x.c), variance(x.c) {
    const auto v = x.values();
    for (std::size_t i = 0; i < v.size(); ++i) mean[i % x.c] += v[i];
    for (auto& m : mean) m /= double(x.count());
    for (std::size_t i = 0; i < v.size(); ++i) variance[i % x.c] += (v[i] - mean[i % x.c]) * (v[i] - mean[i % x.c]);
    for (auto& s : variance) s /= double(x.count());
  }
};

/// Everything a batch norm of one tensor keeps.
struct norm {
  guarded_buffer gamma, beta, mean, inv_std, scale, shift, running_mean, running_var;
  std::vector<double> scratch;

  explicit norm(const tensor& x)
      : gamma(x.c), beta(x.c), mean(x.c), inv_std(x.c), scale(x.c), shift(x.c), running_mean(x.c), running_var(x.c),
        scratch(batch_norm_scratch_size(x.count(), x.c)) {
    gamma.randomize(11, 0.3f, 1), beta.randomize(12), running_mean.randomize(13), running_var.randomize(14, 0.1f, 2);
  }
  batch_norm_statistics_arguments statistics(tensor& x) {
    return {.pixels = x.count(), .channels = x.c, .x = x.pixels(), .gamma = gamma.data(), .beta = beta.data(), .mean = mean.data(),
            .inv_std = inv_std.data(), .scale = scale.data(), .shift = shift.data(), .running_mean = running_mean.data(),
            .running_var = running_var.data(), .epsilon = epsilon, .scratch = scratch.data()};
  }
};

double activated(double v, activation act) { return v > 0 || act == activation::none ? v : act == activation::relu ? 0 : v * double(slope); }

struct size {
  int n, h, w, c, gap;
};
const std::vector<size> sizes = {{1, 1, 7, 1, 0}, {3, 2, 7, 3, 5}, {2, 7, 5, 7, 0}, {1, 33, 7, 12, 0}, {2, 9, 9, 16, 3}, {3, 33, 33, 33, 7}, {2, 33, 40, 64, 0}, {1, 2, 2, 300, 1}};

BOOST_AUTO_TEST_SUITE(batch_norm)

BOOST_AUTO_TEST_CASE(statistics_equal_double_even_with_a_mean_far_from_zero) {
  for (const auto& [mean, spread] : {std::pair{0.0f, 1.0f}, {3.0f, 0.5f}, {1000.0f, 1.0f}, {-1e4f, 0.5f}})
    for (const auto& s : sizes) {
      auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 1, spread, mean);
      const moments expected(x);
      for (auto set : sets_here()) {
        norm b(x);
        const std::vector<float> old_mean(b.running_mean.begin(), b.running_mean.end()), old_var(b.running_var.begin(), b.running_var.end());
        viseme::thread_pool pool(2);
        batch_norm_statistics(pool, set, b.statistics(x));
        const double n = double(x.count());
        for (int c = 0; c < s.c; ++c) {
          const double scale = std::abs(expected.mean[c]) + std::sqrt(expected.variance[c]);
          BOOST_TEST(std::abs(b.mean[c] - expected.mean[c]) < 2e-7 * scale);
          BOOST_TEST(double(b.inv_std[c]) == 1 / std::sqrt(expected.variance[c] + epsilon), boost::test_tools::tolerance(2e-6));
          BOOST_TEST(std::abs(b.running_mean[c] - (0.9 * old_mean[c] + 0.1 * expected.mean[c])) < 2e-7 * (std::abs(old_mean[c]) + scale));
          BOOST_TEST(double(b.running_var[c]) == 0.9 * old_var[c] + 0.1 * expected.variance[c] * n / (n - 1), boost::test_tools::tolerance(2e-6));
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(statistics_of_many_pixels_reach_a_millionth) {
  auto x = tensor::random(1, 320, 320, 16, 0, 2, 1, 2);
  const moments expected(x);
  for (auto set : sets_here()) {
    norm b(x);
    viseme::thread_pool pool(2);
    batch_norm_statistics(pool, set, b.statistics(x));
    for (int c = 0; c < x.c; ++c) {
      BOOST_TEST(double(b.mean[c]) == expected.mean[c], boost::test_tools::tolerance(1e-7));
      BOOST_TEST(double(b.inv_std[c]) == 1 / std::sqrt(expected.variance[c] + epsilon), boost::test_tools::tolerance(2e-7));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_constant_channel_has_no_variance) {
  tensor x(1, 10, 10, 9);
  std::ranges::fill(x.buffer, 12345.678f);
  for (auto set : sets_here()) {
    norm b(x);
    viseme::thread_pool pool(1);
    batch_norm_statistics(pool, set, b.statistics(x));
    for (int c = 0; c < x.c; ++c) BOOST_TEST(b.inv_std[c] == 1 / std::sqrt(epsilon), boost::test_tools::tolerance(1e-2f));
  }
}

BOOST_AUTO_TEST_CASE(apply_equals_plain_loops) {
  for (const auto& s : sizes) {
    auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 3), r = tensor::random(s.n, s.h, s.w, s.c, 2, 4);
    norm b(x);
    b.scale.randomize(5), b.shift.randomize(6);
    for (auto set : sets_here())
      for (auto act : {activation::none, activation::relu, activation::leaky_relu})
        for (bool residual : {false, true}) {
          const auto xs = x.values(), rs = r.values();
          std::vector<double> expected(xs.size());
          for (std::size_t i = 0; i < xs.size(); ++i)
            expected[i] = activated(double(xs[i]) * b.scale[i % s.c] + b.shift[i % s.c] + (residual ? rs[i] : 0), act);
          viseme::thread_pool pool(2);
          tensor y(s.n, s.h, s.w, s.c, s.gap);
          batch_norm_apply_arguments a{.pixels = x.count(), .channels = s.c, .x = x.pixels(), .scale = b.scale.data(), .shift = b.shift.data(),
                                       .y = y.pixels(), .residual = residual ? const_pixels(r.pixels()) : const_pixels{}, .act = act, .slope = slope};
          batch_norm_apply(pool, set, a);
          BOOST_TEST(relative_error(y.values(), expected) < 1e-5);
          BOOST_TEST(y.gaps_untouched());
          auto in_place = x.clone();
          a.x = in_place.pixels(), a.y = in_place.pixels();
          batch_norm_apply(pool, set, a);
          BOOST_TEST(same_bits(in_place.values(), y.values()));
        }
  }
}

BOOST_AUTO_TEST_CASE(backward_equals_plain_loops) {
  for (const auto& s : sizes) {
    auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 7, 1, 3), r = tensor::random(s.n, s.h, s.w, s.c, 2, 8);
    auto dy = tensor::random(s.n, s.h, s.w, s.c, 1, 9), before = tensor::random(s.n, s.h, s.w, s.c, s.gap, 10);
    const moments m(x);
    for (auto set : sets_here())
      for (auto act : {activation::none, activation::relu, activation::leaky_relu})
        for (bool residual : {false, true})
          for (bool frozen : {false, true})
            for (auto how : {writing::overwrite, writing::accumulate}) {
              norm b(x);
              viseme::thread_pool one(1);
              batch_norm_statistics(one, set, b.statistics(x));
              tensor y(s.n, s.h, s.w, s.c, s.gap);
              batch_norm_apply(one, set, {.pixels = x.count(), .channels = s.c, .x = x.pixels(), .scale = b.scale.data(), .shift = b.shift.data(),
                                          .y = y.pixels(), .residual = residual ? const_pixels(r.pixels()) : const_pixels{}, .act = act, .slope = slope});
              const auto xs = x.values(), ys = y.values(), ds = dy.values(), old = before.values();
              const double n = double(x.count());
              std::vector<double> g(xs.size()), sum_g(s.c), sum_gx(s.c), dx(xs.size()), dr(xs.size()), dgamma(s.c), dbeta(s.c);
              const auto xhat = [&](std::size_t i) { return (xs[i] - m.mean[i % s.c]) / std::sqrt(m.variance[i % s.c] + epsilon); };
              for (std::size_t i = 0; i < xs.size(); ++i) {
                g[i] = ds[i] * (act == activation::none || ys[i] > 0 ? 1 : act == activation::relu ? 0 : slope);
                sum_g[i % s.c] += g[i], sum_gx[i % s.c] += g[i] * xhat(i);
              }
              const bool add = how == writing::accumulate;
              for (std::size_t i = 0; i < xs.size(); ++i) {
                const std::size_t c = i % s.c;
                const double scale = b.gamma[c] / std::sqrt(m.variance[c] + epsilon);
                dx[i] = (add ? old[i] : 0) + scale * (frozen ? g[i] : g[i] - sum_g[c] / n - xhat(i) * sum_gx[c] / n);
                dr[i] = (add ? old[i] : 0) + g[i];
              }
              for (int c = 0; c < s.c; ++c) dgamma[c] = (add ? b.gamma[c] : 0) + sum_gx[c], dbeta[c] = (add ? b.beta[c] : 0) + sum_g[c];
              std::vector<float> first;
              for (int threads : {1, 2, 3}) {
                viseme::thread_pool pool(threads);
                auto got = add ? before.clone() : tensor(s.n, s.h, s.w, s.c, s.gap);
                auto got_r = add ? before.clone() : tensor(s.n, s.h, s.w, s.c, s.gap);
                std::vector<float> got_gamma(b.gamma.begin(), b.gamma.end()), got_beta(b.beta.begin(), b.beta.end());
                batch_norm_backward(pool, set, {.pixels = x.count(), .channels = s.c, .dy = dy.pixels(), .x = x.pixels(),
                                                .y = residual ? const_pixels(y.pixels()) : const_pixels{}, .mean = b.mean.data(), .inv_std = b.inv_std.data(),
                                                .scale = b.scale.data(), .shift = b.shift.data(), .act = act, .slope = slope, .dx = got.pixels(), .dx_how = how,
                                                .d_residual = residual ? got_r.pixels() : pixels{}, .d_residual_how = how,
                                                .dgamma = frozen ? nullptr : got_gamma.data(), .dbeta = frozen ? nullptr : got_beta.data(),
                                                .parameters_how = how, .frozen = frozen, .scratch = b.scratch.data()});
                BOOST_TEST(got.gaps_untouched());
                if (threads == 1) {
                  first = got.values();
                  BOOST_TEST(relative_error(first, dx) < 1e-4, name(set) << " channels " << s.c << " act " << int(act) << " frozen " << frozen);
                  if (residual) BOOST_TEST(relative_error(got_r.values(), dr) < 1e-5);
                  if (!frozen) {
                    BOOST_TEST(relative_error(got_gamma, dgamma) < 1e-4);
                    BOOST_TEST(relative_error(got_beta, dbeta) < 1e-4);
                  }
                } else BOOST_TEST(same_bits(got.values(), first));
              }
            }
  }
}

BOOST_AUTO_TEST_CASE(dx_may_take_the_place_of_dy) {
  auto x = tensor::random(2, 9, 9, 21, 0, 15), dy = tensor::random(2, 9, 9, 21, 0, 16);
  for (auto set : sets_here()) {
    norm b(x);
    viseme::thread_pool pool(2);
    batch_norm_statistics(pool, set, b.statistics(x));
    tensor dx(2, 9, 9, 21);
    auto in_place = dy.clone();
    batch_norm_backward_arguments a{.pixels = x.count(), .channels = x.c, .dy = dy.pixels(), .x = x.pixels(), .mean = b.mean.data(),
                                    .inv_std = b.inv_std.data(), .scale = b.scale.data(), .shift = b.shift.data(), .act = activation::relu,
                                    .dx = dx.pixels(), .scratch = b.scratch.data()};
    batch_norm_backward(pool, set, a);
    a.dy = in_place.pixels(), a.dx = in_place.pixels();
    batch_norm_backward(pool, set, a);
    BOOST_TEST(same_bits(in_place.values(), dx.values()));
  }
}

BOOST_AUTO_TEST_CASE(results_that_bypass_the_caches_are_the_same) {
  auto x = tensor::random(1, 370, 370, 64, 0, 15), dy = tensor::random(1, 370, 370, 64, 0, 16);
  viseme::thread_pool pool(2);
  for (auto set : sets_here()) {
    norm b(x);
    batch_norm_statistics(pool, set, b.statistics(x));
    tensor bypassing(1, 370, 370, 64), unaligned(1, 370, 370, 64, 1);
    BOOST_TEST(bypasses_caches(bypassing.pixels(), x.count(), x.c));
    BOOST_TEST(!bypasses_caches(unaligned.pixels(), x.count(), x.c));
    for (auto* y : {&bypassing, &unaligned})
      batch_norm_apply(pool, set, batch_norm_apply_arguments{.pixels = x.count(), .channels = x.c, .x = x.pixels(), .scale = b.scale.data(),
                                                             .shift = b.shift.data(), .y = y->pixels(), .act = activation::relu});
    BOOST_TEST(same_bits(bypassing.values(), unaligned.values()));
    for (auto* dx : {&bypassing, &unaligned})
      batch_norm_backward(pool, set, batch_norm_backward_arguments{.pixels = x.count(), .channels = x.c, .dy = dy.pixels(), .x = x.pixels(), .mean = b.mean.data(),
                                                                   .inv_std = b.inv_std.data(), .scale = b.scale.data(), .shift = b.shift.data(),
                                                                   .act = activation::relu, .dx = dx->pixels(), .scratch = b.scratch.data()});
    BOOST_TEST(same_bits(bypassing.values(), unaligned.values()));
  }
}

BOOST_AUTO_TEST_CASE(nan_spoils_its_channel_alone) {
  auto x = tensor::random(1, 9, 9, 21, 0, 17);
  x.at(0, 3, 3, 5) = NAN;
  for (auto set : sets_here()) {
    norm b(x);
    viseme::thread_pool pool(1);
    batch_norm_statistics(pool, set, b.statistics(x));
    for (int c = 0; c < x.c; ++c) BOOST_TEST((std::isnan(b.mean[c]) && std::isnan(b.inv_std[c]) && std::isnan(b.scale[c])) == (c == 5));
  }
}

BOOST_AUTO_TEST_CASE(frozen_scale_and_shift) {
  const float gamma = 2, beta = 3, mean = 5, var = 4;
  float inv_std, scale, shift;
  batch_norm_frozen(1, &gamma, &beta, &mean, &var, 0, &inv_std, &scale, &shift);
  BOOST_TEST(inv_std == 0.5f);
  BOOST_TEST(scale == 1.0f);
  BOOST_TEST(shift == -2.0f);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace batch_norm_suite
