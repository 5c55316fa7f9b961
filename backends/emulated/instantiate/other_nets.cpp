#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::emulated<float>, audio_encoder, purpose::inference>;
template struct net_program<backends::emulated<float>, pfld<folded>, purpose::inference>;
template struct net_program<backends::emulated<float>, vgg19, purpose::inference>;
template struct net_program<backends::emulated<float>, vgg19, purpose::training>;
template struct net_program<backends::emulated<bf16>, audio_encoder, purpose::inference>;
template struct net_program<backends::emulated<bf16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::emulated<bf16>, vgg19, purpose::inference>;
template struct net_program<backends::emulated<bf16>, vgg19, purpose::training>;
template struct net_program<backends::emulated<fp16>, audio_encoder, purpose::inference>;
template struct net_program<backends::emulated<fp16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::emulated<fp16>, vgg19, purpose::inference>;
template struct net_program<backends::emulated<fp16>, vgg19, purpose::training>;

template struct net_program<backends::emulated<float>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::emulated<float>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::emulated<bf16>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::emulated<bf16>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::emulated<fp16>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::emulated<fp16>, syncnet<audio_features::ave>, purpose::training>;

}  // namespace viseme
