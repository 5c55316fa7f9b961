#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/steps.hpp>

namespace viseme {

template struct net_program<backends::cuda<float>, audio_encoder, purpose::inference>;
template struct net_program<backends::cuda<float>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cuda<float>, vgg19, purpose::inference>;
template struct net_program<backends::cuda<float>, vgg19, purpose::training>;
template struct net_program<backends::cuda<bf16>, audio_encoder, purpose::inference>;
template struct net_program<backends::cuda<bf16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cuda<bf16>, vgg19, purpose::inference>;
template struct net_program<backends::cuda<bf16>, vgg19, purpose::training>;
template struct net_program<backends::cuda<fp16>, audio_encoder, purpose::inference>;
template struct net_program<backends::cuda<fp16>, pfld<folded>, purpose::inference>;
template struct net_program<backends::cuda<fp16>, vgg19, purpose::inference>;
template struct net_program<backends::cuda<fp16>, vgg19, purpose::training>;

}  // namespace viseme
