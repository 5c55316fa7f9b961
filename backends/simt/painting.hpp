// Faces between frames and a net's values.
#pragma once

#include <backends/simt/backend.hpp>
#include <kernels/simt/frames.hpp>
#include <viseme/run/net_painter.hpp>

namespace viseme {

template <class P, class T>
struct op<painting, backends::simt_backend<P, T>> {
  using context = typename P::context;

  using place = simt::face_place;

  static place place_of(device_frame f, pixel_square s) { return {kernel_frame(f), s}; }
  static void cut(context& c, device_frame f, const place* p, view<T> image, std::uint8_t* crop) {
    run(c, simt::cut_face<T>{kernel_frame(f), p, backends::simt_pixels(image), crop});
  }
  static void fade(context& c, device_frame f, const place* p, view<const T> output) {
    run(c, simt::fade_face<T>{{kernel_frame(f), p, backends::simt_pixels(output)}});
  }
  static void paste(context& c, device_frame f, const place* p, view<const T> output, const std::uint8_t* crop) {
    run(c, simt::paste_face<T>{{kernel_frame(f), p, backends::simt_pixels(output)}, crop});
  }
  static void to_i420(context& c, device_frame f, std::uint8_t* planes) { run(c, simt::to_i420{kernel_frame(f), planes}); }

private:
  static simt::bgr_frame kernel_frame(device_frame f) { return {f.data, f.width, f.height}; }
  template <class Kernel>
  static void run(context& c, const Kernel& k) {
    launch(c, k.blocks(), k);
  }
};

}  // namespace viseme
