#include <boost/test/unit_test.hpp>
#include <numeric>
#include <vector>

#include <viseme/core/view.hpp>

namespace view_suite {

using namespace viseme;

constexpr shape size{2, 3, 4, 5};

struct data {
  std::vector<int> values;
  data() : values(size.count()) { std::iota(values.begin(), values.end(), 0); }
};

static_assert(std::is_trivially_copyable_v<view<float>>);
static_assert(shape{2, 3, 65536, 65536}.count() == std::size_t(6) << 32);

BOOST_AUTO_TEST_SUITE(view)

BOOST_FIXTURE_TEST_CASE(planes, data) {
  const viseme::view<int> v(values.data(), size, layout::nchw);
  BOOST_TEST((v.step == strides{60, 20, 5, 1}));
  BOOST_TEST(v(1, 2, 3, 4) == 119);
  BOOST_TEST(v(0, 1, 0, 2) == 22);
  BOOST_TEST((v.dense(layout::nchw) && !v.dense(layout::nhwc)));
}

BOOST_FIXTURE_TEST_CASE(pixels, data) {
  const viseme::view<int> v(values.data(), size, layout::nhwc);
  BOOST_TEST((v.step == strides{60, 1, 15, 3}));
  BOOST_TEST(v(1, 2, 3, 4) == 119);
  BOOST_TEST(v(0, 1, 0, 2) == 7);
}

BOOST_FIXTURE_TEST_CASE(slices_of_channels, data) {
  for (auto l : {layout::nchw, layout::nhwc}) {
    const viseme::view<int> v(values.data(), size, l);
    const auto s = v.channels(1, 2);
    BOOST_TEST((s.size == shape{2, 2, 4, 5}));
    BOOST_TEST((s.step == v.step));
    for (int c = 0; c < 2; ++c) BOOST_TEST(s(1, c, 2, 3) == v(1, c + 1, 2, 3));
    BOOST_TEST(!s.dense(l));
    s(0, 0, 0, 0) = -1;
    BOOST_TEST(v(0, 1, 0, 0) == -1);
  }
}

BOOST_FIXTURE_TEST_CASE(copies_between_layouts_and_scalars, data) {
  const viseme::view<int> from(values.data(), size, layout::nchw);
  std::vector<double> there(values.size());
  const viseme::view<double> to(there.data(), size, layout::nhwc);
  copy(viseme::view<const int>(from), to);
  BOOST_TEST(to(1, 0, 2, 1) == from(1, 0, 2, 1));
  std::vector<int> back(values.size());
  copy(to, viseme::view<int>(back.data(), size, layout::nchw));
  BOOST_TEST(back == values, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing) {
  BOOST_TEST(!viseme::view<float>());
  BOOST_TEST(shape{}.count() == 0u);
}

BOOST_AUTO_TEST_CASE(as_text) { BOOST_TEST(text(size) == "(2, 3, 4, 5)"); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace view_suite
