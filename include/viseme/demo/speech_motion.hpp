// Mouth motion from sound, by a fixed rule local in time, so that a net which hears the same sound can learn it.
//
// Opening follows how loud the voice is (150 to 4000 Hz) and how high its first formant lies (energy at 450 to 1100 Hz over 150 to 450 Hz:
// an open jaw raises it); rounding follows the second formant (700 to 1400 Hz over 1500 to 3000 Hz: rounded lips lower it). A frame depends
// on the sound within 0.15 s of it. Levels are absolute: nothing adapts to the file.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include <viseme/core/error.hpp>
#include <viseme/core/rational.hpp>
#include <viseme/demo/face_shape.hpp>

namespace viseme::demo {

namespace detail {

/// Second-order Butterworth section by the bilinear transform, direct form II transposed.
class biquad {
public:
  static biquad low_pass(double hz, double rate) { return {hz, rate, false}; }
  static biquad high_pass(double hz, double rate) { return {hz, rate, true}; }
  double operator()(double x) {
    const double y = b0_ * x + z1_;
    z1_ = b1_ * x - a1_ * y + z2_;
    z2_ = b0_ * x - a2_ * y;
    return y;
  }

private:
  biquad(double hz, double rate, bool high) {
    const double k = std::tan(std::numbers::pi * hz / rate), norm = 1 / (1 + std::numbers::sqrt2 * k + k * k);
    b0_ = (high ? 1 : k * k) * norm;
    b1_ = high ? -2 * b0_ : 2 * b0_;
    a1_ = 2 * (k * k - 1) * norm;
    a2_ = (1 - std::numbers::sqrt2 * k + k * k) * norm;
  }
  double b0_, b1_, a1_, a2_, z1_ = 0, z2_ = 0;
};

/// Mean power of a band in steps of 5 ms.
inline std::vector<double> band_power(std::span<const float> samples, double low, double high) {
  constexpr std::size_t step = 80;
  auto above = biquad::high_pass(low, 16000), below = biquad::low_pass(high, 16000);
  std::vector<double> power((samples.size() + step - 1) / step);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double y = below(above(samples[i]));
    power[i / step] += y * y / step;
  }
  return power;
}

/// Mean of `values` about a place, Gaussian weights cut at three deviations, zero outside. Units: steps.
inline double gaussian_mean(std::span<const double> values, double place, double deviation) {
  double sum = 0, weights = 0;
  for (auto i = std::int64_t(std::ceil(place - 3 * deviation)); i <= std::int64_t(std::floor(place + 3 * deviation)); ++i) {
    const double u = (i - place) / deviation, w = std::exp(-0.5 * u * u);
    weights += w;
    if (i >= 0 && i < std::int64_t(values.size())) sum += w * values[i];
  }
  return weights > 0 ? sum / weights : 0;
}

inline std::vector<double> smoothed(std::span<const double> values, double deviation) {
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gaussian_mean(values, double(i), deviation);
  return out;
}

}  // namespace detail

/// The mouth at every frame of `samples` (16 kHz mono, [-1, 1]); ceil(samples x fps / 16000) frames, frame i at time i / fps. Silence gives
/// exactly 0.
inline std::vector<mouth_state> speech_motion(std::span<const float> samples, rational fps) {
  constexpr double floor_power = 1e-9, power_deviation = 3.0, motion_deviation = 5.0;  // -90 dB; 15 ms; 25 ms
  const auto band = [&](double low, double high) { return detail::smoothed(detail::band_power(samples, low, high), power_deviation); };
  const auto voice = band(150, 4000), first_low = band(150, 450), first_high = band(450, 1100), second_low = band(700, 1400),
             second_high = band(1500, 3000);
  const auto decibels = [](double power) { return 10 * std::log10(power + floor_power); };

  std::vector<double> opening(voice.size()), rounding(voice.size());
  for (std::size_t i = 0; i < voice.size(); ++i) {
    const double loud = smoothstep(-48, -24, decibels(voice[i]));
    const double first = smoothstep(-14, 8, decibels(first_high[i]) - decibels(first_low[i]));
    const double second = decibels(second_low[i]) - decibels(second_high[i]);
    opening[i] = loud * (0.25 + 0.75 * first);
    rounding[i] = loud * std::clamp((second - 4.5) / 11, -1.0, 1.0);
  }

  std::vector<mouth_state> out(std::size_t(frames_covering(std::int64_t(samples.size()), 16000, fps)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double place = double(i) * double(fps.den) / double(fps.num) * 200 - 0.5;
    out[i] = {std::clamp(detail::gaussian_mean(opening, place, motion_deviation), 0.0, 1.0),
              std::clamp(detail::gaussian_mean(rounding, place, motion_deviation), -1.0, 1.0)};
  }
  return out;
}

}  // namespace viseme::demo
