// The AVE audio encoder: 16 rows of log-mel to 512 features.
#pragma once

#include <viseme/nets/blocks.hpp>

namespace viseme {

/// mel (N, 1, 80, 16), log-mel in [-4, 4], bands by time; output (N, 512, 1, 1).
struct audio_encoder {
  template <int In, int Out, int SH, int P = 1, int SW = SH>
  using block = conv_block<In, Out, relu, 3, SH, P, SW>;
  template <int C>
  using same = residual_conv_block<C, relu>;

  static constexpr shape input_shape(int, int n) { return {n, 1, 80, 16}; }

  using body =
      network<input<"mel"_n, 1>,
            at<"audio_encoder"_n,
               sequential<block<1, 32, 1>, same<32>, same<32>, block<32, 64, 3, 1, 1>, same<64>, same<64>, block<64, 128, 3>, same<128>,
                          same<128>, block<128, 256, 3, 1, 2>, same<256>, block<256, 512, 1, 0>, conv_block<512, 512, relu, 1, 1, 0>>>>;
};

}  // namespace viseme
