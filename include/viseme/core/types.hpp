// Type lists.
#pragma once

#include <type_traits>
#include <utility>

#include <viseme/core/attributes.hpp>

namespace viseme {

template <class... T>
struct type_list {
  static constexpr int size = sizeof...(T);
};

template <class... Lists>
struct join;
template <>
struct join<> {
  using type = type_list<>;
};
template <class... A>
struct join<type_list<A...>> {
  using type = type_list<A...>;
};
template <class... A, class... B, class... Rest>
struct join<type_list<A...>, type_list<B...>, Rest...> : join<type_list<A..., B...>, Rest...> {};
template <class... Lists>
using join_t = typename join<Lists...>::type;

namespace detail {
template <int I, class T>
struct indexed {
  using type = T;
};
template <class Indices, class... T>
struct indexed_all;
template <int... I, class... T>
struct indexed_all<std::integer_sequence<int, I...>, T...> : indexed<I, T>... {};
template <int I, class T>
indexed<I, T> pick(indexed<I, T>*);
}  // namespace detail

/// Constant-depth access to the I-th type of a list.
template <class List>
struct type_table;
template <class... T>
struct type_table<type_list<T...>> {
  using all = detail::indexed_all<std::make_integer_sequence<int, sizeof...(T)>, T...>;
  template <int I>
  using at = typename decltype(detail::pick<I>(static_cast<all*>(nullptr)))::type;
};

/// Calls f(integral_constant<int, 0>) ... f(integral_constant<int, N - 1>), unrolled.
template <int N, class F>
VISEME_DEVICE constexpr void unrolled(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, I>{}), ...); }(std::make_integer_sequence<int, N>{});
}
template <int N, class F>
VISEME_DEVICE constexpr void unrolled_backwards(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, N - 1 - I>{}), ...); }(std::make_integer_sequence<int, N>{});
}

}  // namespace viseme
