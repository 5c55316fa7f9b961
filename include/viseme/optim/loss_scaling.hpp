// Loss scaling for gradients that pass through fp16, as torch.cuda.amp.GradScaler.
#pragma once

namespace viseme {

/// Losses are multiplied by `scale`, so that small gradients do not vanish between fp16's numbers, and Adam divides by it. A step whose gradients
/// are not all finite is dropped and halves the scale; 2000 good ones in a row double it.
class loss_scaling {
public:
  double scale() const { return scale_; }

  /// True if the step may be taken with gradients divided by the scale as it was.
  bool take(bool gradients_are_finite) {
    if (!gradients_are_finite) {
      scale_ = scale_ > 1 ? scale_ / 2 : 1;
      good_ = 0;
    } else if (++good_ == 2000) {
      scale_ = scale_ < largest ? scale_ * 2 : largest;
      good_ = 0;
    }
    return gradients_are_finite;
  }

private:
  static constexpr double largest = 16777216;
  double scale_ = 65536;
  int good_ = 0;
};

/// The op that asks whether all of `count` gradients are finite: `run(context, const float*, std::size_t) -> bool`.
struct all_finite {};

}  // namespace viseme
