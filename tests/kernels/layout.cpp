// NCHW to NHWC and back, element by element.
#include <kernels/cpu/layout.hpp>

#include "tensor_check.hpp"

namespace layout_suite {

using namespace viseme::kernels::cpu;
using namespace viseme::tests;

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(transposes_every_element_there_and_back) {
  for (int c : {1, 3, 4, 7, 12, 16, 33, 64})
    for (auto [h, w] : {std::pair{1, 1}, {2, 7}, {33, 7}, {160, 100}})
      for (int gap : {0, 3})
        for (auto set : sets_here())
          for (int threads : {1, 3}) {
            viseme::thread_pool pool(threads);
            const int n = c % 3 + 1;
            const std::ptrdiff_t plane = h * w;
            guarded_buffer planes(n * c * plane), back(n * c * plane);
            planes.randomize(1);
            tensor y(n, h, w, c, gap);
            to_nhwc(pool, set, {n, c, plane, planes.data(), y.pixels()});
            bool equal = true;
            for (int i = 0; i < n; ++i)
              for (int k = 0; k < c; ++k)
                for (std::ptrdiff_t p = 0; p < plane; ++p) equal &= y.buffer[(i * plane + p) * y.stride + k] == planes[(std::size_t(i) * c + k) * plane + p];
            BOOST_TEST(equal);
            BOOST_TEST(y.gaps_untouched());
            to_nchw(pool, set, {n, c, plane, y.pixels(), back.data()});
            BOOST_TEST(same_bits(back, planes));
          }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace layout_suite
