// One row of sound features a video frame, and the window of 16 rows a net sees for one frame.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <viseme/core/rational.hpp>
#include <viseme/core/shape.hpp>
#include <viseme/io/npy.hpp>

namespace viseme::audio {

enum class feature_kind { mel, ave, hubert, wenet };

inline constexpr std::array<feature_kind, 4> feature_kinds{feature_kind::mel, feature_kind::ave, feature_kind::hubert, feature_kind::wenet};

constexpr std::string_view name(feature_kind kind) {
  constexpr std::string_view names[] = {"mel", "ave", "hubert", "wenet"};
  return names[int(kind)];
}

/// Throws `error` unless `word` is mel, ave, hubert or wenet.
inline feature_kind parse_feature_kind(std::string_view word) {
  for (const auto kind : feature_kinds)
    if (name(kind) == word) return kind;
  throw error("features '" + std::string(word) + "'", "unknown kind", "choose mel, ave, hubert or wenet");
}

/// Numbers in a row.
constexpr int row_length(feature_kind kind) { return kind == feature_kind::hubert ? 2048 : kind == feature_kind::wenet ? 8192 : 512; }

/// Frames a second that the kind's encoders and nets are made for.
constexpr rational usual_rate(feature_kind kind) { return {kind == feature_kind::wenet ? 20 : 25, 1}; }

/// The UNet's audio input for one frame: the 16 rows of a window, row-major.
constexpr shape window_shape(feature_kind kind) {
  switch (kind) {
    case feature_kind::hubert: return {1, 32, 32, 32};
    case feature_kind::wenet: return {1, 256, 16, 32};
    default: return {1, 32, 16, 16};
  }
}

inline constexpr int window_rows = 16;
inline constexpr int rows_before = 8;        ///< of a window's 16, those before the frame's own
inline constexpr int longest_look_ahead = 7;

/// Features of a whole sound: row i belongs to frame i at `fps`.
struct feature_rows {
  feature_kind kind = feature_kind::mel;
  rational fps;
  std::vector<float> data;  ///< (rows, row_length)

  int length() const { return row_length(kind); }
  std::int64_t rows() const { return std::int64_t(data.size()) / length(); }
  std::span<const float> row(std::int64_t i) const { return {data.data() + i * length(), std::size_t(length())}; }
};

/// What a window shows beyond the first and the last row.
enum class window_rule {
  edge,                 ///< the edge row again
  reference_training,   ///< zeros
  reference_rendering,  ///< left: the first row; a window that passes the right end is the last row 16 times
};

/// The rows a net sees at `frame`: frame - 8 .. frame + 7 of `rows` (at least 1), by `rule`; -1 stands for a row of zeros.
/// Rows later than frame + look_ahead (0 .. 7) are replaced by that one.
inline std::array<std::int64_t, window_rows> window_at(std::int64_t frame, std::int64_t rows, int look_ahead = longest_look_ahead,
                                                       window_rule rule = window_rule::edge) {
  if (rows < 1 || look_ahead < 0 || look_ahead > longest_look_ahead) throw std::logic_error("window_at: no rows, or look-ahead outside 0 .. 7");
  std::array<std::int64_t, window_rows> window;
  const bool passes = frame + window_rows - rows_before > rows;
  for (int k = 0; k < window_rows; ++k) {
    const auto wanted = frame + std::min(k - rows_before, look_ahead);
    window[k] = std::clamp<std::int64_t>(wanted, 0, rows - 1);
    if (rule == window_rule::reference_training && wanted != window[k]) window[k] = -1;
    if (rule == window_rule::reference_rendering && passes) window[k] = rows - 1;
  }
  return window;
}

/// Copies a window's rows to `out`, (16, row length), the net's input for one frame.
inline void gather(const feature_rows& features, const std::array<std::int64_t, window_rows>& window, std::span<float> out) {
  const auto length = std::size_t(features.length());
  if (out.size() != length * window_rows) throw std::logic_error("gather: output of another size than a window's");
  for (std::size_t k = 0; k < window_rows; ++k) {
    const auto to = out.subspan(k * length, length);
    if (window[k] < 0)
      std::ranges::fill(to, 0.f);
    else
      std::ranges::copy(features.row(window[k]), to.begin());
  }
}

/// The row at `row_fps` that is heard when `frame` of a video at `video_fps` is shown: floor(frame / video_fps x row_fps), exactly.
/// frame below 2^31, rates of at most 10^6 in each part.
constexpr std::int64_t row_at(std::int64_t frame, rational video_fps, rational row_fps) {
  const rational ratio = reduced(row_fps.num * video_fps.den, row_fps.den * video_fps.num);
  const auto whole = frame / ratio.den, rest = frame % ratio.den;
  return whole * ratio.num + rest * ratio.num / ratio.den;
}

/// Features for a video of another rate: row i is the one heard at i / fps, `frames` rows, the last repeated where they end early.
inline feature_rows at_rate(const feature_rows& features, rational fps, std::int64_t frames) {
  require(features.rows() > 0, std::string(name(features.kind)) + " features", "no rows", "make them again from the sound");
  feature_rows result{features.kind, fps, {}};
  result.data.reserve(std::size_t(frames) * std::size_t(features.length()));
  for (std::int64_t i = 0; i < frames; ++i) {
    const auto row = features.row(std::min(row_at(i, fps, features.fps), features.rows() - 1));
    result.data.insert(result.data.end(), row.begin(), row.end());
  }
  return result;
}

/// Reads rows made by us or elsewhere: (F, 512) for mel and ave, (F, 2, 1024) or (F, 2048) for hubert, (F, 8192) in any split for wenet.
/// Throws `error` for other sizes, integers, values that are no numbers, and, where `frames` is given, rows more than two away from it.
inline feature_rows read_features(const std::filesystem::path& path, feature_kind kind, rational fps, std::optional<std::int64_t> frames = {}) {
  const auto what = path.string();
  const auto file = io::read_npy(path);
  const auto length = row_length(kind);
  const auto per_row = file.sizes.size() < 2 ? 0 : io::checked_count(std::span(file.sizes).subspan(1)).value_or(0);
  require(io::is_floating(file.type) && per_row == std::uint64_t(length) && file.sizes[0] > 0, what,
          "holds " + std::string(io::name_of(file.type)) + " " + io::text(file.sizes) + ", not rows of " + std::to_string(length) + " numbers",
          "give " + std::string(name(kind)) + " features, a row a frame, or name the right kind");
  feature_rows features{kind, fps, file.to_float()};
  const auto bad = std::ranges::find_if(features.data, [](float v) { return !std::isfinite(v); });
  require(bad == features.data.end(), what, "row " + std::to_string((bad - features.data.begin()) / length) + " holds a value that is no number",
          "make the features again");
  require(!frames || std::abs(features.rows() - *frames) <= 2, what,
          std::to_string(features.rows()) + " rows for " + std::to_string(frames.value_or(0)) + " frames at " + viseme::text(fps) + " a second",
          "make the features from this sound at this frame rate");
  return features;
}

/// Writes rows as float32 (F, row length), hubert as (F, 2, 1024); the file appears whole or not at all.
inline void write_features(const std::filesystem::path& path, const feature_rows& features) {
  std::vector<std::int64_t> sizes{features.rows(), features.length()};
  if (features.kind == feature_kind::hubert) sizes = {features.rows(), 2, 1024};
  io::write_npy(path, io::array::of(features.data, sizes));
}

}  // namespace viseme::audio
