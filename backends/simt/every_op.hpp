// One op of every kind: instantiating this for a backend instantiates every kernel that its nets may launch, and no net.
#pragma once

#include <array>

#include <backends/simt/simt.hpp>
#include <viseme/run/steps.hpp>

namespace viseme::backends {

template <class B>
struct every_op {
  using T = typename B::scalar;
  using context = typename B::context;
  template <int Stride>
  using block =
      fused<pointwise<8, 16>, batch_norm<16>, relu, depthwise3x3<16, Stride>, batch_norm<16>, relu, pointwise<16, 8>, batch_norm<8>>;
  using block_of_decoder = fused<upsample2x, concat, pointwise<16, 16>, batch_norm<16>, relu, depthwise3x3<16>, batch_norm<16>, relu,
                                 pointwise<16, 8>, batch_norm<8>>;
  template <class L>
  static constexpr step<B> of = viseme::detail::step_of<L, B>({}, {}, 0);

  static constexpr std::array steps{
      of<dense<8, 8, 3, 1, 1>>, of<conv2d<conv{.in = 4, .out = 4, .groups = 2}>>, of<depthwise3x3<8>>, of<depthwise3x3<8, 2>>,
      of<batch_norm<8>>, of<block<1>>, of<block<2>>, of<block_of_decoder>, of<relu>, of<add>, of<concat>, of<upsample2x>, of<max_pool<2>>,
      of<max_pool<3>>, of<average_pool<2>>, of<global_average_pool>, of<l2_normalize>,
  };
  template <class Loss>
  static constexpr auto loss = &found_op<Loss, B>::run;
  static constexpr std::array losses{loss<l1_loss>, loss<mse_loss>, loss<cosine_bce_loss>};
  static constexpr auto update = &found_op<adam, B>::run;
  static constexpr auto finite = &found_op<all_finite, B>::run;
  static constexpr auto keep = &found_op<keeping, B>::store;
  static constexpr auto resume = &found_op<keeping, B>::load;
  static constexpr auto cut_face = &found_op<painting, B>::cut;
  static constexpr auto fade_face = &found_op<painting, B>::fade;
  static constexpr auto paste_face = &found_op<painting, B>::paste;
  static constexpr auto to_i420 = &found_op<painting, B>::to_i420;
  static constexpr auto load = &B::load;
  static constexpr auto store = &B::store;
  static constexpr auto move = &B::move;
  static constexpr auto increment = &B::increment;
};

}  // namespace viseme::backends
