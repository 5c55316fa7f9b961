// SyncNet: how well a face's mouth fits a window of sound, as two embeddings on the unit sphere.
#pragma once

#include <viseme/layers/normalize.hpp>
#include <viseme/nets/blocks.hpp>
#include <viseme/nets/features.hpp>

namespace viseme {

/// face (N, 3, 320, 320) BGR in [0, 1], audio: sync_audio_window(Features, N).
/// Outputs audio and face, (N, 512, 3, 3) each of norm 1; flattened in NCHW order they are PyTorch's 4608 numbers.
template <audio_features Features>
struct syncnet {
  using act = leaky_relu<100>;
  template <int In, int Out, int K, int S, int P, int SW = S>
  using block = conv_block<In, Out, act, K, S, P, SW>;
  template <int C>
  using same = residual_conv_block<C, act>;

  static constexpr shape input_shape(int i, int n) { return i == 0 ? shape{n, 3, 320, 320} : sync_audio_window(Features, n); }
  static constexpr int in = sync_audio_window(Features, 1).c;
  static constexpr int stride_h = Features == audio_features::hubert ? 2 : 1, stride_w = Features == audio_features::ave ? 1 : 2;

  using face_encoder =
      sequential<block<3, 32, 7, 1, 3>, block<32, 32, 5, 2, 1>, block<32, 64, 5, 2, 1>, same<64>, same<64>, block<64, 128, 3, 2, 1>,
                 same<128>, same<128>, same<128>, block<128, 256, 3, 2, 1>, same<256>, same<256>, block<256, 512, 3, 2, 1>, same<512>,
                 same<512>, block<512, 512, 3, 2, 1>, block<512, 512, 3, 1, 0>, block<512, 512, 1, 1, 0>>;
  using audio_encoder =
      sequential<block<in, 128, 3, 1, 1>, same<128>, same<128>, block<128, 256, 3, stride_h, 1, stride_w>, same<256>, same<256>,
                 block<256, 256, 3, 2, 2>, same<256>, same<256>, block<256, 512, 3, 2, 1>, same<512>, same<512>,
                 block<512, 512, 3, 1, 0>, block<512, 512, 1, 1, 0>>;

  using body = network<input<"face"_n, 3>, input<"audio"_n, in>, at<"face_encoder"_n, face_encoder, "face"_n>,
                     at<"audio_encoder"_n, audio_encoder, "audio"_n>, at<"audio"_n, l2_normalize, "audio_encoder"_n>,
                     at<"face"_n, l2_normalize, "face_encoder"_n>>;
};

}  // namespace viseme
