// The frame painter of any backend that has the ops for it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <viseme/core/error.hpp>
#include <viseme/core/view.hpp>
#include <viseme/run/backend.hpp>
#include <viseme/run/frame_painter.hpp>
#include <viseme/run/op.hpp>

namespace viseme {

/// Frames in the device's memory, 8-bit BGR, rows dense.
struct device_frame {
  std::uint8_t* data;
  int width, height;
};

/// The op that moves faces between frames and a net's values, all in the device's memory:
///   `place`, `place_of(frame, square)`   where a face is, as the others read it from the device's memory
///   `cut(context, frame, const place*, view<T> image, crop)`        image (1, 6, 320, 320); crop: 328 x 328 BGR for paste(), or null
///   `fade(context, frame, const place*, view<const T> output)`      blend_rule::feather
///   `paste(context, frame, const place*, view<const T> output, crop)`   blend_rule::reference
///   `to_i420(context, frame, planes)`
struct painting {};

/// A session's net as a painter uses it. `run` and `resume` queue the same work every time.
template <class T>
struct painted_net {
  view<T> image;
  view<const T> output;
  std::function<void()> run;
  std::function<void(const std::byte* const* kept)> resume;  // from storage(kept values): a pointer in the device's memory
  std::function<const std::byte*(const kept_values&)> storage;
};

/// Cut, net, blend and conversion are one recording, or where the net resumes another one: they find what differs from frame to frame in
/// memory.
template <class B>
class net_painter final : public frame_painter {
public:
  using T = typename B::scalar;
  using context = typename B::context;

  net_painter(std::shared_ptr<context> c, painted_net<T> net, const frame_options& o)
      : context_(std::move(c)), net_(std::move(net)), options_(o) {
    require(o.width > 0 && o.height > 0 && o.width <= largest && o.height <= largest, "frames",
            std::to_string(o.width) + "x" + std::to_string(o.height) + " pixels", "use 1 to 16384 a side");
    constexpr int side = face_geometry::net;
    require(net_.image.size == shape{1, 6, side, side} && net_.output.size == shape{1, 3, side, side}, "frames",
            "image " + text(net_.image.size) + " and output " + text(net_.output.size), "draw with a UNet of batch 1");
    frame_ = typename B::buffer(*context_, bytes_of(frame_format::bgr));
    arguments_ = typename B::buffer(*context_, sizeof(arguments));
    if (o.blend == blend_rule::reference) crop_ = typename B::buffer(*context_, 3 * face_geometry::crop * face_geometry::crop);
    if (converts()) result_ = typename B::buffer(*context_, bytes_of(frame_format::i420));
  }

  void upload(std::span<const std::uint8_t> bgr) override {
    check(bgr.size(), frame_format::bgr);
    context_->upload(frame_.data(), bgr.data(), bgr.size());
    converted_ = false;
  }
  void draw(pixel_square s) override {
    pass(s, nullptr);
    run_.run(*context_, [this] { paint(net_.run); });
    converted_ = true;
  }
  void draw(pixel_square s, const kept_values& from) override {
    pass(s, net_.storage(from));
    resume_.run(*context_, [this] { paint([this] { net_.resume(&passed()->kept); }); });
    converted_ = true;
  }
  void download(std::span<std::uint8_t> to) override {
    check(to.size(), options_.result);
    if (!converted_) convert();
    context_->download(to.data(), (converts() ? result_ : frame_).data(), to.size());
  }

private:
  using ops = found_op<painting, B>;
  using place = typename ops::place;
  static constexpr int largest = 16384;

  struct arguments {
    place face;
    const std::byte* kept;
  };

  void pass(pixel_square s, const std::byte* kept) {
    const bool meets = s.x < options_.width && s.y < options_.height && s.x > -s.side && s.y > -s.side;
    require(s.side > 0 && s.side <= largest && meets, "face square", "it lies outside the frame", "leave this frame out");
    const arguments a{ops::place_of(frame(), s), kept};
    context_->upload(arguments_.data(), &a, sizeof a);
  }
  /// In the device's memory.
  const arguments* passed() const { return arguments_.template at<arguments>(0); }

  template <class Net>
  void paint(const Net& net) {
    const auto* face = &passed()->face;
    auto* crop = crop_.template at<std::uint8_t>(0);
    ops::cut(*context_, frame(), face, net_.image, crop);
    net();
    if (options_.blend == blend_rule::feather) ops::fade(*context_, frame(), face, net_.output);
    else ops::paste(*context_, frame(), face, net_.output, crop);
    convert();
  }
  void convert() {
    if (converts()) ops::to_i420(*context_, frame(), result_.template at<std::uint8_t>(0));
  }
  bool converts() const { return options_.result == frame_format::i420; }

  device_frame frame() const { return {frame_.template at<std::uint8_t>(0), options_.width, options_.height}; }
  std::size_t bytes_of(frame_format f) const { return frame_bytes(f, options_.width, options_.height); }
  void check(std::size_t have, frame_format f) const {
    const auto want = bytes_of(f);
    require(have == want, "frame", std::to_string(have) + " bytes for " + std::to_string(want), "give one of the stated size");
  }

  std::shared_ptr<context> context_;
  painted_net<T> net_;
  frame_options options_;
  typename B::buffer frame_, arguments_, crop_, result_;
  recording<B> run_, resume_;
  bool converted_ = false;  // what download() gives is what the frame is now
};

}  // namespace viseme
