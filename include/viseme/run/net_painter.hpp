// The frame painter of any backend that has the ops for it.
#pragma once

#include <memory>
#include <string>

#include <viseme/core/error.hpp>
#include <viseme/core/view.hpp>
#include <viseme/run/frame_painter.hpp>
#include <viseme/run/op.hpp>

namespace viseme {

/// Frames in the device's memory, 8-bit BGR, rows dense.
struct device_frame {
  std::uint8_t* data;
  int width, height;
};

/// The op that moves faces between frames and a net's values, all in the device's memory:
///   `cut(context, frame, square, view<T> image, crop)`        image (1, 6, 320, 320); crop: 328 x 328 BGR for paste(), or null
///   `fade(context, frame, square, view<const T> output)`      blend_rule::feather
///   `paste(context, frame, square, view<const T> output, crop)`   blend_rule::reference
///   `to_i420(context, frame, planes)`
struct painting {};

template <class B>
class net_painter final : public frame_painter {
public:
  using T = typename B::scalar;
  using context = typename B::context;

  /// `image`, `output`: where the session has them.
  net_painter(std::shared_ptr<context> c, view<T> image, view<const T> output, const frame_options& o)
      : context_(std::move(c)), image_(image), output_(output), options_(o) {
    require(o.width > 0 && o.height > 0 && o.width <= largest && o.height <= largest, "frames",
            std::to_string(o.width) + "x" + std::to_string(o.height) + " pixels", "use 1 to 16384 a side");
    constexpr int side = face_geometry::net;
    require(image.size == shape{1, 6, side, side} && output.size == shape{1, 3, side, side}, "frames",
            "image " + text(image.size) + " and output " + text(output.size), "draw with a UNet of batch 1");
    frame_ = typename B::buffer(*context_, bytes_of(frame_format::bgr));
    if (o.blend == blend_rule::reference) crop_ = typename B::buffer(*context_, 3 * face_geometry::crop * face_geometry::crop);
    if (o.result == frame_format::i420) result_ = typename B::buffer(*context_, bytes_of(frame_format::i420));
  }

  void upload(std::span<const std::uint8_t> bgr) override {
    check(bgr.size(), frame_format::bgr);
    context_->upload(frame_.data(), bgr.data(), bgr.size());
  }
  void cut(pixel_square s) override {
    const bool meets = s.x < options_.width && s.y < options_.height && s.x > -s.side && s.y > -s.side;
    require(s.side > 0 && s.side <= largest && meets, "face square", "it lies outside the frame", "leave this frame out");
    square_ = s;
    ops::cut(*context_, frame(), s, image_, crop_.template at<std::uint8_t>(0));
  }
  void blend() override {
    if (options_.blend == blend_rule::feather) ops::fade(*context_, frame(), square_, output_);
    else ops::paste(*context_, frame(), square_, output_, crop_.template at<std::uint8_t>(0));
  }
  void download(std::span<std::uint8_t> to) override {
    check(to.size(), options_.result);
    const bool converts = options_.result == frame_format::i420;
    if (converts) ops::to_i420(*context_, frame(), result_.template at<std::uint8_t>(0));
    context_->download(to.data(), (converts ? result_ : frame_).data(), to.size());
  }

private:
  using ops = found_op<painting, B>;
  static constexpr int largest = 16384;

  device_frame frame() const { return {frame_.template at<std::uint8_t>(0), options_.width, options_.height}; }
  std::size_t bytes_of(frame_format f) const { return frame_bytes(f, options_.width, options_.height); }
  void check(std::size_t have, frame_format f) const {
    const auto want = bytes_of(f);
    require(have == want, "frame", std::to_string(have) + " bytes for " + std::to_string(want), "give one of the stated size");
  }

  std::shared_ptr<context> context_;
  view<T> image_;
  view<const T> output_;
  frame_options options_;
  typename B::buffer frame_, crop_, result_;
  pixel_square square_;
};

}  // namespace viseme
