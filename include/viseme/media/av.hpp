// Owners for libav's objects, and its error numbers as exceptions.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/hwcontext.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include <viseme/core/error.hpp>

namespace viseme::media::av {

struct release {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
  void operator()(SwrContext* p) const { swr_free(&p); }
};

using input = std::unique_ptr<AVFormatContext, release>;
using codec = std::unique_ptr<AVCodecContext, release>;
using frame = std::unique_ptr<AVFrame, release>;
using packet = std::unique_ptr<AVPacket, release>;
using scaler = std::unique_ptr<SwsContext, release>;
using converter = std::unique_ptr<SwrContext, release>;

/// Name-value pairs for libav's open functions.
class dictionary {
public:
  dictionary() = default;
  dictionary(const dictionary&) = delete;
  dictionary& operator=(const dictionary&) = delete;
  ~dictionary() { av_dict_free(&pairs_); }
  void set(const char* name, const std::string& value) { av_dict_set(&pairs_, name, value.c_str(), 0); }
  AVDictionary** get() { return &pairs_; }

private:
  AVDictionary* pairs_ = nullptr;
};

inline std::string text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> s{};
  if (code < 0 && code > -4096) return std::generic_category().message(-code);
  return av_strerror(code, s.data(), s.size()) == 0 ? s.data() : "error " + std::to_string(code);
}

/// Passes a libav result on, or throws `error(what, the error's text, remedy)` where it is negative.
inline int check(int code, const std::string& what, const std::string& remedy) {
  if (code < 0) throw error(what, text(code), remedy);
  return code;
}

/// A libav object that was allocated, or std::bad_alloc.
template <class T>
T* made(T* p) {
  if (!p) throw std::bad_alloc();
  return p;
}

/// libav writes its log to stderr by default: off, unless the program chose a level itself.
inline void keep_log_quiet() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (av_log_get_level() == AV_LOG_INFO) av_log_set_level(AV_LOG_QUIET);
  });
}

/// Opens a local media file. Playlists, which could name other files and hosts, are refused.
/// Throws `error` for a file that is missing, unreadable, or no media file.
inline input open_input(const std::filesystem::path& path) {
  keep_log_quiet();
  const auto name = path.string();
  std::error_code ignored;
  require(std::filesystem::exists(path, ignored), name, "no such file", "check the path");
  require(!std::filesystem::is_directory(path, ignored), name, "is a folder", "give a media file");
  require(!std::filesystem::is_regular_file(path, ignored) || std::filesystem::file_size(path, ignored) > 0, name, "the file is empty",
          "make or copy it again");
  dictionary options;
  options.set("protocol_whitelist", "file");
  AVFormatContext* context = nullptr;
  check(avformat_open_input(&context, ("file:" + name).c_str(), nullptr, options.get()), name, "give a video or sound file that FFmpeg can read");
  input file(context);
  const std::string_view format = context->iformat->name;
  for (const auto playlist : {"hls", "concat", "dash", "sdp", "imf", "tty"})
    require(format != playlist, name, "a list or text, not a media file", "give the media file itself");
  check(avformat_find_stream_info(context, nullptr), name, "give a complete video or sound file");
  return file;
}

/// `gpu`: by NVIDIA's decoder, where the machine has one and it takes the stream, else on the CPU all the same.
enum class decoding { cpu, gpu };

/// Opens the decoder of one stream; timestamps are in the stream's time base. Frames of a GPU's are in its memory.
inline codec open_decoder(const AVStream& stream, int threads, const std::string& name, decoding where) {
  const AVCodec* found = avcodec_find_decoder(stream.codecpar->codec_id);
  require(found, name, std::string("no decoder for ") + avcodec_get_name(stream.codecpar->codec_id), "convert the file to H.264 or WAV");
  codec context(made(avcodec_alloc_context3(found)));
  check(avcodec_parameters_to_context(context.get(), stream.codecpar), name, "make or copy the file again");
  context->pkt_timebase = stream.time_base;
  context->thread_count = threads;
  // Left empty where there is none; libav then, and for streams that the device does not take, decodes by itself.
  if (where == decoding::gpu) av_hwdevice_ctx_create(&context->hw_device_ctx, AV_HWDEVICE_TYPE_CUDA, nullptr, nullptr, 0);
  check(avcodec_open2(context.get(), found, nullptr), name, "make or copy the file again");
  return context;
}

/// Pulls the frames of one stream of a file, in order of presentation, into the host's memory.
class frame_reader {
public:
  /// First (or libav's preferred) stream of `type`. Throws `error` where the file has none.
  frame_reader(const std::filesystem::path& path, AVMediaType type, int threads, decoding where = decoding::cpu)
      : name_(path.string()), file_(open_input(path)) {
    const int index = av_find_best_stream(file_.get(), type, -1, -1, nullptr, 0);
    require(index >= 0, name_, std::string("has no ") + (type == AVMEDIA_TYPE_VIDEO ? "video" : "sound") + " track",
            std::string("give a file with ") + (type == AVMEDIA_TYPE_VIDEO ? "pictures" : "sound"));
    stream_ = file_->streams[index];
    for (unsigned i = 0; i < file_->nb_streams; ++i)
      if (int(i) != index) file_->streams[i]->discard = AVDISCARD_ALL;
    decoder_ = open_decoder(*stream_, threads, name_, where);
    frame_.reset(made(av_frame_alloc()));
    downloaded_.reset(made(av_frame_alloc()));
    packet_.reset(made(av_packet_alloc()));
  }

  const std::string& name() const { return name_; }
  AVFormatContext& file() const { return *file_; }
  AVStream& stream() const { return *stream_; }
  const AVCodecContext& decoder() const { return *decoder_; }

  /// A packet was unreadable or the file broke off: what follows it is lost or damaged.
  bool damaged() const { return damaged_; }

  /// When the file's clock starts, in the stream's time base: at its earliest track.
  std::int64_t origin() const {
    return file_->start_time == AV_NOPTS_VALUE ? 0 : av_rescale_q(file_->start_time, {1, AV_TIME_BASE}, stream_->time_base);
  }

  /// Length that the header promises for this track, in seconds; 0 where it says nothing or the length was only estimated.
  double promised() const {
    if (file_->duration_estimation_method != AVFMT_DURATION_FROM_STREAM) return 0;
    if (stream_->duration > 0) return double(stream_->duration) * av_q2d(stream_->time_base);
    return file_->nb_streams == 1 && file_->duration > 0 ? double(file_->duration) / AV_TIME_BASE : 0;
  }

  /// The next frame, valid until the next call; null at the end.
  AVFrame* next() {
    for (;;) {
      const int got = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (got == 0) return frame_->hw_frames_ctx ? downloaded() : frame_.get();
      if (got == AVERROR_EOF) return nullptr;
      if (got != AVERROR(EAGAIN)) damaged_ = true;
      if (ended_ && got != AVERROR(EAGAIN)) continue;
      feed();
    }
  }

private:
  AVFrame* downloaded() {
    av_frame_unref(downloaded_.get());
    check(av_hwframe_transfer_data(downloaded_.get(), frame_.get(), 0), name_, "decode on the CPU");
    check(av_frame_copy_props(downloaded_.get(), frame_.get()), name_, "decode on the CPU");
    return downloaded_.get();
  }

  void feed() {
    const int read = av_read_frame(file_.get(), packet_.get());
    if (read < 0) {
      if (read != AVERROR_EOF || (file_->pb && file_->pb->error < 0 && file_->pb->error != AVERROR_EOF)) damaged_ = true;
      ended_ = true;
      avcodec_send_packet(decoder_.get(), nullptr);
      return;
    }
    if (packet_->stream_index == stream_->index) {
      if (packet_->flags & AV_PKT_FLAG_CORRUPT) damaged_ = true;
      if (avcodec_send_packet(decoder_.get(), packet_.get()) < 0) damaged_ = true;
    }
    av_packet_unref(packet_.get());
  }

  std::string name_;
  input file_;
  AVStream* stream_ = nullptr;
  codec decoder_;
  frame frame_, downloaded_;
  packet packet_;
  bool ended_ = false, damaged_ = false;
};

}  // namespace viseme::media::av
