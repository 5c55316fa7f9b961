// The nets that are emulated: one of each architecture, the wide UNet in float only. The others differ in a layer or two, and would cost minutes of
// compiling.
#pragma once

#include <backends/emulated/backend.hpp>
#include <backends/net_device.hpp>

namespace viseme {

template <class T>
inline constexpr bool has_net<backends::emulated<T>, unet<audio_features::ave, wide>> = std::is_same_v<T, float>;
template <class T, class Width>
inline constexpr bool has_net<backends::emulated<T>, unet<audio_features::hubert, Width>> = false;
template <class T, class Width>
inline constexpr bool has_net<backends::emulated<T>, unet<audio_features::wenet, Width>> = false;
template <class T>
inline constexpr bool has_net<backends::emulated<T>, syncnet<audio_features::hubert>> = false;
template <class T>
inline constexpr bool has_net<backends::emulated<T>, syncnet<audio_features::wenet>> = false;

}  // namespace viseme
