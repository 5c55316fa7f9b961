// Between NCHW floats on the host and the backend's pixels, and between two views of these.
#include "check_simt.hpp"

namespace moves_suite {

using namespace viseme;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(moves)

BOOST_AUTO_TEST_CASE(pictures_come_and_go) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    for (const shape s : {shape{1, 1, 1, 1}, shape{3, 6, 33, 7}, shape{2, 19, 7, 33}, shape{2, 64, 1, 1}}) BOOST_TEST_CONTEXT(text(s)) {
      std::mt19937 generator(11);
      const auto values = random_numbers(s.count(), generator);
      const std::vector<float> from(values.begin(), values.end());
      numbers want;
      for (float v : from) want.push_back(float(T(v)));
      in_every_order<B>([&] {
        block<B> pixels(s.count());
        std::vector<float> back(s.count());
        B::load(context<B>(), from.data(), {pixels.data, s, layout::nhwc});
        BOOST_TEST((pixels.values(s) == want));
        B::store(context<B>(), {pixels.data, s, layout::nhwc}, back.data());
        context<B>().wait();
        BOOST_TEST((numbers(back.begin(), back.end()) == want));
      });
    }
  });
}

/// Whole pixels and slices of their channels, aligned and not.
BOOST_AUTO_TEST_CASE(views_are_copied_and_added) {
  for_each_scalar([]<class T>(T) {
    using B = under_test<T>;
    struct slices {
      int count, of, first, to_first;
    };
    for (const auto [count, of, first, to_first] : {slices{24, 24, 0, 0}, slices{5, 5, 0, 0}, slices{8, 24, 8, 16}, slices{8, 12, 3, 4}}) {
      const shape all{2, of, 7, 9};
      std::mt19937 generator(12);
      const block<B> from(random_numbers(all.count(), generator)), to(random_numbers(all.count(), generator));
      const view<T> to_view{to.data, all, layout::nhwc};
      const view<const T> from_view{from.data, all, layout::nhwc};
      const auto x = from.values(), before = to.values();
      for (const auto how : {gradient_write::accumulate, gradient_write::overwrite}) {
        auto want = before;
        for (std::size_t p = 0; p < all.pixels(); ++p)
          for (int c = 0; c < count; ++c) {
            const auto i = p * of + to_first + c;
            want[i] = x[p * of + first + c] + (how == gradient_write::accumulate ? before[i] : 0);
            want[i] = float(T(float(want[i])));
          }
        B::move(context<B>(), from_view.channels(first, count), to_view.channels(to_first, count), how);
        BOOST_TEST((to.values() == want));
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace moves_suite
