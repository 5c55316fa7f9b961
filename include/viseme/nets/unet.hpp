// The UNet: a reference face, a masked face and a window of audio features in, the face with its mouth moved out.
#pragma once

#include <viseme/nets/blocks.hpp>
#include <viseme/nets/features.hpp>

namespace viseme {

/// Channels of the five levels.
struct unet_channels {
  int c0, c1, c2, c3, c4;
};

/// The 328 model.
struct wide {
  static constexpr unet_channels ch{32, 64, 128, 256, 512};
};
struct mobile {
  static constexpr unet_channels ch{16, 32, 64, 128, 256};
};

/// conv3 of the audio branch: the one layer, besides the first two blocks, in which the three feature kinds differ.
template <audio_features Features, class Width>
struct audio_branch;

namespace detail {
template <class Conv1, class Conv2, class Conv3, int In, int C3, int C4>
struct audio_branch_body {
  using body =
      network<input<"audio"_n, In>, at<"conv1"_n, Conv1>, at<"conv2"_n, Conv2>, at<"conv3"_n, Conv3>, at<"bn3"_n, batch_norm<C3>>,
            at<"relu3"_n, relu>, at<"conv4"_n, residual<inverted_residual<C3, C3>>>, at<"conv5"_n, dense<C3, C4, 3, 2, 3>>,
            at<"bn5"_n, batch_norm<C4>>, at<"relu5"_n, relu>, at<"conv6"_n, residual<inverted_residual<C4, C4>>>,
            at<"conv7"_n, residual<inverted_residual<C4, C4>>>>;
};
}  // namespace detail

template <class Width>
struct audio_branch<audio_features::ave, Width>
    : detail::audio_branch_body<inverted_residual<32, Width::ch.c1>, inverted_residual<Width::ch.c1, Width::ch.c2>,
                                dense<Width::ch.c2, Width::ch.c3, 3, 1, 1>, 32, Width::ch.c3, Width::ch.c4> {};
template <class Width>
struct audio_branch<audio_features::hubert, Width>
    : detail::audio_branch_body<inverted_residual<32, Width::ch.c1>, inverted_residual<Width::ch.c1, Width::ch.c2>,
                                dense<Width::ch.c2, Width::ch.c3, 3, 2, 1>, 32, Width::ch.c3, Width::ch.c4> {};
template <class Width>
struct audio_branch<audio_features::wenet, Width>
    : detail::audio_branch_body<residual<inverted_residual<256, 256>>, residual<inverted_residual<256, 256>>,
                                dense<256, Width::ch.c3, 3, 1, 1, 2>, 256, Width::ch.c3, Width::ch.c4> {};

/// image (N, 6, 32 k, 32 k): channels 0-2 a reference face, 3-5 the masked one, BGR in [0, 1]; k = 10 fits the audio branch.
/// audio: audio_window(Features, N). output (N, 3, 32 k, 32 k) in (0, 1).
template <audio_features Features, class Width>
struct unet {
  static constexpr unet_channels ch = Width::ch;
  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 6, 320, 320} : audio_window(Features, n); }

  using body = network<
      input<"image"_n, 6>, input<"audio"_n, audio_window(Features, 1).c>,
      at<"inc"_n, in_conv<6, ch.c0>, "image"_n>, at<"down1"_n, down<ch.c0, ch.c0>>, at<"down2"_n, down<ch.c0, ch.c1>>,
      at<"down3"_n, down<ch.c1, ch.c2>>, at<"down4"_n, down<ch.c2, ch.c3>>, at<"down5"_n, down<ch.c3, ch.c4>>,
      at<"audio_model"_n, audio_branch<Features, Width>, "audio"_n>, at<"joined"_n, concat, "down5"_n, "audio_model"_n>,
      at<"fuse_conv"_n, sequential<double_conv<2 * ch.c4, ch.c4>, double_conv<ch.c4, ch.c3>>>,
      at<"up1"_n, up<ch.c4, ch.c3, ch.c3 / 2>, "fuse_conv"_n, "down4"_n>, at<"up2"_n, up<ch.c3, ch.c2, ch.c2 / 2>, "up1"_n, "down3"_n>,
      at<"up3"_n, up<ch.c2, ch.c1, ch.c1 / 2>, "up2"_n, "down2"_n>, at<"up4"_n, up<ch.c1, ch.c0, ch.c0>, "up3"_n, "down1"_n>,
      at<"up5"_n, up<ch.c1, ch.c0, ch.c0 / 2>, "up4"_n, "inc"_n>, at<"outc"_n, child<"conv"_n, pointwise<ch.c0 / 2, 3, true>>>,
      at<"output"_n, sigmoid>>;
};

}  // namespace viseme
