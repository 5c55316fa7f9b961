// Decoded frames of any pixel format -> upright 8-bit BGR, with the stream's own colour matrix, range and chroma position.
#pragma once

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <cstdlib>
#include <opencv2/core.hpp>
#include <string>

#include <viseme/media/av.hpp>

namespace viseme::media::av {

/// How a stored picture is turned upright: first mirrored along its diagonal, then left-right, then top-bottom.
struct orientation {
  bool transpose = false, flip_x = false, flip_y = false;

  /// From a container's display matrix; only its quarter turns and mirrors count.
  static orientation from_matrix(const std::int32_t* m) {
    if (std::llabs(m[0]) >= std::llabs(m[1])) return {false, m[0] < 0, m[4] < 0};
    return {true, m[3] < 0, m[1] < 0};
  }
  /// Clockwise degrees, where it is no mirror image.
  int degrees() const { return transpose ? (flip_x ? 90 : 270) : (flip_x && flip_y ? 180 : 0); }

  void apply(const cv::Mat& stored, cv::Mat& upright) const {
    if (transpose) cv::transpose(stored, upright);
    const cv::Mat& from = transpose ? upright : stored;
    if (flip_x || flip_y) {
      cv::flip(from, upright, flip_x && flip_y ? -1 : flip_x ? 1 : 0);
    } else if (!transpose) {
      stored.copyTo(upright);
    }
  }
  bool none() const { return !transpose && !flip_x && !flip_y; }
};

/// The matrix of a frame that names none: BT.709 from 720 lines or 1280 columns on, BT.601 below, as players take it.
inline int colour_matrix(const AVFrame& f) {
  switch (f.colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
    default: return f.width >= 1280 || f.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
  }
}

/// A scaler for pictures of one size: rounding exact, colour at full resolution. Parameters follow swscale's option names.
inline scaler open_scaler(int width, int height, AVPixelFormat from, int to_width, int to_height, AVPixelFormat to, int flags,
                          std::initializer_list<std::pair<const char*, int>> positions) {
  scaler s(made(sws_alloc_context()));
  const std::pair<const char*, int> basics[] = {{"srcw", width}, {"srch", height}, {"src_format", from}, {"dstw", to_width},
                                                {"dsth", to_height}, {"dst_format", to}, {"sws_flags", flags}};
  for (const auto& [name, value] : basics) check(av_opt_set_int(s.get(), name, value, 0), "picture conversion", "convert the file to yuv420p");
  for (const auto& [name, value] : positions) av_opt_set_int(s.get(), name, value, 0);
  return s;
}

/// From 8-bit BGR to planes Y, U, V of BT.709 in limited range, chroma at half size and left. Sides are even.
inline scaler open_i420_scaler(int width, int height) {
  scaler s = open_scaler(width, height, AV_PIX_FMT_BGR24, width, height, AV_PIX_FMT_YUV420P,
                         SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, {{"dst_h_chr_pos", 0}});
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  sws_setColorspaceDetails(s.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
  check(sws_init_context(s.get(), nullptr, nullptr), "picture conversion", "use pictures of another size");
  return s;
}

/// Converts frames to BGR of a fixed size; keeps the scaler while the frames stay alike.
class bgr_converter {
public:
  /// `stored`: the size of the pictures before they are turned upright.
  void convert(const AVFrame& f, cv::Size stored, const orientation& turn, cv::Mat& bgr) {
    prepare(f, stored);
    cv::Mat& target = turn.none() ? bgr : scratch_;
    target.create(stored, CV_8UC3);
    std::uint8_t* const planes[4] = {target.data};
    const int strides[4] = {int(target.step)};
    check(sws_scale(scaler_.get(), f.data, f.linesize, 0, f.height, planes, strides), "picture conversion", "convert the file to yuv420p");
    if (!turn.none()) turn.apply(scratch_, bgr);
  }

private:
  struct kind {
    int width = 0, height = 0, format = -1, matrix = 0, full = 0, chroma = 0;
    bool operator==(const kind&) const = default;
  };

  void prepare(const AVFrame& f, cv::Size stored) {
    const auto* format = av_pix_fmt_desc_get(AVPixelFormat(f.format));
    const bool known = format && sws_isSupportedInput(AVPixelFormat(f.format));
    if (!known) throw error("picture conversion", std::string("pixel format ") + (format ? format->name : "unknown"), "convert the file to yuv420p");
    const bool jpeg = std::string_view(format->name).starts_with("yuvj");
    const kind now{f.width, f.height, f.format, colour_matrix(f), jpeg || f.color_range == AVCOL_RANGE_JPEG, f.chroma_location};
    if (scaler_ && now == kind_) return;
    const bool centred = f.chroma_location == AVCHROMA_LOC_CENTER || (jpeg && f.chroma_location == AVCHROMA_LOC_UNSPECIFIED);
    const int x = format->log2_chroma_w && !centred ? 0 : -513;
    scaler_ = open_scaler(f.width, f.height, AVPixelFormat(f.format), stored.width, stored.height, AV_PIX_FMT_BGR24,
                          SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, {{"src_h_chr_pos", x}});
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(now.matrix), now.full, sws_getCoefficients(SWS_CS_ITU709), 1, 0, 1 << 16, 1 << 16);
    check(sws_init_context(scaler_.get(), nullptr, nullptr), "picture conversion", "convert the file to yuv420p");
    kind_ = now;
  }

  scaler scaler_;
  kind kind_;
  cv::Mat scratch_;
};

}  // namespace viseme::media::av
