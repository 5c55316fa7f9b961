// PFLD with GhostOne blocks: 110 face landmarks. A checkpoint holds every MobileOne block as up to eight parallel branches;
// pfld<branches> describes that (names, and the truth in tests), pfld<folded> the net that runs, one convolution a block.
#pragma once

#include <viseme/nets/blocks.hpp>

namespace viseme {

struct branches {};
struct folded {};

namespace detail {
template <conv S>
struct conv_bn {
  using body = chain<child<"conv"_n, conv2d<S>>, child<"bn"_n, batch_norm<S.out>>>;
};

constexpr conv square(int in, int out, int k, int stride, int groups, bool bias) {
  return {.in = in, .out = out, .kernel = {k, k}, .stride = {stride, stride}, .pad = {k / 2, k / 2}, .groups = groups, .bias = bias};
}

template <int In, int Out, int K, int Stride, int Groups>
struct six_branches {
  using k = conv_bn<square(In, Out, K, Stride, Groups, false)>;
  using one = conv_bn<square(In, Out, 1, Stride, Groups, false)>;
  template <name... More>
  using sum = at<"sum"_n, add, "rbr_conv.0"_n, "rbr_conv.1"_n, "rbr_conv.2"_n, "rbr_conv.3"_n, "rbr_conv.4"_n, "rbr_conv.5"_n, More...>;
  template <class... Tail>
  using with = network<input<"x"_n, In>, at<"rbr_conv.0"_n, k, "x"_n>, at<"rbr_conv.1"_n, k, "x"_n>, at<"rbr_conv.2"_n, k, "x"_n>,
                     at<"rbr_conv.3"_n, k, "x"_n>, at<"rbr_conv.4"_n, k, "x"_n>, at<"rbr_conv.5"_n, k, "x"_n>, Tail...>;
  using skip_step = at<"rbr_skip"_n, batch_norm<In>, "x"_n>;
  using scale_step = at<"rbr_scale"_n, one, "x"_n>;

  static constexpr auto choose() {
    constexpr bool skip = In == Out && Stride == 1, scale = K > 1;
    if constexpr (skip && scale) return with<skip_step, scale_step, sum<"rbr_skip"_n, "rbr_scale"_n>>{};
    else if constexpr (skip) return with<skip_step, sum<"rbr_skip"_n>>{};
    else if constexpr (scale) return with<scale_step, sum<"rbr_scale"_n>>{};
    else return with<sum<>>{};
  }
  using body = decltype(choose());
};
}  // namespace detail

template <class Form, int In, int Out, int K, int Stride = 1, int Groups = 1>
struct mobile_one_linear;
template <int In, int Out, int K, int Stride, int Groups>
struct mobile_one_linear<branches, In, Out, K, Stride, Groups> : detail::six_branches<In, Out, K, Stride, Groups> {};
template <int In, int Out, int K, int Stride, int Groups>
struct mobile_one_linear<folded, In, Out, K, Stride, Groups> {
  using body = conv2d<detail::square(In, Out, K, Stride, Groups, true)>;
};

template <class Form, int In, int Out, int K, int Stride = 1, int Groups = 1>
struct mobile_one {
  using body = chain<mobile_one_linear<Form, In, Out, K, Stride, Groups>, relu>;
};

template <class Form, int In, int Out, bool Linear>
struct ghost_one {
  static constexpr int half = (Out + 1) / 2;
  template <int I, int K, int Groups>
  using part = std::conditional_t<Linear, mobile_one_linear<Form, I, half, K, 1, Groups>, mobile_one<Form, I, half, K, 1, Groups>>;
  using body = network<input<"x"_n, In>, at<"primary_conv"_n, part<In, 1, 1>>, at<"cheap_operation"_n, part<half, 3, half>>,
                     at<"joined"_n, concat, "primary_conv"_n, "cheap_operation"_n>>;
};

template <class Form, int In, int Hidden, int Out, int Stride>
struct ghost_bottleneck {
  using reduce = std::conditional_t<Stride == 2, mobile_one_linear<Form, Hidden, Hidden, 3, 2, Hidden>, chain<>>;
  using body = child<"ghost_conv"_n, sequential<ghost_one<Form, In, Hidden, false>, reduce, ghost_one<Form, Hidden, Out, true>>>;
};

/// face (N, 3, 192, 192) BGR in [0, 1]; output (N, 220, 1, 1): 110 (x, y) offsets from the mean face, in fractions of the crop.
template <class Form>
struct pfld {
  template <int In, int Hidden, int Out, int Stride = 1>
  using ghost = ghost_bottleneck<Form, In, Hidden, Out, Stride>;

  static constexpr shape input_shape(int, int n) { return {n, 3, 192, 192}; }

  using body = network<
      input<"face"_n, 3>, at<"conv1"_n, mobile_one<Form, 3, 32, 3, 2>>, at<"conv2"_n, mobile_one<Form, 32, 32, 3, 1, 32>>,
      at<"pooled2"_n, global_average_pool>, at<"conv3_1"_n, ghost<32, 48, 40, 2>, "conv2"_n>, at<"conv3_2"_n, ghost<40, 60, 40>>,
      at<"conv3_3"_n, ghost<40, 60, 40>>, at<"pooled3"_n, global_average_pool>, at<"conv4_1"_n, ghost<40, 100, 48, 2>, "conv3_3"_n>,
      at<"conv4_2"_n, ghost<48, 120, 48>>, at<"conv4_3"_n, ghost<48, 120, 48>>, at<"pooled4"_n, global_average_pool>,
      at<"conv5_1"_n, ghost<48, 168, 72, 2>, "conv4_3"_n>, at<"conv5_2"_n, ghost<72, 252, 72>>, at<"conv5_3"_n, ghost<72, 252, 72>>,
      at<"conv5_4"_n, ghost<72, 252, 72>>, at<"pooled5"_n, global_average_pool>, at<"conv6"_n, ghost<72, 108, 8>, "conv5_4"_n>,
      at<"conv7"_n, mobile_one<Form, 8, 16, 3>>, at<"conv8"_n, sequential<conv2d<conv{.in = 16, .out = 64, .kernel = {12, 12}}>, chain<>, relu>>,
      at<"joined"_n, concat, "pooled2"_n, "pooled3"_n, "pooled4"_n, "pooled5"_n, "conv8"_n>, at<"conv_out"_n, pointwise<256, 220, true>>>;
};

}  // namespace viseme
