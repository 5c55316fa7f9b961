#include <backends/cuda/backend.hpp>
#include <backends/simt/simt.hpp>
#include <viseme/nets/unet.hpp>
#include <viseme/run/net_factory.hpp>

namespace viseme {

template struct inference_factory<backends::cuda<float>, unet<audio_features::ave, wide>>;
template struct training_factory<backends::cuda<float>, unet<audio_features::ave, wide>>;
template struct inference_factory<backends::cuda<bf16>, unet<audio_features::ave, wide>>;
template struct training_factory<backends::cuda<bf16>, unet<audio_features::ave, wide>>;
template struct inference_factory<backends::cuda<fp16>, unet<audio_features::ave, wide>>;
template struct training_factory<backends::cuda<fp16>, unet<audio_features::ave, wide>>;
template struct inference_factory<backends::cuda<float>, unet<audio_features::ave, mobile>>;
template struct training_factory<backends::cuda<float>, unet<audio_features::ave, mobile>>;
template struct inference_factory<backends::cuda<bf16>, unet<audio_features::ave, mobile>>;
template struct training_factory<backends::cuda<bf16>, unet<audio_features::ave, mobile>>;
template struct inference_factory<backends::cuda<fp16>, unet<audio_features::ave, mobile>>;
template struct training_factory<backends::cuda<fp16>, unet<audio_features::ave, mobile>>;

}  // namespace viseme
