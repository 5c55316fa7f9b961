// 8-bit pictures and a sound -> a video file or stream.
#pragma once

extern "C" {
#include <libavutil/imgutils.h>
}

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <vector>

#include <viseme/core/rational.hpp>
#include <viseme/io/atomic_file.hpp>
#include <viseme/media/av.hpp>
#include <viseme/media/coder_settings.hpp>
#include <viseme/media/picture.hpp>
#include <viseme/media/sound_track.hpp>

namespace viseme::media {

struct encoder_options {
  /// Any FFmpeg video encoder, or "gpu": NVIDIA's, where the machine has one and FFmpeg opens it, else libx264. libvpx-vp9 takes the place of
  /// one that the container cannot hold.
  std::string codec = "libx264";
  std::string preset = "medium";   ///< x264's speed against size; or one of the encoder's own
  int crf = 20;                    ///< quality: 0 (exact) .. 51
  rational fps;
  int width = 0, height = 0;       ///< of the pictures that come; odd ones are stored one larger, the edge repeated
  std::optional<std::filesystem::path> sound;  ///< a file whose sound goes along, at its own rate and channels
  std::vector<float> samples;      ///< or a sound of our own, mono at 16 kHz
  int audio_bit_rate = 192000;
  int threads = 1;
};

/// Writes one video. Constant memory: a few pictures, and sound no further than the pictures.
///
/// A file appears under its name only when finish() has succeeded; else nothing is left. A target with "://" or "-" (stdout) is written as it comes.
/// Pictures are stored as BT.709 limited range 4:2:0, picture k at exactly k / fps. The sound is kept in full, whichever of the two is longer.
class encoder {
public:
  /// `target`: a file (mp4, mov, mkv, webm... by extension), an FFmpeg URL, or "-" for Matroska on stdout. Throws `error`.
  encoder(const std::string& target, encoder_options options) : target_(target), options_(std::move(options)) {
    av::keep_log_quiet();
    require(options_.width > 0 && options_.height > 0 && std::max(options_.width, options_.height) <= 16384, what(),
            "pictures of " + std::to_string(options_.width) + "x" + std::to_string(options_.height) + " pixels", "use 1 to 16384 a side");
    require(options_.fps.num > 0 && options_.fps.num <= 1000 * options_.fps.den && options_.fps.den <= 1000000, what(),
            "frame rate " + viseme::text(options_.fps), "use a rate up to 1000 frames a second");
    open_container();
    open_video();
    if (options_.sound)
      sound_ = std::make_unique<sound_track>(*output_, *options_.sound, options_.audio_bit_rate);
    else if (!options_.samples.empty())
      sound_ = std::make_unique<sound_track>(*output_, std::move(options_.samples), options_.audio_bit_rate);
    write_header();
  }
  encoder(const encoder&) = delete;
  encoder& operator=(const encoder&) = delete;
  ~encoder() { close(); }

  /// Appends a picture of the stated size: BGR, or in one channel and 3/2 as many rows planes Y, U and V as they are stored
  /// (viseme::frame_format::i420). Throws `error` when it cannot be encoded or written.
  void write(const cv::Mat& picture) {
    check(av_frame_make_writable(frame_.get()));
    const cv::Size stored(video_->width, video_->height / 2 * 3);
    if (picture.type() == CV_8UC3 && picture.size() == cv::Size(options_.width, options_.height)) convert(picture);
    else if (picture.type() == CV_8UC1 && picture.size() == stored && picture.isContinuous()) copy(picture);
    else throw std::logic_error("encoder: picture of another size or type than stated");
    frame_->pts = frames_++;
    frame_->pict_type = AV_PICTURE_TYPE_NONE;
    encode(frame_.get());
    if (sound_) sound_->write_until(*output_, {frames_ * options_.fps.den, options_.fps.num});
    check_written();
  }

  /// Ends the video and gives the file its name. Throws `error` (no space left...), and then no file is left.
  void finish() {
    encode(nullptr);
    if (sound_) sound_->finish(*output_);
    check(av_write_trailer(output_.get()));
    check_written();
    const int closed = close();
    check(closed);
    if (file_) file_->commit();
  }

  /// FFmpeg's name of the video encoder at work.
  std::string codec() const { return video_->codec->name; }
  /// Pictures written so far.
  std::int64_t frames() const { return frames_; }

private:
  struct release_output {
    void operator()(AVFormatContext* p) const { avformat_free_context(p); }
  };

  std::string what() const { return "cannot write '" + target_ + "'"; }
  void check(int code) const { av::check(code, what(), "free some space, or write elsewhere or in another format"); }
  void check_written() const {
    if (output_->pb) check(std::min(output_->pb->error, 0));
  }

  void open_container() {
    const bool standard_output = target_ == "-" || target_.starts_with("pipe:");
    const bool url = target_.find("://") != std::string::npos;
    const char* format = standard_output ? "matroska" : target_.starts_with("rtmp") ? "flv" : target_.starts_with("srt:") || target_.starts_with("udp:") ? "mpegts" : nullptr;
    std::string place = target_ == "-" ? "pipe:1" : target_;
    require(format || av_guess_format(nullptr, target_.c_str(), nullptr), what(), "unknown kind of file", "end its name with .mp4, .mkv, .mov or .webm");
    if (!standard_output && !url) {
      file_.emplace(target_);
      place = "file:" + file_->temporary().string();
    }
    AVFormatContext* output = nullptr;
    check(avformat_alloc_output_context2(&output, nullptr, format, place.c_str()));
    output_.reset(output);
    output_->flags |= AVFMT_FLAG_BITEXACT;
    if (!file_) output_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    place_ = place;
  }

  void open_video() {
    const auto& muxer = *output_->oformat;
    const bool gpu = options_.codec == "gpu";
    const AVCodec* coder = gpu ? avcodec_find_encoder_by_name("h264_nvenc") : nullptr;
    if (!coder || avformat_query_codec(&muxer, coder->id, FF_COMPLIANCE_NORMAL) == 0 || open_coder(*coder) < 0) {
      const std::string name = gpu ? "libx264" : options_.codec;
      coder = avcodec_find_encoder_by_name(name.c_str());
      require(coder && coder->type == AVMEDIA_TYPE_VIDEO, what(), "no encoder '" + name + "'", "use libx264 or another encoder of `ffmpeg -encoders`");
      if (avformat_query_codec(&muxer, coder->id, FF_COMPLIANCE_NORMAL) == 0) coder = avcodec_find_encoder(muxer.video_codec);
      require(coder, what(), "this kind of file holds no video", "end its name with .mp4, .mkv, .mov or .webm");
      av::check(open_coder(*coder), what(), "check encoder '" + std::string(coder->name) + "', preset and quality");
    }
    stream_ = av::made(avformat_new_stream(output_.get(), nullptr));
    stream_->time_base = video_->time_base;
    stream_->avg_frame_rate = video_->framerate;
    check(avcodec_parameters_from_context(stream_->codecpar, video_.get()));

    frame_.reset(av::made(av_frame_alloc()));
    frame_->width = video_->width;
    frame_->height = video_->height;
    frame_->format = video_->pix_fmt;
    frame_->colorspace = video_->colorspace;
    frame_->color_range = video_->color_range;
    check(av_frame_get_buffer(frame_.get(), 0));
    packet_.reset(av::made(av_packet_alloc()));
    scaler_ = av::open_i420_scaler(video_->width, video_->height);
  }

  /// libav's code: negative where the encoder does not open.
  int open_coder(const AVCodec& coder) {
    video_.reset(av::made(avcodec_alloc_context3(&coder)));
    video_->width = options_.width + options_.width % 2;
    video_->height = options_.height + options_.height % 2;
    video_->pix_fmt = AV_PIX_FMT_YUV420P;
    video_->time_base = {int(options_.fps.den), int(options_.fps.num)};
    video_->framerate = {int(options_.fps.num), int(options_.fps.den)};
    video_->colorspace = AVCOL_SPC_BT709;
    video_->color_primaries = AVCOL_PRI_BT709;
    video_->color_trc = AVCOL_TRC_BT709;
    video_->color_range = AVCOL_RANGE_MPEG;
    video_->chroma_sample_location = AVCHROMA_LOC_LEFT;
    video_->thread_count = options_.threads;
    if (output_->oformat->flags & AVFMT_GLOBALHEADER) video_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av::dictionary settings;
    set_speed_and_quality(settings, coder, options_.preset, options_.crf);
    return avcodec_open2(video_.get(), &coder, settings.get());
  }

  void write_header() {
    if (!(output_->oformat->flags & AVFMT_NOFILE)) av::check(avio_open(&output_->pb, place_.c_str(), AVIO_FLAG_WRITE), what(), "check the address or folder");
    av::dictionary settings;
    if (file_) settings.set("movflags", "+faststart");
    check(avformat_write_header(output_.get(), settings.get()));
  }

  void copy(const cv::Mat& i420) {
    const std::uint8_t* planes[4] = {};
    int strides[4] = {};
    const auto format = video_->pix_fmt;
    check(av_image_fill_arrays(const_cast<std::uint8_t**>(planes), strides, i420.data, format, video_->width, video_->height, 1));
    av_image_copy(frame_->data, frame_->linesize, planes, strides, format, video_->width, video_->height);
  }

  void convert(const cv::Mat& bgr) {
    const bool odd = video_->width != bgr.cols || video_->height != bgr.rows;
    if (odd) cv::copyMakeBorder(bgr, padded_, 0, video_->height - bgr.rows, 0, video_->width - bgr.cols, cv::BORDER_REPLICATE);
    const cv::Mat& from = odd ? padded_ : bgr;
    const std::uint8_t* const planes[4] = {from.data};
    const int strides[4] = {int(from.step)};
    check(sws_scale(scaler_.get(), planes, strides, 0, from.rows, frame_->data, frame_->linesize));
  }

  void encode(const AVFrame* frame) {
    check(avcodec_send_frame(video_.get(), frame));
    for (;;) {
      const int got = avcodec_receive_packet(video_.get(), packet_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      check(got);
      if (packet_->duration == 0) packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), video_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      check(av_interleaved_write_frame(output_.get(), packet_.get()));
    }
  }

  int close() { return output_ && output_->pb && !(output_->oformat->flags & AVFMT_NOFILE) ? avio_closep(&output_->pb) : 0; }

  std::string target_, place_;
  encoder_options options_;
  std::optional<io::atomic_file> file_;
  std::unique_ptr<AVFormatContext, release_output> output_;
  av::codec video_;
  AVStream* stream_ = nullptr;
  av::frame frame_;
  av::packet packet_;
  av::scaler scaler_;
  std::unique_ptr<sound_track> sound_;
  cv::Mat padded_;
  std::int64_t frames_ = 0;
};

}  // namespace viseme::media
