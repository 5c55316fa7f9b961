// One file: all but the sound branches is the same.
#include <backends/cudnn/cudnn.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cudnn<float>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cudnn<float>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::cudnn<float>, unet<audio_features::hubert, wide>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::hubert, wide>, purpose::training>;
template struct net_program<backends::cudnn<float>, unet<audio_features::hubert, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::hubert, mobile>, purpose::training>;
template struct net_program<backends::cudnn<float>, unet<audio_features::wenet, wide>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::wenet, wide>, purpose::training>;
template struct net_program<backends::cudnn<float>, unet<audio_features::wenet, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<float>, unet<audio_features::wenet, mobile>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::hubert, wide>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::hubert, wide>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::hubert, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::hubert, mobile>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::wenet, wide>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::wenet, wide>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::wenet, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, unet<audio_features::wenet, mobile>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::ave, wide>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::ave, wide>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::ave, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::ave, mobile>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::hubert, wide>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::hubert, wide>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::hubert, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::hubert, mobile>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::wenet, wide>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::wenet, wide>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::wenet, mobile>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, unet<audio_features::wenet, mobile>, purpose::training>;

}  // namespace viseme
