// Names of layers and blocks as cases: "layer/pointwise_batch_norm_relu/64x128/320x320", "block/inverted_residual/64-128-64/160x160/s1".
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <viseme/run/layers.hpp>

namespace viseme::bench {

namespace detail {

inline std::string by(size2 s) { return s.h == s.w ? std::to_string(s.h) : std::to_string(s.h) + "x" + std::to_string(s.w); }

inline std::string kind_of(const layer_part& p) {
  if (p.kind != "conv2d") return p.kind;
  return "conv" + std::to_string(p.convolution->kernel.h) + "x" + std::to_string(p.convolution->kernel.w);
}

/// "/s2p3" where the stride is not 1 or the padding does not keep the size.
inline std::string steps_of(const conv& c) {
  std::string text;
  if (c.stride != size2{1, 1}) text += "s" + by(c.stride);
  if (c.pad != size2{c.kernel.h / 2, c.kernel.w / 2}) text += "p" + by(c.pad);
  return text.empty() ? "" : "/" + text;
}

/// "pointwise batch_norm relu ..." with spaces, to be compared with.
inline std::string kinds(const layer_info& l) {
  std::string text;
  for (const auto& p : l.parts) text += (text.empty() ? "" : " ") + p.kind;
  return text;
}

inline std::string block_kind(const layer_info& l) {
  const std::string plain = "pointwise batch_norm relu depthwise3x3 batch_norm relu pointwise batch_norm";
  const auto all = kinds(l);
  return all == plain                          ? "inverted_residual"
         : all == plain + " add"               ? "inverted_residual_add"
         : all == "upsample2x concat " + plain ? "up_inverted_residual"
                                               : "";
}

}  // namespace detail

inline bool is_block(const layer_info& l) { return !detail::block_kind(l).empty(); }

/// Height and width are those of the largest input.
inline std::string layer_name(const layer_info& l) {
  size2 image;
  std::string channels;
  for (const auto& in : l.inputs) {
    if (in.h * in.w > image.h * image.w) image = {in.h, in.w};
    channels += (channels.empty() ? "" : "-") + std::to_string(in.c);
  }
  const auto size = "/" + std::to_string(image.h) + "x" + std::to_string(image.w);
  std::vector<conv> convolutions;
  for (const auto& p : l.parts)
    if (p.convolution) convolutions.push_back(*p.convolution);
  if (is_block(l))
    return "block/" + detail::block_kind(l) + "/" + std::to_string(convolutions[0].in) + "-" + std::to_string(convolutions[0].out) + "-" +
           std::to_string(convolutions[2].out) + size + "/s" + detail::by(convolutions[1].stride);
  std::string name = "layer/";
  for (std::size_t i = 0; i < l.parts.size(); ++i) name += (i ? "_" : "") + detail::kind_of(l.parts[i]);
  if (convolutions.empty()) return name + "/" + channels + size;
  const auto& c = convolutions[0];
  return name + "/" + std::to_string(c.in) + "x" + std::to_string(c.out) + size + detail::steps_of(c);
}

}  // namespace viseme::bench
