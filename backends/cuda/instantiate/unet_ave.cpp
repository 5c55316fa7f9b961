#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cuda<float>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cuda<float>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cuda<bf16>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cuda<bf16>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cuda<fp16>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cuda<fp16>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cuda<float>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cuda<float>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::cuda<bf16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cuda<bf16>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::cuda<fp16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cuda<fp16>, unet<audio_features::ave, mobile>, purpose::training>;

}  // namespace viseme
