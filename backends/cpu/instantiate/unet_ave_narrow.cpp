#include <backends/cpu/precompiled.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cpu<float>, unet<audio_features::ave, wide>, purpose::inference, backends::cpu_bf16>;
template struct net_program<backends::cpu<float>, unet<audio_features::ave, mobile>, purpose::inference, backends::cpu_bf16>;
template struct net_program<backends::cpu<float>, unet<audio_features::ave, wide>, purpose::inference, backends::cpu_int8>;
template struct net_program<backends::cpu<float>, unet<audio_features::ave, mobile>, purpose::inference, backends::cpu_int8>;

}  // namespace viseme
