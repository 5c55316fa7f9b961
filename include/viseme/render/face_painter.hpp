// A frame's face drawn anew for a window of sound: on the host, or in the memory of the device that runs the net.
#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <utility>
#include <vector>

#include <viseme/media/dataset_manifest.hpp>
#include <viseme/media/net_image.hpp>
#include <viseme/render/compositor.hpp>
#include <viseme/render/kept_encoder.hpp>
#include <viseme/render/stage_times.hpp>
#include <viseme/run/frame_painter.hpp>

namespace viseme::render {

/// One user's; draws with a net that must outlive it. Not for two threads at once.
class face_painter {
public:
  explicit face_painter(kept_encoder& net) : net_(net) {}
  virtual ~face_painter() = default;

  /// Frame `number`, 8-bit BGR, with the face that its record tells of; frames without a valid one stay as they are. Throws `error` where
  /// the face's box is not usable.
  virtual void draw(cv::Mat& frame, std::int64_t number, const media::frame_record&, std::span<const float> window, stage_times&) = 0;

protected:
  /// The net's stages, around a run of it.
  template <class Run>
  void time_net(stage_times& times, std::int64_t number, Run&& run) {
    times.measure(stage::net, [&] { times.measure(net_.keeps(number) ? stage::net_warm : stage::net_cold, run); });
  }

  kept_encoder& net_;
};

/// With OpenCV.
class host_painter final : public face_painter {
public:
  host_painter(kept_encoder& net, blend_rule rule)
      : face_painter(net), compositor_(rule), image_(2 * media::picture_size), output_(media::picture_size) {}

  void draw(cv::Mat& frame, std::int64_t number, const media::frame_record& record, std::span<const float> window,
            stage_times& times) override {
    if (!record.valid) return;
    times.measure(stage::crop, [&] { compositor_.read(frame, record.crop, image_); });
    time_net(times, number, [&] { net_.run(number, image_, window, output_); });
    times.measure(stage::blend, [&] { compositor_.blend(frame, record.crop, output_); });
  }

private:
  compositor compositor_;
  std::vector<float> image_, output_;
};

/// On the device: the frame goes there and comes back once. All that is done there is one piece of work, timed as the net's.
class device_painter final : public face_painter {
public:
  device_painter(kept_encoder& net, std::unique_ptr<frame_painter> frames, const frame_options& o)
      : face_painter(net), frames_(std::move(frames)), options_(o) {}

  void draw(cv::Mat& frame, std::int64_t number, const media::frame_record& record, std::span<const float> window,
            stage_times& times) override {
    const bool converts = options_.result == frame_format::i420;
    if (!record.valid && !converts) return;
    times.measure(stage::crop, [&] {
      if (record.valid) net_.hear(window);  // first: each upload waits for what is under way
      frames_->upload({frame.data, frame.total() * frame.elemSize()});
    });
    if (record.valid) time_net(times, number, [&] { net_.draw(number, *frames_, square_of(record.crop)); });
    times.measure(stage::blend, [&] {
      if (converts) frame = cv::Mat((options_.height + 1) / 2 * 3, (options_.width + 1) / 2 * 2, CV_8UC1);
      frames_->download({frame.data, frame.total() * frame.elemSize()});
    });
  }

private:
  pixel_square square_of(const media::crop_box& box) const {
    const auto pixels = media::usable_pixels(box, {options_.width, options_.height});
    return {pixels.x, pixels.y, pixels.width};
  }

  std::unique_ptr<frame_painter> frames_;
  frame_options options_;
};

/// The device's where it has one, else the host's, whose frames are BGR whatever `o` says.
inline std::unique_ptr<face_painter> make_face_painter(kept_encoder& net, const frame_options& o) {
  if (auto frames = net.make_painter(o)) return std::make_unique<device_painter>(net, std::move(frames), o);
  return std::make_unique<host_painter>(net, o.blend);
}

}  // namespace viseme::render
