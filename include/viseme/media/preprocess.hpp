// Video -> a person's folder: frames, landmarks and face boxes, sound at 16 kHz, sound features, dataset.json.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <viseme/audio/features.hpp>
#include <viseme/audio/mel_windows.hpp>
#include <viseme/audio/samples.hpp>
#include <viseme/core/error.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/io/sha256.hpp>
#include <viseme/media/dataset.hpp>
#include <viseme/media/preprocess_frames.hpp>

namespace viseme::media {

/// Makes the rows of one kind from 16 kHz mono samples; `rule` names how, with the weights' hash: rows of another rule are made anew.
struct feature_maker {
  std::string rule;
  std::function<audio::feature_rows(std::span<const float> samples, rational fps)> make;
};

inline feature_maker mel_maker() { return {mel_rule, audio::mel_features}; }

struct preprocess_options {
  std::filesystem::path video, out;
  rational fps{25, 1};
  face_choice face;
  std::map<std::string, std::string> settings;  ///< what decides the landmarks: choice of face, hashes of the models
  std::string landmark_model;                   ///< its name in dataset.json
  std::map<audio::feature_kind, feature_maker> features;
  bool strict = false;  ///< a frame without a face is an error
  bool resume = true;
  int jpeg_quality = 95, threads = 1;
  av::decoding decoding = av::decoding::cpu;
  /// Models, made when they are needed. No landmark net: a fixed layout in the detector's box, smoothed over time.
  std::function<std::unique_ptr<face_finder>()> finder;
  std::function<std::unique_ptr<landmark_net>()> landmarks = [] { return nullptr; };
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t, std::int64_t) {};
  std::function<bool()> stop = [] { return false; };  ///< asked between steps
};

struct preprocess_report {
  manifest contents;
  bool up_to_date = false;                ///< nothing was to be done
  std::int64_t resumed_from = 0;          ///< frames taken over from an earlier run that was stopped
  std::map<std::string, double> seconds;  ///< of each stage; decode, faces and write run side by side
  std::vector<std::string> warnings;
};

class preprocessor {
public:
  explicit preprocessor(preprocess_options options) : o_(std::move(options)), work_(o_.out / ".unfinished") {}

  /// Throws `error`. What was done of a run that is stopped or runs out of space stays in OUT/.unfinished and is taken up by the next;
  /// nothing stays of one that cannot succeed (no face, no sound). Files of an earlier run are replaced at the very end.
  preprocess_report run() {
    const stopwatch watch(report_.seconds["all"]);
    existed_ = std::filesystem::exists(o_.out);
    const auto earlier = earlier_run();
    wanted_ = source();
    if (earlier && fits(*earlier)) {
      report_.contents = *earlier;
      refresh_features();
    } else {
      if (earlier && earlier->source.sha256 != wanted_.sha256)
        report_.warnings.push_back("the video is not the one this folder was made from: all is made anew");
      make_all();
    }
    return std::move(report_);
  }

private:
  [[noreturn]] void fail(const std::string& why, const std::string& remedy) const {
    throw error("video '" + o_.video.string() + "'", why, remedy);
  }

  std::optional<manifest> earlier_run() const {
    const auto path = o_.out / "dataset.json";
    if (!o_.resume || !std::filesystem::exists(path)) return {};
    try {
      return read_manifest(path);
    } catch (const error&) {
      return {};
    }
  }

  /// The video's hash; the earlier run's where size and time of the file are as they were.
  source_record source() const {
    io::input_file file(o_.video);
    source_record s{o_.video.filename().string(), "", file.size(),
                    std::int64_t(std::filesystem::last_write_time(o_.video).time_since_epoch().count())};
    const auto earlier = earlier_run();
    const bool same = earlier && earlier->source.size == s.size && earlier->source.modified == s.modified && earlier->source.file == s.file;
    s.sha256 = same ? earlier->source.sha256 : io::sha256_of(o_.video);
    return s;
  }

  bool fits(const manifest& m) const {
    if (m.source.sha256 != wanted_.sha256 || m.fps != o_.fps || m.settings != o_.settings || !std::filesystem::exists(o_.out / "aud.wav"))
      return false;
    if (o_.strict && std::ranges::any_of(m.frames, [](const frame_record& f) { return !f.reason.empty(); })) return false;
    for (std::size_t i = 0; i < m.frames.size(); ++i)
      if (!std::filesystem::exists(frame_file(o_.out, std::int64_t(i))) ||
          (m.frames[i].valid && !std::filesystem::exists(landmark_file(o_.out, std::int64_t(i)))))
        return false;
    return true;
  }

  void check_stop() const { require(!o_.stop(), "preprocessing", "stopped", "run the same command again to go on where it stopped"); }

  /// Rows of every wanted kind under `folder`, except those that `known` says are there.
  void write_features(const std::filesystem::path& folder, std::span<const float> samples,
                      const std::map<audio::feature_kind, feature_record>& known) {
    for (const auto& [kind, maker] : o_.features) {
      const auto path = feature_file(folder, kind);
      const auto found = known.find(kind);
      if (found == known.end() || found->second.rule != maker.rule || !std::filesystem::exists(path)) {
        check_stop();
        const stopwatch watch(report_.seconds["features"]);
        audio::write_features(path, maker.make(samples, o_.fps));
      }
      report_.contents.features[kind] = {maker.rule, frames_covering(std::int64_t(samples.size()), audio::sample_rate, o_.fps)};
    }
  }

  void refresh_features() {
    const auto known = report_.contents.features;
    report_.up_to_date = std::ranges::all_of(o_.features, [&](const auto& f) {
      const auto found = known.find(f.first);
      return found != known.end() && found->second.rule == f.second.rule && std::filesystem::exists(feature_file(o_.out, f.first));
    });
    if (report_.up_to_date) return;
    write_features(o_.out, audio::read_samples(o_.out / "aud.wav"), known);
    report_.contents.source = wanted_;
    write_manifest(o_.out / "dataset.json", report_.contents);
  }

  void make_all() {
    const auto finder = o_.finder();
    const auto net = o_.landmarks();
    if (!o_.resume) std::filesystem::remove_all(work_);
    decoder video(o_.video, o_.fps, o_.threads, o_.decoding);
    if (!video.info().has_audio) fail("it has no sound", "give a video of the person speaking, with its sound");
    std::vector<float> samples;
    {
      const stopwatch watch(report_.seconds["sound"]);
      samples = audio::read_samples(o_.video, video.info().start);
    }
    try {
      prepare();
      if (!std::filesystem::exists(work_ / "aud.wav")) audio::write_wav(work_ / "aud.wav", samples);
      report_.contents.source = wanted_;
      report_.contents.fps = o_.fps;
      report_.contents.size = {video.info().width, video.info().height};
      report_.contents.settings = o_.settings;
      write_features(work_, samples, {});
      make_frames(video, *finder, net.get());
      finish();
    } catch (const hopeless& e) {
      discard();
      throw error(e);
    }
  }

  struct hopeless : error {
    using error::error;
  };

  void discard() const {
    std::error_code ignored;
    std::filesystem::remove_all(work_, ignored);
    if (!existed_) std::filesystem::remove(o_.out, ignored);
  }

  /// The folder of unfinished work, emptied where it is of another video or other settings.
  void prepare() {
    nlohmann::json state{{"sha256", wanted_.sha256}, {"fps", viseme::text(o_.fps)}, {"settings", o_.settings}};
    for (const auto& [kind, maker] : o_.features) state["features"][std::string(audio::name(kind))] = maker.rule;
    const auto path = work_ / "state.json";
    const auto now = state.dump(1) + "\n";
    std::error_code problem;
    std::string before;
    if (std::filesystem::exists(path, problem)) {
      io::input_file file(path);
      const auto bytes = file.read(0, std::min<std::uint64_t>(file.size(), 1 << 20));
      before.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    if (before != now) std::filesystem::remove_all(work_, problem);
    for (const char* part : {"full_body_img", "landmarks"}) {
      std::filesystem::create_directories(work_ / part, problem);
      require(!problem, "cannot make '" + o_.out.string() + "'", problem.message(), "choose another folder with --out");
    }
    io::write_text(path, now);
  }

  void make_frames(decoder& video, face_finder& finder, landmark_net* net) {
    face_tracker tracker(finder, net, o_.face);
    const auto total = std::max<std::int64_t>(1, video.info().frames);
    frame_pass pass{
        .video = video, .tracker = tracker, .folder = work_, .jpeg_quality = o_.jpeg_quality, .threads = o_.threads, .after_chunk = {}};
    pass.after_chunk = [&](std::int64_t done, const std::vector<frame_landmarks>& newest) {
      const auto missing = std::ranges::find_if(newest, &frame_landmarks::empty);
      if (o_.strict && missing != newest.end())
        throw hopeless("frame " + std::to_string(done - std::int64_t(newest.end() - missing)), "no face found",
                       "cut it out of the video, or leave out --strict");
      if (newest.empty()) report_.resumed_from = done;
      o_.progress(done, std::max(done, total));
      check_stop();
    };
    frame_pass_seconds seconds;
    auto track = media::run(pass, seconds);
    report_.seconds["decode"] = seconds.decode;
    report_.seconds["faces"] = seconds.faces;
    report_.seconds["write"] = seconds.write;
    if (std::ranges::all_of(track, &frame_landmarks::empty)) {
      throw hopeless("video '" + o_.video.string() + "'", "no face found in any of its " + std::to_string(track.size()) + " frames",
                     "give a video of one person facing the camera, upright and well lit");
    }
    if (video.truncated()) report_.warnings.push_back("the video is damaged or ends before its time: what could be read is used");
    report_.contents.landmark_model = o_.landmark_model;
    report_.contents.landmark_points = tracker.points();
    describe_frames(net ? std::move(track) : smoothed(track, 6));
  }

  void describe_frames(std::vector<frame_landmarks> track) {
    const stopwatch watch(report_.seconds["landmark files"]);
    const auto filled = fill_gaps(track);
    for (std::size_t i = 0; i < track.size(); ++i) {
      frame_record record{false, "no face found", {}};
      const auto path = landmark_file(work_, std::int64_t(i));
      if (!track[i].empty()) {
        record.crop = crop_from_landmarks(track[i]);
        record.valid = is_usable(record.crop, report_.contents.size);
        record.reason = !record.valid                                         ? "its face is too small or leaves the frame"
                        : std::ranges::binary_search(filled, std::int64_t(i)) ? "no face found, its place is interpolated"
                                                                              : "";
        write_landmarks(path, track[i]);
      }
      report_.contents.frames.push_back(std::move(record));
    }
    if (std::ranges::none_of(report_.contents.frames, &frame_record::valid))
      throw hopeless("video '" + o_.video.string() + "'", "in no frame is the face large enough and inside the picture",
                     "give a closer video");
  }

  /// Replaces what an earlier run left, dataset.json last.
  void finish() {
    namespace fs = std::filesystem;
    check_stop();
    try {
      fs::remove(o_.out / "dataset.json");
      for (const char* part : {"full_body_img", "landmarks", "aud.wav"}) {
        fs::remove_all(o_.out / part);
        fs::rename(work_ / part, o_.out / part);
      }
      for (const auto& [kind, unused] : o_.features) fs::rename(feature_file(work_, kind), feature_file(o_.out, kind));
    } catch (const fs::filesystem_error& e) {
      throw error("cannot write '" + o_.out.string() + "'", e.code().message(), "check that the folder is writable");
    }
    write_manifest(o_.out / "dataset.json", report_.contents);
    std::error_code ignored;
    fs::remove_all(work_, ignored);
  }

  preprocess_options o_;
  std::filesystem::path work_;
  preprocess_report report_;
  source_record wanted_;
  bool existed_ = false;
};

}  // namespace viseme::media
