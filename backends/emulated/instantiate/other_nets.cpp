#include <backends/emulated/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::emulated<float>, audio_encoder>;
template struct inference_factory<backends::emulated<float>, pfld<folded>>;
template struct inference_factory<backends::emulated<float>, vgg19>;
template struct training_factory<backends::emulated<float>, vgg19>;
template struct inference_factory<backends::emulated<bf16>, audio_encoder>;
template struct inference_factory<backends::emulated<bf16>, pfld<folded>>;
template struct inference_factory<backends::emulated<bf16>, vgg19>;
template struct training_factory<backends::emulated<bf16>, vgg19>;
template struct inference_factory<backends::emulated<fp16>, audio_encoder>;
template struct inference_factory<backends::emulated<fp16>, pfld<folded>>;
template struct inference_factory<backends::emulated<fp16>, vgg19>;
template struct training_factory<backends::emulated<fp16>, vgg19>;

template struct inference_factory<backends::emulated<float>, syncnet<audio_features::ave>>;
template struct training_factory<backends::emulated<float>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::emulated<bf16>, syncnet<audio_features::ave>>;
template struct training_factory<backends::emulated<bf16>, syncnet<audio_features::ave>>;
template struct inference_factory<backends::emulated<fp16>, syncnet<audio_features::ave>>;
template struct training_factory<backends::emulated<fp16>, syncnet<audio_features::ave>>;

}  // namespace viseme
