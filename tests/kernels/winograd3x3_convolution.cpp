#include <algorithm>
#include <viseme/run/thread_pool.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <kernels/cpu/winograd3x3.hpp>
#include <limits>
#include <random>
#include <vector>

#include "convolution_reference.hpp"

namespace winograd3x3_convolution_suite {

BOOST_AUTO_TEST_SUITE(winograd3x3_convolution)

using namespace viseme::kernels::cpu;
using viseme::thread_pool;
using viseme::tests::floats;
using viseme::tests::for_each_set;
using viseme::tests::for_each_tap;
using viseme::tests::guarded;
using viseme::tests::summed;

/// Odd sizes, less than a tile, few blocks and many, filters that end within a panel, both kernels; each for both tiles.
std::vector<winograd3x3_shape> shapes() {
  std::vector<winograd3x3_shape> all;
  for (const int tile : {2, 4})
    for (const winograd3x3_shape& s : {winograd3x3_shape{1, {1, 1}, 16, 16}, {1, {7, 1}, 48, 32}, {2, {1, 33}, 32, 48}, {1, {7, 7}, 80, 16}, {3, {5, 6}, 272, 80},
                                       {1, {33, 7}, 32, 64}, {1, {8, 12}, 64, 96}, {1, {79, 77}, 16, 48}, {5, {33, 40}, 48, 32},
                                       {1, {3, 4}, 16, 16, 4, 2}, {1, {7, 33}, 80, 48, 4, 2}, {2, {80, 79}, 32, 16, 4, 2}, {1, {9, 1}, 16, 32, 4, 2, 2}}) {
      all.push_back(s);
      all.back().tile = tile;
    }
  return all;
}

dense_shape same(const winograd3x3_shape& s) {
  return {s.images, s.channels, s.filters, s.in, {s.kernel(), s.kernel()}, {s.stride, s.stride}, {s.pad, s.pad}};
}
std::size_t taps(const winograd3x3_shape& s) { return std::size_t(s.kernel()) * s.kernel(); }
std::size_t in_pixels(const winograd3x3_shape& s) { return std::size_t(s.images) * s.in.h * s.in.w; }
std::size_t pixel_count(const winograd3x3_shape& s) { return std::size_t(s.images) * s.out().h * s.out().w; }

/// What a float's rounding (6e-8) may grow to, against the sum of the products' magnitudes.
double allowed(const winograd3x3_shape& s) { return s.tile == 2 ? 6e-7 : 1.5e-6; }

guarded packed_weights(instruction_set set, const winograd3x3_shape& s, direction to, const guarded& weights) {
  guarded packed(winograd3x3_packed_size(s), std::nanf(""));
  thread_pool two(2);
  pack_winograd3x3(two, set, s, to, weights.data(), packed.data());
  return packed;
}

void run(int threads, instruction_set set, winograd3x3_arguments a) {
  thread_pool pool(threads);
  guarded scratch(winograd3x3_scratch(a.shape, threads), std::nanf(""));
  a.scratch = scratch.data();
  winograd3x3(pool, set, a);
}

/// Compares y (pixels, y_stride) with the sums, and the floats between the pixels with what they were.
void check(instruction_set set, const winograd3x3_shape& s, const guarded& y, std::ptrdiff_t y_stride, float gaps, const std::vector<summed>& sums) {
  double worst = 0;
  bool kept = true;
  for (std::size_t i = 0; i < pixel_count(s); ++i) {
    for (int f = 0; f < s.filters; ++f) {
      const double error = std::abs(y[i * y_stride + f] - sums[i * s.filters + f].value) / std::max(sums[i * s.filters + f].magnitude, 1e-3);
      worst = error >= 0 ? std::max(worst, error) : 1e9;
    }
    for (std::ptrdiff_t e = s.filters; e < y_stride && i + 1 < pixel_count(s); ++e) kept &= y[i * y_stride + e] == gaps;
  }
  BOOST_TEST(worst < allowed(s), name(set) << " tile " << s.tile << ", " << viseme::tests::text(same(s)) << ": relative error " << worst);
  BOOST_TEST(kept, name(set) << " tile " << s.tile << ", " << viseme::tests::text(same(s)) << ": wrote between the pixels");
}

void check_forward(instruction_set set, const winograd3x3_shape& s, int extra, bool all_of_the_epilogue) {
  std::mt19937 random(1);
  const std::ptrdiff_t x_stride = s.channels + extra, y_stride = s.filters + extra, residual_stride = s.filters + 2 * extra;
  const guarded x(floats(in_pixels(s), x_stride, s.channels), random), weights(s.filters * s.channels * taps(s), random);
  const guarded bias(s.filters, random), residual(floats(pixel_count(s), residual_stride, s.filters), random);
  const guarded packed = packed_weights(set, s, direction::forward, weights);
  guarded y(floats(pixel_count(s), y_stride, s.filters), 77);
  epilogue after;
  if (all_of_the_epilogue) after = {bias.data(), {residual.data(), residual_stride}, activation::relu, 0};
  run(2, set, {s, {x.data(), x_stride}, packed.data(), {y.data(), y_stride}, after});

  std::vector<summed> sums(pixel_count(s) * s.filters);
  for_each_tap(same(s), [&](std::size_t to, std::size_t from, int tap) {
    for (int f = 0; f < s.filters; ++f)
      for (int c = 0; c < s.channels; ++c) sums[to * s.filters + f].add(double(x[from * x_stride + c]) * weights[(std::size_t(f) * s.channels + c) * taps(s) + tap]);
  });
  for (std::size_t i = 0; i < sums.size() && all_of_the_epilogue; ++i) {
    sums[i].add(bias[i % s.filters]);
    sums[i].add(residual[i / s.filters * residual_stride + i % s.filters]);
    sums[i].value = std::max(sums[i].value, 0.0);
  }
  check(set, s, y, y_stride, 77, sums);
}

BOOST_AUTO_TEST_CASE(forward_is_the_naive_sum) {
  for_each_set([](auto set) {
    for (const auto& s : shapes()) check_forward(set, s, 0, false);
  });
}

BOOST_AUTO_TEST_CASE(forward_of_channel_slices_with_bias_residual_and_relu) {
  for_each_set([](auto set) {
    for (const auto& s : shapes()) check_forward(set, s, 5, true);
  });
}

BOOST_AUTO_TEST_CASE(every_activation_is_applied_to_the_sum) {
  for_each_set([](auto set) {
    for (const int tile : {2, 4}) {
      const winograd3x3_shape s{1, {9, 6}, 32, 48, tile};
      std::mt19937 random(2);
      const guarded x(54 * 32, random), weights(9 * 32 * 48, random), bias(48, random);
      const guarded packed = packed_weights(set, s, direction::forward, weights);
      guarded sum(54 * 48), y(54 * 48);
      run(1, set, {s, {x.data(), 32}, packed.data(), {sum.data(), 48}, {bias.data()}});
      const auto worst = [&](activation act, auto function) {
        run(1, set, {s, {x.data(), 32}, packed.data(), {y.data(), 48}, {bias.data(), {}, act, 0.2f}});
        double error = 0;
        for (std::size_t i = 0; i < y.size(); ++i) error = std::max<double>(error, std::abs(y[i] - function(sum[i])));
        return error;
      };
      BOOST_TEST(worst(activation::relu, [](float v) { return std::max(v, 0.0f); }) == 0);
      BOOST_TEST(worst(activation::leaky_relu, [](float v) { return v < 0 ? v * 0.2f : v; }) == 0);
      BOOST_TEST(worst(activation::sigmoid, [](double v) { return 1 / (1 + std::exp(-v)); }) < 2e-7);
    }
  });
}

BOOST_AUTO_TEST_CASE(backward_data_is_the_naive_sum_and_may_add_to_what_is_there) {
  for_each_set([](auto set) {
    for (const auto& s : shapes())  // s: from dy (channels) to dx (filters)
      for (const bool accumulate : {false, true}) {
        if (s.stride > 1) continue;
        std::mt19937 random(3);
        const guarded dy(pixel_count(s) * s.channels, random), weights(std::size_t(s.filters) * s.channels * 9, random);
        const guarded packed = packed_weights(set, s, direction::backward_data, weights);
        const std::ptrdiff_t stride = s.filters + 3;
        guarded dx(floats(pixel_count(s), stride, s.filters), 0.5f);
        run(2, set, {s, {dy.data(), s.channels}, packed.data(), {dx.data(), stride}, {nullptr, accumulate ? const_pixels{dx.data(), stride} : const_pixels{}}});
        std::vector<summed> sums(pixel_count(s) * s.filters);
        for_each_tap(same(s), [&](std::size_t to, std::size_t from, int tap) {
          for (int f = 0; f < s.filters; ++f)
            for (int c = 0; c < s.channels; ++c)
              sums[from * s.filters + f].add(double(dy[to * s.channels + c]) * weights[(std::size_t(c) * s.filters + f) * 9 + tap]);
        });
        for (auto& sum : sums)
          if (accumulate) sum.add(0.5);
        check(set, s, dx, stride, 0.5f, sums);
      }
  });
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
  for_each_set([](auto set) {
    for (const auto& s : shapes()) {
      std::mt19937 random(4);
      const guarded x(in_pixels(s) * s.channels, random), weights(s.filters * s.channels * taps(s), random);
      const guarded packed = packed_weights(set, s, direction::forward, weights);
      guarded one(pixel_count(s) * s.filters), more(one.size());
      run(1, set, {s, {x.data(), s.channels}, packed.data(), {one.data(), s.filters}, {}});
      for (const int threads : {2, 3}) {
        run(threads, set, {s, {x.data(), s.channels}, packed.data(), {more.data(), s.filters}, {}});
        BOOST_TEST(std::memcmp(one.data(), more.data(), one.size() * sizeof(float)) == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(an_image_of_a_batch_is_the_image_alone_to_the_last_bit) {
  for_each_set([](auto set) {
    for (const int tile : {2, 4}) {
      const winograd3x3_shape one{1, {11, 9}, 96, 64, tile}, batch{40, {11, 9}, 96, 64, tile};  // few blocks, many blocks
      std::mt19937 random(5);
      const guarded x(pixel_count(batch) * 96, random), weights(9 * 96 * 64, random);
      const guarded packed = packed_weights(set, one, direction::forward, weights);
      guarded all(pixel_count(batch) * 64), alone(pixel_count(one) * 64);
      run(2, set, {batch, {x.data(), 96}, packed.data(), {all.data(), 64}, {}});
      for (const int image : {0, 17, 39}) {
        run(2, set, {one, {x.data() + image * pixel_count(one) * 96, 96}, packed.data(), {alone.data(), 64}, {}});
        BOOST_TEST(std::memcmp(alone.data(), all.data() + image * alone.size(), alone.size() * sizeof(float)) == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(not_a_number_goes_through) {
  for_each_set([](auto set) {
    for (const int tile : {2, 4})
      for (auto act : {activation::none, activation::relu, activation::leaky_relu, activation::sigmoid}) {
        const winograd3x3_shape s{1, {3, 3}, 16, 32, tile};
        std::mt19937 random(6);
        guarded x(9 * 16, random), weights(9 * 16 * 32, random), y(9 * 32);
        x[4 * 16 + 1] = std::numeric_limits<float>::quiet_NaN();
        const guarded packed = packed_weights(set, s, direction::forward, weights);
        run(1, set, {s, {x.data(), 16}, packed.data(), {y.data(), 32}, {nullptr, {}, act, 0.1f}});
        BOOST_TEST(std::all_of(y.data(), y.data() + y.size(), [](float v) { return std::isnan(v); }));
      }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace winograd3x3_convolution_suite
