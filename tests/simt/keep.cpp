#include "check_simt.hpp"

#include <viseme/run/kept_values.hpp>

namespace keep_suite {

using namespace viseme;
using namespace viseme::tests;

/// What comes back of a kept value.
template <class T>
numbers kept(const numbers& values, kept_as how) {
  using B = under_test<T>;
  const shape s{1, int(values.size()), 1, 1};
  block<B> place(values);
  const kept_start<B> start({{place.data, s, B::preferred}}, how);
  const auto stored = start.keep(context<B>());
  const std::byte* const storage = start.storage(*stored);
  const typename B::buffer pointer(context<B>(), sizeof storage);
  context<B>().upload(pointer.data(), &storage, sizeof storage);
  context<B>().zero(place.data, values.size() * sizeof(T));
  start.load(context<B>(), pointer.template at<const std::byte*>(0));
  return place.values();
}

template <class T>
numbers as(numbers v) {
  for (auto& x : v) x = double(float(T(float(x))));
  return v;
}

BOOST_AUTO_TEST_SUITE(keep)

BOOST_AUTO_TEST_CASE(exactly_or_rounded) {
  for_each_scalar([]<class T>(T) {
    for (std::size_t count : {1, 7, 33, 4096, 5001}) {
      std::mt19937 generator(11);
      const auto values = as<T>(random_numbers(count, generator));
      BOOST_TEST((kept<T>(values, kept_as::exact) == values));
      BOOST_TEST((kept<T>(values, kept_as::bf16) == as<T>(as<bf16>(values))));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace keep_suite
