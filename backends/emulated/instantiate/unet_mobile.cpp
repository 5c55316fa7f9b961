#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::emulated<float>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::emulated<float>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::emulated<bf16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::emulated<bf16>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::emulated<fp16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::emulated<fp16>, unet<audio_features::ave, mobile>, purpose::training>;

}  // namespace viseme
