// Every layer by the name people know it by. A new layer adds its kind_of here, or the compiler names it.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <viseme/graph/lower.hpp>
#include <viseme/layers/activation.hpp>
#include <viseme/layers/batch_norm.hpp>
#include <viseme/layers/combine.hpp>
#include <viseme/layers/conv2d.hpp>
#include <viseme/layers/normalize.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme::graph {

/// `slope` is that of a leaky ReLU.
struct layer_kind {
  std::string_view name;
  std::optional<conv> convolution{};
  double slope = 0;
};

template <class L>
struct kind_of {
  static_assert(sizeof(L) == 0, "this layer has no kind_of");
};

template <conv S>
struct kind_of<conv2d<S>> {
  static constexpr layer_kind value{is_depthwise3x3<S> ? "depthwise3x3" : S.kernel == size2{1, 1} && S.groups == 1 ? "pointwise" : "conv2d", S};
};
template <int C>
struct kind_of<batch_norm<C>> {
  static constexpr layer_kind value{"batch_norm"};
};
template <>
struct kind_of<relu> {
  static constexpr layer_kind value{"relu"};
};
template <int D>
struct kind_of<leaky_relu<D>> {
  static constexpr layer_kind value{"leaky_relu", {}, leaky_relu<D>::slope};
};
template <>
struct kind_of<sigmoid> {
  static constexpr layer_kind value{"sigmoid"};
};
template <>
struct kind_of<add> {
  static constexpr layer_kind value{"add"};
};
template <>
struct kind_of<concat> {
  static constexpr layer_kind value{"concat"};
};
template <>
struct kind_of<upsample2x> {
  static constexpr layer_kind value{"upsample2x"};
};
template <int K>
struct kind_of<max_pool<K>> {
  static constexpr layer_kind value{"max_pool"};
};
template <int K>
struct kind_of<average_pool<K>> {
  static constexpr layer_kind value{"average_pool"};
};
template <>
struct kind_of<global_average_pool> {
  static constexpr layer_kind value{"global_average_pool"};
};
template <>
struct kind_of<l2_normalize> {
  static constexpr layer_kind value{"l2_normalize"};
};

/// Of every node of a net.
template <class Net>
inline constexpr auto layer_kinds = []<int... I>(std::integer_sequence<int, I...>) {
  return std::array{kind_of<typename lowered<Net>::template layer_at<I>>::value...};
}
(std::make_integer_sequence<int, lowered<Net>::table.nodes>{});

}  // namespace viseme::graph
