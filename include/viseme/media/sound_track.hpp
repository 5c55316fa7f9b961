// The sound of a video being written: a file's, at its own rate and channels, or samples of our own.
#pragma once

extern "C" {
#include <libavutil/audio_fifo.h>
}

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include <viseme/core/rational.hpp>
#include <viseme/media/av.hpp>

namespace viseme::media {

/// Encodes sound beside the pictures: AAC where the container holds it, else the container's own choice (Opus in WebM).
class sound_track {
public:
  /// Adds a stream to `output` for the sound of `path`. Throws `error` where it has none.
  sound_track(AVFormatContext& output, const std::filesystem::path& path, int bit_rate)
      : reader_(std::make_unique<av::frame_reader>(path, AVMEDIA_TYPE_AUDIO, 1)) {
    const auto& from = reader_->decoder();
    open(output, from.sample_rate, from.ch_layout.nb_channels, bit_rate);
  }

  /// Adds a stream for mono samples at 16 kHz.
  sound_track(AVFormatContext& output, std::vector<float> samples, int bit_rate) : samples_(std::move(samples)) { open(output, 16000, 1, bit_rate); }

  /// Encodes on until the sound reaches `time` seconds or its end.
  void write_until(AVFormatContext& output, rational time) {
    while (!ended_ && av_compare_ts(encoded_, coder_->time_base, time.num, {1, int(time.den)}) < 0) step(output);
  }

  /// Encodes all that is left.
  void finish(AVFormatContext& output) {
    while (!ended_) step(output);
  }

private:
  struct release_fifo {
    void operator()(AVAudioFifo* p) const { av_audio_fifo_free(p); }
  };

  void open(AVFormatContext& output, int rate, int channels, int bit_rate) {
    const bool aac = avformat_query_codec(output.oformat, AV_CODEC_ID_AAC, FF_COMPLIANCE_NORMAL) != 0;
    const AVCodec* coder = avcodec_find_encoder(aac ? AV_CODEC_ID_AAC : output.oformat->audio_codec);
    require(coder, "sound track", "this kind of file holds no sound", "end its name with .mp4, .mkv, .mov or .webm");
    coder_.reset(av::made(avcodec_alloc_context3(coder)));
    coder_->sample_fmt = coder->sample_fmts ? coder->sample_fmts[0] : AV_SAMPLE_FMT_FLTP;
    coder_->sample_rate = nearest_rate(*coder, rate);
    coder_->time_base = {1, coder_->sample_rate};
    coder_->bit_rate = std::min<std::int64_t>(bit_rate, std::int64_t(coder_->sample_rate) * 6 * std::min(channels, 2));
    av_channel_layout_default(&coder_->ch_layout, channels <= 8 && channels != 7 ? channels : 2);
    if (output.oformat->flags & AVFMT_GLOBALHEADER) coder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    check(avcodec_open2(coder_.get(), coder, nullptr));
    stream_ = av::made(avformat_new_stream(&output, nullptr));
    stream_->time_base = coder_->time_base;
    check(avcodec_parameters_from_context(stream_->codecpar, coder_.get()));
    waiting_.reset(av::made(av_audio_fifo_alloc(coder_->sample_fmt, coder_->ch_layout.nb_channels, 4096)));
    frame_.reset(av::made(av_frame_alloc()));
    packet_.reset(av::made(av_packet_alloc()));
  }

  static int nearest_rate(const AVCodec& coder, int rate) {
    if (!coder.supported_samplerates) return rate;
    int best = coder.supported_samplerates[0];
    for (const int* r = coder.supported_samplerates; *r; ++r) {
      const bool closer = best < rate ? *r > best : *r >= rate && *r < best;
      if (closer) best = *r;
    }
    return best;
  }

  static void check(int code) { av::check(code, "sound track", "give another sound file, or free some space"); }

  void step(AVFormatContext& output) {
    const int wanted = coder_->frame_size > 0 ? coder_->frame_size : 1024;
    while (!drained_ && av_audio_fifo_size(waiting_.get()) < wanted) read();
    const int count = std::min(wanted, av_audio_fifo_size(waiting_.get()));
    if (count == 0) {
      ended_ = true;
      return encode(output, nullptr);
    }
    av_frame_unref(frame_.get());
    frame_->nb_samples = count;
    frame_->format = coder_->sample_fmt;
    frame_->sample_rate = coder_->sample_rate;
    check(av_channel_layout_copy(&frame_->ch_layout, &coder_->ch_layout));
    check(av_frame_get_buffer(frame_.get(), 0));
    check(av_audio_fifo_read(waiting_.get(), reinterpret_cast<void**>(frame_->data), count));
    frame_->pts = encoded_;
    encoded_ += count;
    encode(output, frame_.get());
  }

  /// Puts more decoded sound into the queue, converted to what the encoder takes.
  void read() {
    if (!reader_) {
      const int count = int(std::min<std::size_t>(4096, samples_.size() - at_));
      const std::uint8_t* const from[] = {reinterpret_cast<const std::uint8_t*>(samples_.data() + at_)};
      if (!converter_) {
        AVChannelLayout mono{};
        av_channel_layout_default(&mono, 1);
        open_converter(mono, AV_SAMPLE_FMT_FLT, 16000);
      }
      at_ += std::size_t(count);
      convert(count ? from : nullptr, count);
      drained_ = count == 0;
      return;
    }
    const AVFrame* f = reader_->next();
    if (f && (!converter_ || f->sample_rate != rate_ || f->format != format_ || f->ch_layout.nb_channels != channels_)) {
      if (converter_) convert(nullptr, 0);
      AVChannelLayout layout = f->ch_layout;
      if (layout.order == AV_CHANNEL_ORDER_UNSPEC) av_channel_layout_default(&layout, f->ch_layout.nb_channels);
      open_converter(layout, AVSampleFormat(f->format), f->sample_rate);
      rate_ = f->sample_rate, format_ = f->format, channels_ = f->ch_layout.nb_channels;
    }
    if (converter_) convert(f ? f->extended_data : nullptr, f ? f->nb_samples : 0);
    drained_ = f == nullptr;
  }

  void open_converter(AVChannelLayout& layout, AVSampleFormat format, int rate) {
    SwrContext* made = nullptr;
    check(swr_alloc_set_opts2(&made, &coder_->ch_layout, coder_->sample_fmt, coder_->sample_rate, &layout, format, rate, 0, nullptr));
    converter_.reset(made);
    check(swr_init(made));
  }

  void convert(const std::uint8_t* const* from, int count) {
    const int room = swr_get_out_samples(converter_.get(), count);
    check(room);
    if (room == 0) return;
    av::frame to(av::made(av_frame_alloc()));
    to->nb_samples = room;
    to->format = coder_->sample_fmt;
    check(av_channel_layout_copy(&to->ch_layout, &coder_->ch_layout));
    check(av_frame_get_buffer(to.get(), 0));
    const int got = swr_convert(converter_.get(), to->extended_data, room, const_cast<const std::uint8_t**>(from), count);
    check(got);
    check(av_audio_fifo_write(waiting_.get(), reinterpret_cast<void**>(to->extended_data), got));
  }

  void encode(AVFormatContext& output, const AVFrame* frame) {
    check(avcodec_send_frame(coder_.get(), frame));
    for (;;) {
      const int got = avcodec_receive_packet(coder_.get(), packet_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      check(got);
      av_packet_rescale_ts(packet_.get(), coder_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      check(av_interleaved_write_frame(&output, packet_.get()));
    }
  }

  std::unique_ptr<av::frame_reader> reader_;
  std::vector<float> samples_;
  std::size_t at_ = 0;
  av::converter converter_;
  int rate_ = 0, format_ = -1, channels_ = 0;
  std::unique_ptr<AVAudioFifo, release_fifo> waiting_;
  av::codec coder_;
  AVStream* stream_ = nullptr;
  av::frame frame_;
  av::packet packet_;
  std::int64_t encoded_ = 0;  // samples
  bool drained_ = false, ended_ = false;
};

}  // namespace viseme::media
