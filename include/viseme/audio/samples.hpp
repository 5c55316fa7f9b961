// Any sound -> mono float samples at 16 kHz: the mean of the channels, one pass of libswresample.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <viseme/audio/log_mel.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/media/av.hpp>

namespace viseme::audio {

/// Sound in pieces -> mono at 16 kHz, constant memory. The result does not depend on how it was cut. At 16 kHz samples pass unchanged.
class resampler {
public:
  /// `rate` in Hz, 1000 .. 768000; 1 .. 1024 interleaved channels. Throws `error` outside.
  resampler(int rate, int channels) : channels_(channels) {
    require(rate >= 1000 && rate <= 768000 && channels >= 1 && channels <= 1024, "sound of " + std::to_string(rate) + " Hz, " + std::to_string(channels) + " channels",
            "cannot be converted to 16 kHz mono", "give sound of 1 to 768 kHz");
    if (rate == sample_rate) return;
    AVChannelLayout mono{};
    av_channel_layout_default(&mono, 1);
    SwrContext* made = nullptr;
    check(swr_alloc_set_opts2(&made, &mono, AV_SAMPLE_FMT_FLT, sample_rate, &mono, AV_SAMPLE_FMT_FLT, rate, 0, nullptr));
    swr_.reset(made);
    check(av_opt_set_int(made, "filter_size", 32, 0));
    check(av_opt_set_int(made, "phase_shift", 10, 0));
    check(av_opt_set_double(made, "cutoff", 0.97, 0));
    check(av_opt_set_int(made, "dither_method", SWR_DITHER_NONE, 0));
    check(swr_init(made));
  }

  /// Appends what `interleaved` (frames x channels) gives to `out`.
  void push(std::span<const float> interleaved, std::vector<float>& out) {
    const auto frames = interleaved.size() / std::size_t(channels_);
    const float* mono = interleaved.data();
    if (channels_ > 1) {
      mean_.resize(frames);
      for (std::size_t i = 0; i < frames; ++i) {
        double sum = 0;
        for (int c = 0; c < channels_; ++c) sum += interleaved[i * std::size_t(channels_) + std::size_t(c)];
        mean_[i] = float(sum / channels_);
      }
      mono = mean_.data();
    }
    if (!swr_) return void(out.insert(out.end(), mono, mono + frames));
    for (std::size_t at = 0; at < frames;) {
      const auto count = std::min<std::size_t>(frames - at, piece);
      convert(mono + at, int(count), out);
      at += count;
    }
  }

  /// Appends the filter's tail: the sound is complete.
  void finish(std::vector<float>& out) {
    if (swr_) convert(nullptr, 0, out);
    swr_.reset();
  }

private:
  static constexpr std::size_t piece = 1 << 16;

  static void check(int code) { media::av::check(code, "sound conversion", "convert the sound to WAV"); }

  void convert(const float* from, int count, std::vector<float>& out) {
    const int room = swr_get_out_samples(swr_.get(), count);
    check(room);
    const auto before = out.size();
    out.resize(before + std::size_t(room));
    std::uint8_t* to[] = {reinterpret_cast<std::uint8_t*>(out.data() + before)};
    const std::uint8_t* in[] = {reinterpret_cast<const std::uint8_t*>(from)};
    const int got = swr_convert(swr_.get(), to, room, from ? in : nullptr, count);
    check(got);
    out.resize(before + std::size_t(got));
  }

  int channels_;
  media::av::converter swr_;
  std::vector<float> mean_;
};

/// Samples of one decoded frame as interleaved floats in [-1, 1].
inline void interleave(const AVFrame& f, std::vector<float>& out) {
  const auto format = AVSampleFormat(f.format);
  const auto channels = std::size_t(f.ch_layout.nb_channels), count = std::size_t(f.nb_samples);
  const bool planar = av_sample_fmt_is_planar(format);
  out.resize(channels * count);
  const auto copy = [&]<class T>(T, double scale, double zero) {
    for (std::size_t c = 0; c < channels; ++c) {
      const T* from = reinterpret_cast<const T*>(f.extended_data[planar ? c : 0]) + (planar ? 0 : c);
      for (std::size_t i = 0; i < count; ++i) {
        const double v = double(from[planar ? i : i * channels]);
        out[i * channels + c] = float((v - zero) * scale);
      }
    }
  };
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8: return copy(std::uint8_t{}, 1.0 / 128, 128);
    case AV_SAMPLE_FMT_S16: return copy(std::int16_t{}, 1.0 / 32768, 0);
    case AV_SAMPLE_FMT_S32: return copy(std::int32_t{}, 1.0 / 2147483648.0, 0);
    case AV_SAMPLE_FMT_S64: return copy(std::int64_t{}, 1.0 / 9223372036854775808.0, 0);
    case AV_SAMPLE_FMT_FLT: return copy(float{}, 1, 0);
    case AV_SAMPLE_FMT_DBL: return copy(double{}, 1, 0);
    default: throw error("sound conversion", "unknown sample format", "convert the sound to WAV");
  }
}

/// A WAV file that ends before the length in its header; writers to pipes put a length near 2^31 or 2^32 there, which says nothing.
inline bool wav_cut_off(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return false;
  std::array<unsigned char, 8> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(head.data()), head.size()) || std::memcmp(head.data(), "RIFF", 4) != 0) return false;
  const auto size = std::uint64_t(head[4]) | std::uint64_t(head[5]) << 8 | std::uint64_t(head[6]) << 16 | std::uint64_t(head[7]) << 24;
  return size < 0x7fff0000 && std::filesystem::file_size(path) + 1 < size + 8;
}

/// Decodes a file's sound in constant memory.
class sound_reader {
public:
  /// The best sound track of a sound or video file. Throws `error` for no such file, no sound track, no decoder.
  explicit sound_reader(const std::filesystem::path& path) : reader_(path, AVMEDIA_TYPE_AUDIO, 1) {
    require(!wav_cut_off(path), reader_.name(), "the file is shorter than its header says", "make or copy the file again");
  }

  /// Appends some more samples, mono at 16 kHz; false at the end. Throws `error` where the file is cut off or its samples are not finite.
  bool next(std::vector<float>& out) {
    const AVFrame* f = reader_.next();
    if (!f) {
      if (resampler_) resampler_->finish(out);
      resampler_.reset();
      check_complete();
      return false;
    }
    const std::pair now(f->sample_rate, f->ch_layout.nb_channels);
    if (!resampler_ || now != kind_) {
      if (resampler_) resampler_->finish(out);
      resampler_.emplace(now.first, now.second);
      kind_ = now;
    }
    if (!start_) start_ = f->best_effort_timestamp == AV_NOPTS_VALUE ? 0 : double(f->best_effort_timestamp - reader_.origin()) * av_q2d(reader_.stream().time_base);
    decoded_ += double(f->nb_samples) / f->sample_rate;
    interleave(*f, interleaved_);
    for (const float x : interleaved_) require(std::isfinite(x), reader_.name(), "its sound holds values that are not numbers", "make the file again");
    resampler_->push(interleaved_, out);
    return true;
  }

  /// When the first sample is heard, in seconds on the file's clock; known after the first next().
  double start() const { return start_.value_or(0); }

private:
  void check_complete() const {
    const bool cut = reader_.promised() - decoded_ > 0.25;
    require(!cut && !(reader_.damaged() && decoded_ == 0), reader_.name(), "its sound breaks off after " + std::to_string(decoded_) + " seconds",
            "make or copy the file again");
  }

  media::av::frame_reader reader_;
  std::optional<resampler> resampler_;
  std::pair<int, int> kind_{};
  std::vector<float> interleaved_;
  std::optional<double> start_;
  double decoded_ = 0;  // seconds
};

/// The whole sound of a file, mono at 16 kHz, in [-1, 1] save for resampling's overshoot. With `from`, sample 0 is at that time, in seconds on
/// the file's clock (as video_info::start): sound before it is left out, silence is put where there is none yet.
/// Throws `error` for no such file, no sound track, no samples, a file that is cut off, or sound of over twelve hours.
inline std::vector<float> read_samples(const std::filesystem::path& path, std::optional<double> from = {}) {
  constexpr std::size_t longest = std::size_t(12) * 3600 * sample_rate;
  sound_reader reader(path);
  std::vector<float> samples;
  while (reader.next(samples))
    require(samples.size() <= longest, path.string(), "over twelve hours of sound", "cut it into pieces");
  require(!samples.empty(), path.string(), "its sound has no samples", "give a sound of some length");
  if (from) {
    const auto shift = std::llround((*from - reader.start()) * sample_rate);
    require(std::abs(shift) <= std::int64_t(longest), path.string(), "sound and pictures lie hours apart", "convert the file with ffmpeg first");
    if (shift < 0) samples.insert(samples.begin(), std::size_t(-shift), 0.f);
    if (shift > 0) samples.erase(samples.begin(), samples.begin() + std::min<std::ptrdiff_t>(shift, std::ptrdiff_t(samples.size())));
  }
  return samples;
}

/// Writes mono samples at 16 kHz as 16-bit PCM WAV, rounded to nearest and clipped; the file appears whole or not at all.
/// Throws `error` when it cannot be written or would pass 4 GB.
inline void write_wav(const std::filesystem::path& path, std::span<const float> samples) {
  require(samples.size() < (std::size_t(1) << 31) - 64, path.string(), "too long for a WAV file", "cut it into pieces");
  const auto bytes = std::uint32_t(samples.size() * 2);
  std::array<std::uint8_t, 44> header{};
  const auto put = [&](std::size_t at, std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) header[at + std::size_t(i)] = std::uint8_t(value >> (8 * i));
  };
  const auto name = [&](std::size_t at, const char* four) { std::copy_n(four, 4, header.begin() + std::ptrdiff_t(at)); };
  name(0, "RIFF"), put(4, 36 + bytes, 4), name(8, "WAVE"), name(12, "fmt "), put(16, 16, 4), put(20, 1, 2), put(22, 1, 2);
  put(24, sample_rate, 4), put(28, sample_rate * 2, 4), put(32, 2, 2), put(34, 16, 2), name(36, "data"), put(40, bytes, 4);
  io::atomic_file file(path);
  file.write(header.data(), header.size());
  std::vector<std::uint8_t> block;
  for (std::size_t at = 0; at < samples.size(); at += 65536) {
    block.clear();
    for (const float x : samples.subspan(at, std::min<std::size_t>(65536, samples.size() - at))) {
      const auto v = std::uint16_t(std::int16_t(std::clamp(std::nearbyint(double(x) * 32768), -32768.0, 32767.0)));
      block.push_back(std::uint8_t(v));
      block.push_back(std::uint8_t(v >> 8));
    }
    file.write(block.data(), block.size());
  }
  file.commit();
}

}  // namespace viseme::audio
