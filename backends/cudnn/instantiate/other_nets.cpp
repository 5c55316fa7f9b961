#include <backends/cudnn/cudnn.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cudnn<float>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::cudnn<float>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::cudnn<float>, syncnet<audio_features::hubert>, purpose::inference>;
template struct net_program<backends::cudnn<float>, syncnet<audio_features::hubert>, purpose::training>;
template struct net_program<backends::cudnn<float>, syncnet<audio_features::wenet>, purpose::inference>;
template struct net_program<backends::cudnn<float>, syncnet<audio_features::wenet>, purpose::training>;
template struct net_program<backends::cudnn<float>, audio_encoder, purpose::inference>;
template struct net_program<backends::cudnn<float>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cudnn<float>, vgg19, purpose::inference>;
template struct net_program<backends::cudnn<float>, vgg19, purpose::training>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::hubert>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::hubert>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::wenet>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, syncnet<audio_features::wenet>, purpose::training>;
template struct net_program<backends::cudnn<bf16>, audio_encoder, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, vgg19, purpose::inference>;
template struct net_program<backends::cudnn<bf16>, vgg19, purpose::training>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::ave>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::ave>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::hubert>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::hubert>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::wenet>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, syncnet<audio_features::wenet>, purpose::training>;
template struct net_program<backends::cudnn<fp16>, audio_encoder, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, vgg19, purpose::inference>;
template struct net_program<backends::cudnn<fp16>, vgg19, purpose::training>;

}  // namespace viseme
