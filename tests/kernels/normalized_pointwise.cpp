// A 1x1 convolution between norms against the passes one by one.
#include "normalized_trial.hpp"

namespace normalized_pointwise_suite {

using namespace viseme::tests;

struct size {
  int h, w, channels, filters, gap;
};
const std::vector<size> sizes = {{1, 1, 16, 8, 0}, {7, 5, 3, 16, 3}, {33, 7, 32, 19, 0}, {40, 33, 64, 128, 5}, {30, 90, 256, 100, 0}};

guarded_buffer packed(viseme::thread_pool& pool, instruction_set set, const size& s, direction to, const float* weights) {
  const dense_shape shape{1, s.channels, s.filters, {1, 1}};
  guarded_buffer p(packed_size(set, shape, to));
  pack(pool, set, shape, to, weights, p.data());
  return p;
}

void check(const size& s, instruction_set set, bool normalised, bool frozen) {
  viseme::thread_pool one(1);
  auto x = tensor::random(1, s.h, s.w, s.channels, s.gap, 1);
  tensor y(1, s.h, s.w, s.filters, s.gap);
  guarded_buffer weights(s.channels * s.filters);
  weights.randomize(2);
  const dense_shape shape{1, s.channels, s.filters, {s.h, s.w}};
  const auto there = packed(one, set, s, direction::forward, weights.data()),
             back = packed(one, set, s, direction::backward_data, weights.data());
  trial_norm before(x, 0, 3), behind(y, s.gap, 4);
  batch_norm_statistics(one, set, before.statistics());
  auto f = normalised ? before.given(one, set) : x.clone();
  forward(one, set, {shape, f.pixels(), there.data(), y.pixels(), {}});
  batch_norm_statistics(one, set, behind.statistics());
  const auto want = y.values(), mean = copy_of(behind.mean), scale = copy_of(behind.scale);

  auto dy = behind.gradient_of_x(one, set, frozen);
  auto residual = tensor::random(1, s.h, s.w, s.channels, 0, 9);
  auto dx = residual.clone();
  backward_data(one, set, {shape, dy.pixels(), back.data(), dx.pixels(), normalised ? writing::overwrite : writing::accumulate});
  std::vector<float> dw(weights.size(), 0.5f), part(scratch_size(set, shape)), first, first_dw;
  backward_weights(one, set, {shape, f.pixels(), dy.pixels(), dw.data(), nullptr, part.data(), writing::accumulate});
  std::copy(dx.buffer.begin(), dx.buffer.end(), before.dy.buffer.begin());
  batch_norm_backward_sums(one, set, before.gradient());
  const auto dgamma = copy_of(before.dgamma), dbeta = copy_of(before.dbeta);

  for (int threads : {1, 3}) {
    viseme::thread_pool pool(threads);
    guarded_buffer scratch(threads * normalized_pointwise_scratch(s.channels, s.filters)),
        sums(normalized_pointwise_sums(x.count(), s.channels, s.filters));
    const auto statistics = behind.statistics();
    std::fill(y.buffer.begin(), y.buffer.end(), NAN);
    normalized_pointwise(pool, set,
                         {.pixels = x.count(),
                          .channels = s.channels,
                          .filters = s.filters,
                          .x = x.pixels(),
                          .scale = normalised ? before.scale.data() : nullptr,
                          .shift = before.shift.data(),
                          .packed = there.data(),
                          .y = y.pixels(),
                          .behind = &statistics},
                         scratch.data());
    BOOST_TEST(relative_error(y.values(), want) < 1e-5, name(set) << " " << s.channels << " to " << s.filters);
    BOOST_TEST(relative_error(copy_of(behind.mean), mean) < 1e-5);
    if (x.count() > 1) BOOST_TEST(relative_error(copy_of(behind.scale), scale) < 1e-5);
    BOOST_TEST(y.gaps_untouched());

    std::vector<float> got(dw.size(), 0.5f);
    std::fill(before.dy.buffer.begin(), before.dy.buffer.end(), NAN);
    const auto norm_before = before.gradient();
    batch_norm_backward_sums(pool, set, behind.gradient(frozen));
    normalized_pointwise_backward(pool, set,
                                  {.pixels = x.count(),
                                   .channels = s.channels,
                                   .filters = s.filters,
                                   .behind = behind.gradient(frozen),
                                   .x = x.pixels(),
                                   .before = normalised ? &norm_before : nullptr,
                                   .packed = back.data(),
                                   .dx = before.dy.pixels(),
                                   .residual = normalised ? const_pixels{} : residual.pixels(),
                                   .dw = got.data(),
                                   .sums = sums.data()},
                                  scratch.data());
    if (!normalised)
      BOOST_TEST(relative_error(before.dy.values(), dx.values()) < 1e-5,
                 name(set) << " " << s.channels << " to " << s.filters << " norm " << normalised << " frozen " << frozen);
    BOOST_TEST(relative_error(got, dw) < 1e-5);
    if (normalised) {
      BOOST_TEST(relative_error(copy_of(before.dgamma), dgamma) < 1e-4);
      BOOST_TEST(relative_error(copy_of(before.dbeta), dbeta) < 1e-4);
    }
    if (threads == 1) first = y.values(), first_dw = got;
    BOOST_TEST(same_bits(y.values(), first));
    BOOST_TEST(same_bits(got, first_dw));
  }
}

BOOST_AUTO_TEST_SUITE(normalized_pointwise)

BOOST_AUTO_TEST_CASE(equals_the_passes_one_by_one) {
  for (auto set : sets_here())
    for (const auto& s : sizes)
      for (bool normalised : {false, true})
        for (bool frozen : {false, true}) check(s, set, normalised, frozen);
}

BOOST_AUTO_TEST_CASE(results_that_bypass_the_caches_are_the_same) {
  constexpr int h = 370, w = 370, c = 64;
  viseme::thread_pool pool(2);
  for (auto set : sets_here()) {
    auto x = tensor::random(1, h, w, 16, 0, 1);
    guarded_buffer weights(16 * c);
    weights.randomize(2);
    const auto there = packed(pool, set, {h, w, 16, c, 0}, direction::forward, weights.data());
    guarded_buffer scratch(2 * normalized_pointwise_scratch(16, c));
    tensor bypassing(1, h, w, c), unaligned(1, h, w, c, 1);
    BOOST_TEST(bypasses_caches(bypassing.pixels(), x.count(), c));
    for (auto* y : {&bypassing, &unaligned})
      viseme::kernels::cpu::normalized_pointwise(
          pool, set, {.pixels = x.count(), .channels = 16, .filters = c, .x = x.pixels(), .packed = there.data(), .y = y->pixels()},
          scratch.data());
    BOOST_TEST(same_bits(bypassing.values(), unaligned.values()));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace normalized_pointwise_suite
