// Training samples in batches, the next one prepared while the net learns from this one.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/media/net_image.hpp>
#include <viseme/train/counter_random.hpp>
#include <viseme/train/face_store.hpp>

namespace viseme::train {

/// What one step reads, samples one after another.
struct batch {
  std::vector<float> image;   // (N, 6, 320, 320)
  std::vector<float> audio;   // (N, window)
  std::vector<float> target;  // (N, 3, 320, 320)
};

struct loader_options {
  int batch = 8;
  std::uint64_t seed = 0;
  int look_ahead = audio::longest_look_ahead;
};

/// Sample p of a training is the same whatever the batch and wherever the training was resumed: every epoch goes through all frames in an
/// order of its own, and the reference picture is another frame's, both from (seed, p) alone.
class loader {
public:
  loader(std::shared_ptr<const face_store> faces, std::shared_ptr<const audio::feature_rows> features, std::vector<std::int64_t> frames,
         const loader_options& options, std::int64_t first_sample = 0)
      : faces_(std::move(faces)), features_(std::move(features)), frames_(std::move(frames)), options_(options), next_(first_sample) {
    if (frames_.size() < 2 || options_.batch < 1) throw std::logic_error("loader: needs two frames and a batch of one or more");
    begin();
  }
  loader(const loader&) = delete;
  ~loader() {
    if (ahead_.valid()) ahead_.wait();
  }

  /// The next batch; valid until the next call. Throws what reading its pictures threw.
  const batch& next() {
    ahead_.get();
    std::swap(now_, soon_);
    next_ += options_.batch;
    begin();
    return now_;
  }

private:
  struct choice {
    std::int64_t target, reference;  // frame numbers
  };

  choice sample(std::int64_t p) {
    const auto n = std::int64_t(frames_.size());
    if (p / n != epoch_) {
      epoch_ = p / n;
      order_ = shuffled(n, options_.seed, 2 * std::uint64_t(epoch_));
    }
    const auto target = order_[std::size_t(p % n)];
    auto reference = std::int64_t(random_below(std::uint64_t(n - 1), options_.seed, 2 * std::uint64_t(epoch_) + 1, std::uint64_t(p)));
    reference += reference >= target;
    return {frames_[std::size_t(target)], frames_[std::size_t(reference)]};
  }

  void begin() {
    ahead_ = std::async(std::launch::async, [this, first = next_] { fill(first); });
  }

  void fill(std::int64_t first) {
    const auto n = std::size_t(options_.batch), window = std::size_t(features_->length()) * audio::window_rows;
    soon_.image.resize(n * 2 * media::picture_size);
    soon_.target.resize(n * media::picture_size);
    soon_.audio.resize(n * window);
    for (std::size_t b = 0; b < n; ++b) {
      const auto [target, reference] = sample(first + std::int64_t(b));
      const auto face = faces_->face(target);
      media::write_net_image(faces_->face(reference), face, std::span(soon_.image).subspan(b * 2 * media::picture_size, 2 * media::picture_size));
      media::to_planes(face, soon_.target.data() + b * media::picture_size);
      audio::gather(*features_, audio::window_at(target, features_->rows(), options_.look_ahead), std::span(soon_.audio).subspan(b * window, window));
    }
  }

  std::shared_ptr<const face_store> faces_;
  std::shared_ptr<const audio::feature_rows> features_;
  std::vector<std::int64_t> frames_, order_;
  loader_options options_;
  std::int64_t next_, epoch_ = -1;
  batch now_, soon_;
  std::future<void> ahead_;
};

}  // namespace viseme::train
