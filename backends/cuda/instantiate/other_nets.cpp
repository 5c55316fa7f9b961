#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/nets.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cuda<float>, audio_encoder>;
template struct inference_factory<backends::cuda<float>, pfld<folded>>;
template struct inference_factory<backends::cuda<float>, vgg19>;
template struct training_factory<backends::cuda<float>, vgg19>;
template struct inference_factory<backends::cuda<bf16>, audio_encoder>;
template struct inference_factory<backends::cuda<bf16>, pfld<folded>>;
template struct inference_factory<backends::cuda<bf16>, vgg19>;
template struct training_factory<backends::cuda<bf16>, vgg19>;
template struct inference_factory<backends::cuda<fp16>, audio_encoder>;
template struct inference_factory<backends::cuda<fp16>, pfld<folded>>;
template struct inference_factory<backends::cuda<fp16>, vgg19>;
template struct training_factory<backends::cuda<fp16>, vgg19>;

}  // namespace viseme
