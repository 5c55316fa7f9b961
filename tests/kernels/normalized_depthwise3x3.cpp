// A depthwise convolution between norms against the passes one by one.
#include "normalized_trial.hpp"

namespace normalized_depthwise3x3_suite {

using namespace viseme::tests;

struct size {
  int n, h, w, c, stride, gap;
};
const std::vector<size> sizes = {{1, 1, 1, 16, 1, 0},    {2, 7, 5, 32, 1, 3},    {1, 1, 7, 16, 2, 0}, {2, 9, 8, 16, 2, 5},
                                 {1, 35, 67, 256, 1, 0}, {1, 37, 99, 256, 2, 0}, {3, 50, 3, 48, 2, 0}};

constexpr int filters = 5;

BOOST_AUTO_TEST_SUITE(normalized_depthwise3x3)

BOOST_AUTO_TEST_CASE(forward_equals_norm_convolution_and_statistics) {
  for (auto set : sets_here())
    for (const auto& s : sizes) {
      viseme::thread_pool one(1);
      auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 1);
      const depthwise3x3_shape shape{s.n, s.h, s.w, s.c, s.stride};
      tensor y(s.n, shape.out_h(), shape.out_w(), s.c, s.gap);
      guarded_buffer weights(9 * s.c);
      weights.randomize(2);
      trial_norm before(x, 0, 3), behind(y, 0, 4);
      batch_norm_statistics(one, set, before.statistics());
      auto f = before.given(one, set);
      depthwise3x3(one, set, {shape, f.pixels(), weights.data(), y.pixels()});
      batch_norm_statistics(one, set, behind.statistics());
      const auto want = y.values();
      const auto mean = copy_of(behind.mean), inv_std = copy_of(behind.inv_std);
      for (int threads : {1, 3}) {
        viseme::thread_pool pool(threads);
        guarded_buffer scratch(threads * normalized_depthwise3x3_scratch(shape));
        const auto statistics = behind.statistics();
        std::fill(y.buffer.begin(), y.buffer.end(), NAN);
        viseme::kernels::cpu::normalized_depthwise3x3(
            pool, set, {shape, x.pixels(), before.scale.data(), before.shift.data(), weights.data(), y.pixels(), &statistics},
            scratch.data());
        BOOST_TEST(relative_error(y.values(), want) < 1e-5, name(set) << " " << s.h << "x" << s.w << " stride " << s.stride);
        BOOST_TEST(relative_error(copy_of(behind.mean), mean) < 1e-5);
        if (y.count() > 1) BOOST_TEST(relative_error(copy_of(behind.inv_std), inv_std) < 1e-5);
        BOOST_TEST(y.gaps_untouched());
      }
    }
}

BOOST_AUTO_TEST_CASE(backward_equals_the_gradients_one_by_one) {
  for (auto set : sets_here())
    for (const auto& s : sizes)
      for (bool frozen : {false, true}) {
        viseme::thread_pool one(1);
        auto x = tensor::random(s.n, s.h, s.w, s.c, s.gap, 1);
        const depthwise3x3_shape shape{s.n, s.h, s.w, s.c, s.stride};
        auto y = tensor::random(s.n, shape.out_h(), shape.out_w(), s.c, s.gap, 2);
        guarded_buffer weights(9 * s.c);
        weights.randomize(3);
        auto z = tensor::random(s.n, shape.out_h(), shape.out_w(), filters, s.gap, 6);
        trial_norm before(x, 0, 4), behind(y, 0, 5), project(z, s.gap, 7, activation::none);
        guarded_buffer w(filters * s.c);
        w.randomize(8);
        const dense_shape pointwise{1, s.c, filters, {1, int(y.count())}};
        guarded_buffer packed(packed_size(set, pointwise, direction::backward_data));
        pack(one, set, pointwise, direction::backward_data, w.data(), packed.data());
        batch_norm_statistics(one, set, project.statistics());
        auto dz = project.gradient_of_x(one, set, frozen);
        backward_data(one, set, {pointwise, dz.pixels(), packed.data(), behind.dy.pixels()});
        batch_norm_statistics(one, set, before.statistics());
        batch_norm_statistics(one, set, behind.statistics());
        auto f = before.given(one, set), dy = behind.gradient_of_x(one, set, frozen);
        depthwise3x3_backward_data(one, set, {shape, dy.pixels(), weights.data(), before.dy.pixels()});
        std::vector<float> dw(9 * s.c, 0.5f), part(depthwise3x3_scratch_size(shape));
        depthwise3x3_backward_weights(one, set, {shape, f.pixels(), dy.pixels(), dw.data(), part.data(), writing::accumulate});
        batch_norm_backward_sums(one, set, before.gradient());
        const auto dx = before.dy.values(), dgamma = copy_of(before.dgamma), dbeta = copy_of(before.dbeta);
        std::vector<float> first;
        for (int threads : {1, 3}) {
          viseme::thread_pool pool(threads);
          guarded_buffer scratch(threads * normalized_depthwise3x3_scratch(shape, filters)), sums(normalized_depthwise3x3_sums(shape));
          std::vector<float> got(9 * s.c, 0.5f);
          std::fill(before.dy.buffer.begin(), before.dy.buffer.end(), NAN);
          normalized_depthwise3x3_backward(pool, set,
                                           {shape, project.gradient(frozen), packed.data(), behind.gradient(frozen), before.gradient(),
                                            weights.data(), before.dy.pixels(), got.data(), sums.data()},
                                           scratch.data());
          BOOST_TEST(relative_error(before.dy.values(), dx) < 1e-5,
                     name(set) << " " << s.h << "x" << s.w << " stride " << s.stride << " frozen " << frozen);
          BOOST_TEST(relative_error(got, dw) < 1e-5);
          BOOST_TEST(relative_error(copy_of(before.dgamma), dgamma) < 1e-5);
          BOOST_TEST(relative_error(copy_of(before.dbeta), dbeta) < 1e-5);
          if (threads == 1)
            first = got;
          else
            BOOST_TEST(same_bits(got, first));
        }
      }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace normalized_depthwise3x3_suite
