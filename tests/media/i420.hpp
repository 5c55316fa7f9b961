// Frames as the encoder converts them.
#pragma once

#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

#include <viseme/media/picture.hpp>

namespace viseme::tests {

/// Planes Y, U and V of an 8-bit BGR frame by swscale, which wants rows that it may write beyond their end.
inline std::vector<std::uint8_t> i420_of(const cv::Mat& frame) {
  const int width = frame.cols + frame.cols % 2, height = frame.rows + frame.rows % 2;
  cv::Mat even;
  cv::copyMakeBorder(frame, even, 0, height - frame.rows, 0, width - frame.cols, cv::BORDER_REPLICATE);
  const media::av::frame yuv(media::av::made(av_frame_alloc()));
  yuv->width = width;
  yuv->height = height;
  yuv->format = AV_PIX_FMT_YUV420P;
  media::av::check(av_frame_get_buffer(yuv.get(), 0), "test frame", "free some memory");
  const std::uint8_t* const from[4] = {even.data};
  const int strides[4] = {int(even.step)};
  sws_scale(media::av::open_i420_scaler(width, height).get(), from, strides, 0, height, yuv->data, yuv->linesize);
  std::vector<std::uint8_t> planes;
  for (int p = 0; p < 3; ++p)
    for (int y = 0; y < (p ? height / 2 : height); ++y) {
      const auto* row = yuv->data[p] + std::ptrdiff_t(y) * yuv->linesize[p];
      planes.insert(planes.end(), row, row + (p ? width / 2 : width));
    }
  return planes;
}

}  // namespace viseme::tests
