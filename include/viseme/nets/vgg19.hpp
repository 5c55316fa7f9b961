// VGG-19 up to conv3_3, before its ReLU: the features of the perceptual loss.
#pragma once

#include <viseme/layers/activation.hpp>
#include <viseme/layers/compose.hpp>
#include <viseme/layers/conv2d.hpp>
#include <viseme/layers/resample.hpp>

namespace viseme {

/// face (N, 3, H, W); output (N, 256, H / 4, W / 4). The reference feeds BGR in [0, 1], not normalised by ImageNet's mean.
struct vgg19 {
  template <int In, int Out>
  using conv3x3 = dense<In, Out, 3, 1, 1>;

  static constexpr shape input_shape(int, int n) { return {n, 3, 320, 320}; }

  struct features {
    using body = sequential<conv3x3<3, 64>, relu, conv3x3<64, 64>, relu, max_pool<2>, conv3x3<64, 128>, relu, conv3x3<128, 128>, relu,
                            max_pool<2>, conv3x3<128, 256>, relu, conv3x3<256, 256>, relu, conv3x3<256, 256>>;
  };
  using body = network<input<"face"_n, 3>, at<""_n, features>>;
};

}  // namespace viseme
